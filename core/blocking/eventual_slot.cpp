// SPDX-License-Identifier: MIT
#include <interloop/detail/eventual_slot.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/report.hpp>
#include <interloop/detail/spin.hpp>

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <ctime>
#include <memory>
#include <mutex>

namespace interloop::detail {

namespace {

using clock = std::chrono::steady_clock;

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* deadline) {
  static_assert(sizeof word == sizeof(std::uint32_t));
  return ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
}

// How long this thread spins before it sleeps. Spinning pays if the other thread runs on another processor and answers
// about as fast as a sleeper could be woken. If it did not pay, the next spins are shorter, and a long one is tried
// again only now and then. On the same processor, spinning only keeps the other thread from running.
class spinner {
 public:
  /// \param other_cpu  the processor that the other thread last ran on, -1 if that is not known.
  template <class Done>
  bool spin(int other_cpu, Done done) {
    if (waits_++ % look_again == 0) limit_ = longest;
    if (other_cpu < 0 || other_cpu == this_cpu()) return false;
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

// For this thread's signal handlers. Other models of thread-local storage may allocate at the first access.
[[gnu::tls_model("initial-exec")]] constinit thread_local interruption<futex_platform> this_thread_interruption;

timespec to_timespec(clock::time_point when) noexcept {
  const auto since = when.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((since - seconds).count())};
}

// What a gate needs from a waiting thread.
struct waiter {
  clock::time_point deadline;
  const std::stop_token& stop;
  int loop_cpu;
  interruption<futex_platform>& interrupted = this_thread_interruption;

  template <class Done>
  bool spin(Done done) {
    return this_thread_spinner.spin(loop_cpu, done);
  }
  template <class Wake>
  auto on_stop(Wake wake) {
    return std::stop_callback<Wake>(stop, wake);
  }
  bool stop_requested() const noexcept { return stop.stop_requested(); }
  bool late() const noexcept { return clock::now() >= deadline; }
  void sleep(std::atomic<std::uint32_t>& epoch, std::uint32_t seen) const noexcept {
    // Always with a deadline: the kernel would restart a wait without one after a signal, unnoticed by us. See
    // signal(7).
    const timespec until = to_timespec(std::min(deadline, clock::now() + std::chrono::hours(24)));
    futex(epoch, FUTEX_WAIT_BITSET, seen, &until);
  }
};

}  // namespace

void throw_inherited() {
  throw error(
      "this process was forked, and the loop's thread exists only in its parent; call setup(), or make a loop_thread, "
      "after the fork");
}

void slot_base::require_waitable(const loop_remote& where) {
  loop_access::require_same_copy(where);
  if (where.inherited()) throw_inherited();
  if (where.is_here())
    throw usage_error(
        "waiting on the loop's own thread would deadlock; co_await the future, or wait in another thread");
}

wait_end slot_base::wait_until(clock::time_point deadline, const std::stop_token& stop) {
  if (state() != outcome::pending) return wait_end::opened;
  if (deadline <= clock::now()) return wait_end::late;

  waiter self{deadline, stop, loop_access::last_cpu(remote_)};
  return gate_.wait(self);
}

void futex_platform::wake(std::atomic<std::uint32_t>& word) noexcept { futex(word, FUTEX_WAKE, INT_MAX, nullptr); }

void slot_base::request_cancel() {
  if (state() != outcome::pending || remote_.inherited()) return;
  cancel_requested_.store(true, std::memory_order_relaxed);
  try {
    remote_.post([self = state_ptr<slot_base>(this)] { self->cancel_in_loop(); });
  } catch (const loop_closed&) {  // then no operation is running any more
  }
}

namespace {

constexpr const char* unretrieved = "an operation failed and nobody retrieved its result";

// A report on its way to the loop. If the loop closes first, the report goes to the log or to stderr, so it is never
// lost.
class posted_report {
 public:
  explicit posted_report(failure fail) noexcept : fail_(std::move(fail)), told_(false) {}
  posted_report(posted_report&& other) noexcept
      : fail_(std::move(other.fail_)), told_(std::exchange(other.told_, true)) {}
  posted_report& operator=(posted_report&&) = delete;
  ~posted_report() {
    if (!told_) detail::report(unretrieved, fail_);
  }
  void operator()() {
    told_ = true;
    running_loop->handle_exception(unretrieved, fail_);
  }

 private:
  failure fail_;
  bool told_;
};

}  // namespace

namespace {

// A question to the loop, which may be answered after nobody waits for the answer any more.
struct question {
  std::mutex mutex;
  std::condition_variable came;
  std::optional<std::string> answer;
};

}  // namespace

std::string slot_base::ask_why(duration allowed) noexcept {
  constexpr duration shortest = std::chrono::milliseconds(20);
  constexpr duration longest = std::chrono::milliseconds(50);
  if (allowed < shortest || remote_.inherited()) return {};
  try {
    const auto asked = std::make_shared<question>();
    remote_.post([asked, self = state_ptr<slot_base>(this)] {
      std::string text = self->waits_for();
      const std::lock_guard lock(asked->mutex);
      asked->answer = std::move(text);
      asked->came.notify_all();
    });
    std::unique_lock lock(asked->mutex);
    if (asked->came.wait_for(lock, std::min(allowed / 10, longest), [&] { return asked->answer.has_value(); }))
      return asked->answer->empty() ? "" : ". It waits for: " + *asked->answer;
    lock.unlock();
    return loop_access::in_turn(remote_)
               ? ". The loop does not answer: it is in the middle of a turn, where a callback holds it"
               : ". The loop does not answer: it is not in a turn, so nothing runs it, or its native loop is held by "
                 "another handler";
  } catch (...) {  // the loop is closed, or memory is short
    return {};
  }
}

void slot_base::report(const loop_remote& where, failure fail) noexcept {
  if (where.inherited()) return;
  try {
    where.post(posted_report(std::move(fail)));
  } catch (...) {  // the loop is gone, or memory is short; the report wrote itself out
  }
}

void slot_base::interrupt_this_thread() noexcept { this_thread_interruption.request(); }

}  // namespace interloop::detail
