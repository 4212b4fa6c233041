// SPDX-License-Identifier: MIT
#include <interloop/detail/eventual_slot.hpp>
#include <interloop/detail/spin.hpp>
#include <interloop/eventual_result.hpp>

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <ctime>
#include <string>

namespace interloop {
namespace detail {

namespace {

using clock = std::chrono::steady_clock;

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* deadline) {
  static_assert(sizeof word == sizeof(std::uint32_t));
  return ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
}

// How long this thread spins before it sleeps. Spinning pays where the other thread runs on another processor and answers
// about as fast as a sleeper could be woken; where it did not, the next spins are shorter, and a long one is tried again
// only now and then. On one processor it only keeps the other thread from running.
class spinner {
 public:
  /// \param other_cpu  the processor that the other thread last ran on.
  template <class Done>
  bool spin(int other_cpu, Done done) {
    if (waits_++ % look_again == 0) limit_ = longest;
    if (other_cpu == this_cpu()) return false;
    const clock::time_point start = clock::now();
    for (;;) {
      for (int i = 0; i < 32; ++i) {
        if (done()) {
          const duration took = clock::now() - start;
          limit_ = std::clamp<duration>((limit_ + 4 * took) / 2, shortest, longest);
          return true;
        }
        relax();
      }
      if (clock::now() - start > limit_) break;
    }
    limit_ = std::max(limit_ / 2, shortest);
    return false;
  }

 private:
  static constexpr duration longest = std::chrono::microseconds(100);
  static constexpr duration shortest = std::chrono::microseconds(2);
  static constexpr unsigned look_again = 64;

  unsigned waits_ = 0;
  duration limit_ = longest;
};

thread_local spinner this_thread_spinner;

// What the signal handlers of this thread need: the word that it sleeps on, and where they leave word.
constinit thread_local std::atomic<std::atomic<std::uint32_t>*> sleeping_on{nullptr};
constinit thread_local std::atomic<bool> interrupted{false};

timespec to_timespec(clock::time_point when) noexcept {
  const auto since = when.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((since - seconds).count())};
}

}  // namespace

void slot_base::require_waitable(const loop_remote& where) {
  if (where.inherited())
    throw error(
        "this process was forked, and the loop's thread stayed in its parent; start a loop of its own after the fork");
  if (where.is_here())
    throw usage_error(
        "waiting here, in the loop's own thread, would be waiting for itself; co_await the future or add a callback");
}

bool slot_base::wait_until(clock::time_point deadline, const std::stop_token& stop) {
  require_waitable(remote_);
  const auto done = [this] { return state() != outcome::pending; };
  if (done()) return true;
  if (deadline <= clock::now()) return false;
  if (this_thread_spinner.spin(remote_.last_cpu(), [&] { return done() || stop.stop_requested(); })) return done();

  struct announcement {
    slot_base& slot;
    explicit announcement(slot_base& s) noexcept : slot(s) {
      interrupted.store(false, std::memory_order_relaxed);
      sleeping_on.store(&slot.epoch_, std::memory_order_relaxed);
      slot.sleepers_.fetch_add(1, std::memory_order_seq_cst);
    }
    ~announcement() {
      slot.sleepers_.fetch_sub(1, std::memory_order_relaxed);
      sleeping_on.store(nullptr, std::memory_order_relaxed);
    }
  } announced(*this);
  const std::stop_callback wake_on_stop(stop, [this] { wake_sleepers(); });

  for (;;) {
    const std::uint32_t seen = epoch_.load(std::memory_order_acquire);
    if (outcome_.load(std::memory_order_seq_cst) != outcome::pending) return true;
    if (stop.stop_requested()) return false;
    if (interrupted.load(std::memory_order_relaxed))
      throw interrupted_error("wait: interrupted by a signal; the operation goes on");
    const clock::time_point now = clock::now();
    if (now >= deadline) return false;
    // Never without a deadline: the kernel restarts such a wait after a signal, unseen. See signal(7).
    const timespec until = to_timespec(std::min(deadline, now + std::chrono::hours(24)));
    futex(epoch_, FUTEX_WAIT_BITSET, seen, &until);
  }
}

void slot_base::publish(outcome final) noexcept {
  outcome_.store(final, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) != 0) wake_sleepers();
}

void slot_base::wake_sleepers() noexcept {
  epoch_.fetch_add(1, std::memory_order_release);
  futex(epoch_, FUTEX_WAKE, INT_MAX, nullptr);
}

void slot_base::request_cancel() {
  if (state() != outcome::pending || remote_.inherited()) return;
  cancel_requested_.store(true, std::memory_order_relaxed);
  try {
    remote_.post([self = state_ptr<slot_base>(this)] { self->cancel_in_loop(); });
  } catch (const loop_closed&) {  // then nothing is going on any more
  }
}

void slot_base::report(const loop_remote& where, failure fail) noexcept {
  constexpr const char* context = "an operation failed and nobody retrieved its result";
  try {
    if (!where.inherited()) {
      where.post([fail] { running_loop->handle_exception(context, fail); });
      return;
    }
  } catch (...) {  // the loop is gone
  }
  try {
    std::fprintf(stderr, "interloop: %s\n%s\n", context, failure_format_traceback(fail).c_str());
  } catch (...) {
  }
}

void throw_timeout(duration allowed) {
  const auto seconds = std::chrono::duration<double>(allowed).count();
  throw timeout_error(allowed > duration::zero()
                          ? "no result within " + std::to_string(seconds) + " s; wait again, or cancel() the operation"
                          : "no result at the deadline; wait again, or cancel() the operation");
}

void throw_stopped() {
  throw reactor_stopped("the loop stopped before the operation was over; nothing will complete it any more");
}

}  // namespace detail

void interrupt_wait() noexcept {
  if (std::atomic<std::uint32_t>* word = detail::sleeping_on.load(std::memory_order_relaxed)) {
    detail::interrupted.store(true, std::memory_order_relaxed);
    word->fetch_add(1, std::memory_order_relaxed);  // also a wait that was about to begin then ends at once
  }
}

}  // namespace interloop
