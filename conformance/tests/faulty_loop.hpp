// SPDX-License-Identifier: MIT
// A small loop over poll() that can be broken in many ways, one at a time: the conformance suite has to notice each.
#pragma once

#include "support/conformance.hpp"

#include <interloop/interloop.hpp>
#include <interloop/loop_port.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace faulty {

using namespace interloop;
using namespace std::chrono_literals;

/// What is wrong with a loop.
enum class fault {
  none,
  // The port.
  wakes_inline,          // wake() runs the turn
  alarms_inline,         // set_alarm() runs it
  hangs,                 // the native loop never returns
  loses_wakes,           // wake() does nothing
  loses_foreign_wakes,   // wake() does nothing in another thread
  loses_later_wakes,     // wake() does nothing inside a turn, so what a turn leaves is forgotten
  loses_wakes_in_turns,  // nor if another thread calls it while a turn runs
  turns_elsewhere,       // turns run in another thread
  owns_every_thread,     // in_loop_thread() is always true
  claims_every_thread,   // and said to be exact
  greedy,                // turns until nothing is ready before it looks at anything else
  idle_only,             // looks at wake-ups and the alarm only when the application's handlers have nothing to do
  spins,                 // never sleeps
  turns_for_nothing,     // turns in each step
  never_rings,           // no alarm
  rings_late,            // 50 ms late
  keeps_first_alarm,     // set_alarm() does nothing while the alarm is armed
  arms_anew,             // each run of the native loop waits for the whole delay again
  clock_ahead,           // now() is ahead when the alarm rings
  clock_stands,          // now() stands still inside a turn
  clock_goes_back,       // now() goes back when the alarm rings
  never_readable,        // descriptors
  never_writable,
  reports_once,
  reports_always,
  no_hang_ups,
  hang_ups_for_readers,  // a hang-up is readiness to read, and nothing else
  silent_devices,        // devices are never reported
  silences_others,       // the application's watch of the same descriptor
  keeps_interest,
  sets_flags,
  closes_descriptors,
  leaks_descriptors,
  dead_numbers,       // a descriptor's number is watched once, never again
  reports_the_first,  // of several ready descriptors only the first one watched is ever reported
  never_alive,        // running
  always_alive,
  ignores_stop,
  runs_not,
  close_keeps_alarm,
  close_keeps_running,
  close_leaks,    // a descriptor
  close_forgets,  // something in the native loop
  works_once,     // the second loop on the native loop gets no alarm
  releases_never,
  releases_twice,
  not_nested,
  forgets_nested_alarm,
  deaf_to_exceptions,  // the exception handler is lost
  robs_its_parent,     // a forked child takes what is there to wake its parent
  // What the core does, broken from outside: what is done with callables, refusals, and closing.
  runs_inline,
  runs_twice,
  runs_last_first,
  runs_later,  // three calls with the third
  runs_never,
  runs_when_destroyed,
  never_destroys,
  swallows_exceptions,
  accepts_everything,
  ignores_close,
};

class port;

class poll_watch final : public port_watch {
 public:
  poll_watch(port& on, int fd, interest wanted, watched_fd& state);
  ~poll_watch() override;
  void set_interest(interest wanted) override;

 private:
  friend class port;
  port* port_;
  int fd_;
  interest wanted_;
  watched_fd& state_;
  bool reported_ = false;
  bool dead_ = false;
};

class port final : public loop_port {
 public:
  explicit port(fault which) : fault_(which), event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~port() override {
    for (poll_watch* each : watches_) each->port_ = nullptr;
    ::close(event_);
  }

  static port& of(const loop& core) noexcept { return static_cast<port&>(port_of(core)); }
  using loop_port::kept;

  std::string_view name() const noexcept override { return "faulty"; }

  void wake() noexcept override {
    const bool foreign = std::this_thread::get_id() != thread_;
    if (is(fault::loses_wakes) || (is(fault::loses_foreign_wakes) && foreign)) return;
    if (is(fault::loses_later_wakes) && !foreign && depth_ > 0) return;
    if (is(fault::loses_wakes_in_turns) && foreign && turning_) return;
    if (is(fault::wakes_inline) && !foreign && depth_ == 0) turn([this] { loop_port::turn(); });
    if (!is(fault::robs_its_parent)) woken_ = true;  // else it goes by what it reads
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_, &one, sizeof one);
  }
  void set_alarm(time_point when) override {
    if (is(fault::alarms_inline)) return alarm();
    if (is(fault::keeps_first_alarm) && alarm_ != never) return;
    // Ahead, it rings without a wait: a machine that paused in that would make early timers late.
    alarm_ = is(fault::clock_ahead) ? std::chrono::steady_clock::now() : when;
    if (is(fault::rings_late)) alarm_ += 50ms;
    delay_ = alarm_ - std::chrono::steady_clock::now();
  }
  void clear_alarm() noexcept override { alarm_ = never; }

  time_point now() const noexcept override {
    const time_point present = std::chrono::steady_clock::now();
    if (is(fault::clock_ahead) && ahead_) {
      ahead_ = false;
      return present + 3ms;
    }
    if (is(fault::clock_goes_back) && ringing_) return present - 3ms;
    return is(fault::clock_stands) && depth_ > 0 ? began_ : present;
  }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& state) override {
    return std::make_unique<poll_watch>(*this, fd, wanted, state);
  }
  bool in_loop_thread() const noexcept override {
    return is(fault::owns_every_thread) || is(fault::claims_every_thread);
  }
  thread_knowledge knowledge() const noexcept override {
    return is(fault::claims_every_thread) ? thread_knowledge::exact : thread_knowledge::none;
  }
  void keep_alive(bool pending) noexcept override { kept_alive_ = pending; }

  void run() override {
    if (is(fault::runs_not)) return;
    stopped_ = false;
    const auto end = std::chrono::steady_clock::now() + 400ms;
    const bool alive_anyway = is(fault::always_alive);
    while ((!stopped_ || is(fault::ignores_stop)) && std::chrono::steady_clock::now() < end) {
      const bool alive = is(fault::never_alive) ? false : kept_alive_ || alive_anyway || !native_.empty();
      if (!step(alive ? 5 : 0) && !alive) return;
    }
  }
  void stop() noexcept override { stopped_ = true; }

  void forked() noexcept override {
    if (is(fault::robs_its_parent)) return;
    const int fresh = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    ::dup3(fresh, event_, O_CLOEXEC);
    ::close(fresh);
  }

  void close(function<void()> released) noexcept override {
    if (!is(fault::close_keeps_alarm)) alarm_ = never;
    woken_ = false;
    stopped_ = !is(fault::close_keeps_running);
    if (is(fault::close_leaks)) static_cast<void>(::fcntl(event_, F_DUPFD_CLOEXEC, 0));
    if (is(fault::robs_its_parent)) drain();
    if (!released || is(fault::releases_never)) return;
    released();
    if (is(fault::releases_twice)) released();
  }

  void call_native(std::function<void()> fn) {
    native_.push_back(std::move(fn));
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_, &one, sizeof one);
  }

  /// A watch of the application's own.
  std::shared_ptr<void> watch_native(int fd, std::function<void()> fn) {
    const auto made = std::make_shared<native_watch>(native_watch{fd, std::move(fn)});
    native_watches_.push_back(made);
    return made;
  }

  void slice_begins() {
    if (is(fault::arms_anew) && alarm_ != never) alarm_ = std::chrono::steady_clock::now() + delay_;
  }

  /// One look at everything. Returns whether there was something.
  bool step(int timeout_ms) {
    if (is(fault::hangs))
      for (;;) std::this_thread::sleep_for(1h);
    if (is(fault::spins)) timeout_ms = 0;
    if (is(fault::turns_for_nothing) && !core().closed()) turn([this] { loop_port::turn(); });
    bool any = false;
    if (is(fault::idle_only) && (!native_.empty() || !native_watches_.empty())) return serve_natively(), true;
    const auto enough = std::chrono::steady_clock::now() + 50ms;
    const bool may_turn = depth_ == 0 || !is(fault::not_nested);
    while (may_turn && !core().closed() && (woken_.exchange(false) || (depth_ > 0 && needs_turn()))) {
      any = true;
      turn([this] { loop_port::turn(); });
      if (!is(fault::greedy)) break;
      if (alarm_ <= std::chrono::steady_clock::now()) woken_ = true;
      if (std::chrono::steady_clock::now() >= enough) return true;
    }
    any = serve_natively() || any;
    const bool rings = depth_ == 0 || !is(fault::forgets_nested_alarm);
    if (alarm_ <= std::chrono::steady_clock::now() && rings && !is(fault::never_rings) && may_turn) {
      alarm_ = never;
      any = true;
      ahead_ = true;
      ringing_ = true;
      turn([this] { alarm(); });
      ringing_ = false;
    }
    return look(any ? 0 : timeout_ms) || any;
  }

  [[nodiscard]] bool is(fault which) const noexcept { return fault_ == which; }

 private:
  friend class poll_watch;
  static constexpr time_point never = (time_point::max)();

  struct native_watch {
    int fd;
    std::function<void()> fn;
  };

  bool serve_natively() {
    std::deque<std::function<void()>> handlers;
    handlers.swap(native_);
    for (auto& each : handlers) each();
    std::erase_if(native_watches_, [](const auto& each) { return each.expired(); });
    bool any = !handlers.empty();
    for (const std::weak_ptr<native_watch>& each : std::vector(native_watches_)) {
      const auto watch = each.lock();
      if (!watch || (is(fault::silences_others) && numbers_.contains(watch->fd))) continue;
      pollfd polled{watch->fd, POLLIN, 0};
      if (::poll(&polled, 1, 0) == 0) continue;
      any = true;
      watch->fn();
    }
    return any;
  }

  template <class F>
  void turn(F run_it) {
    ++depth_;
    turning_ = true;
    began_ = std::chrono::steady_clock::now();
    if (is(fault::turns_elsewhere)) {
      std::thread(run_it).join();
    } else {
      run_it();
    }
    --depth_;
    turning_ = depth_ > 0;
  }

  void drain() noexcept {
    std::uint64_t count;
    const auto got = ::read(event_, &count, sizeof count);
    if (got > 0 && is(fault::robs_its_parent)) woken_ = true;
  }

  bool look(int timeout_ms) {
    if (core().closed()) return std::this_thread::sleep_for(std::chrono::milliseconds(timeout_ms)), false;
    if (alarm_ != never) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(alarm_ - std::chrono::steady_clock::now()).count();
      timeout_ms = static_cast<int>(std::clamp<long long>(left, 0, timeout_ms));
    }
    std::vector<pollfd> polled{{event_, POLLIN, 0}};
    const std::vector<poll_watch*> asked = watches_;
    for (const poll_watch* each : asked) {
      const bool off = each->wanted_ == interest::none || each->state_.running() || each->dead_;
      polled.push_back({off ? -1 : each->fd_,
                        static_cast<short>((has(each->wanted_, interest::read) ? POLLIN : 0) |
                                           (has(each->wanted_, interest::write) ? POLLOUT : 0)),
                        0});
    }
    ::poll(polled.data(), polled.size(), woken_ || is(fault::reports_always) ? 0 : timeout_ms);
    drain();
    bool any = false;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (std::find(watches_.begin(), watches_.end(), asked[i]) == watches_.end()) continue;
      if (report(*asked[i], polled[i + 1].revents)) any = true;
    }
    return any;
  }

  bool report(poll_watch& on, int seen) {
    if (seen & POLLNVAL) return on.state_.lost(), true;
    interest ready = interest::none;
    if (seen & POLLIN) ready = ready | interest::read;
    if (seen & POLLOUT) ready = ready | interest::write;
    if ((seen & (POLLHUP | POLLERR)) && !is(fault::no_hang_ups)) ready = interest::read_write;
    if (is(fault::no_hang_ups) && (seen & (POLLHUP | POLLERR | POLLRDHUP))) ready = interest::none;
    if ((seen & POLLHUP) && is(fault::hang_ups_for_readers)) ready = interest::read;
    if (struct stat about{}; is(fault::silent_devices) && ::fstat(on.fd_, &about) == 0 && S_ISCHR(about.st_mode))
      ready = interest::none;
    if (is(fault::reports_always) && on.wanted_ != interest::none) ready = interest::read_write;
    if (is(fault::never_readable)) ready = ready & interest::write;
    if (is(fault::never_writable)) ready = ready & interest::read;
    if (is(fault::reports_the_first) && &on != watches_.front()) ready = interest::none;
    if (ready == interest::none || (is(fault::reports_once) && on.reported_)) return false;
    if (is(fault::sets_flags) && !on.reported_) ::fcntl(on.fd_, F_SETFL, ::fcntl(on.fd_, F_GETFL) ^ O_NONBLOCK);
    on.reported_ = true;
    turn([&on, ready] { on.state_.ready(ready); });
    return true;
  }

  const fault fault_;
  const int event_;
  const std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<bool> woken_{false};
  std::atomic<bool> turning_{false};
  mutable bool ahead_ = false;
  bool ringing_ = false;
  duration delay_{};
  int depth_ = 0;
  time_point began_{};
  time_point alarm_ = never;
  bool kept_alive_ = false;
  bool stopped_ = false;
  std::deque<std::function<void()>> native_;
  std::vector<std::weak_ptr<native_watch>> native_watches_;
  std::vector<poll_watch*> watches_;
  std::set<int> numbers_;
};

inline poll_watch::poll_watch(port& on, int fd, interest wanted, watched_fd& state)
    : port_(&on), fd_(fd), wanted_(wanted), state_(state) {
  if (!on.numbers_.insert(fd).second && on.is(fault::dead_numbers)) dead_ = true;
  if (on.is(fault::leaks_descriptors)) static_cast<void>(::fcntl(fd, F_DUPFD_CLOEXEC, 500));
  on.watches_.push_back(this);
}
inline poll_watch::~poll_watch() {
  if (!port_) return;
  std::erase(port_->watches_, this);
  if (port_->is(fault::closes_descriptors)) ::close(fd_);
}
inline void poll_watch::set_interest(interest wanted) {
  if (!port_->is(fault::keeps_interest)) wanted_ = wanted;
}

/// The faults that are not the port's.
class breaker final : public conformance::interposer {
 public:
  explicit breaker(fault which) : fault_(which) {}

  function<void()> callable(function<void()> fn) override {
    switch (fault_) {
      case fault::runs_inline:
        fn();
        return [] {};
      case fault::runs_twice:
        return [fn = std::move(fn)]() mutable {
          fn();
          fn();
        };
      case fault::runs_last_first:
        keep(std::make_shared<function<void()>>(std::move(fn)));
        return [this] {
          if (const auto last = take()) (*last)();
        };
      case fault::runs_later:
        return [held = std::move(fn), due = 0]() mutable {
          if (++due < 3) return;
          for (; due > 0; --due) held();
        };
      case fault::runs_never:
        return [held = std::move(fn)] {};
      case fault::runs_when_destroyed: {
        struct on_destruction {
          function<void()> fn;
          bool ran = false;
          ~on_destruction() {
            if (!ran) fn();
          }
        };
        return [held = std::make_unique<on_destruction>(std::move(fn))] {
          held->ran = true;
          held->fn();
        };
      }
      case fault::never_destroys:
        return [held = keep(std::make_shared<function<void()>>(std::move(fn)))] { (*held)(); };
      case fault::swallows_exceptions:
        return [fn = std::move(fn)]() mutable {
          try {
            fn();
          } catch (...) {
          }
        };
      default:
        return fn;
    }
  }
  bool refuses() override { return fault_ != fault::accepts_everything; }
  bool closes() override { return fault_ != fault::ignores_close; }

  void forget() { waiting_.clear(); }

 private:
  using shared_callable = std::shared_ptr<function<void()>>;
  shared_callable keep(shared_callable fn) {
    const std::lock_guard lock(mutex_);
    return waiting_.emplace_back(std::move(fn));
  }
  shared_callable take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    shared_callable last = std::move(waiting_.back());
    waiting_.pop_back();
    return last;
  }

  fault fault_;
  std::mutex mutex_;
  std::vector<shared_callable> waiting_;
};

class loop_on_poll final : public conformance::native_loop {
 public:
  loop_on_poll(fault which, std::shared_ptr<breaker> between)
      : fault_(which), between_(std::move(between)), owner_(std::in_place, std::make_unique<port>(which)) {}
  ~loop_on_poll() override { owner_.reset(); }

  loop& core() override {
    loop& mine = **owner_;
    if (fault_ == fault::deaf_to_exceptions && ++asked_ > 1)
      mine.set_exception_handler([](std::string_view, const failure&) {});
    return mine;
  }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace(std::make_unique<port>(fault_ == fault::works_once ? fault::never_rings : fault_));
    return true;
  }
  std::string left_behind() override { return fault_ == fault::close_forgets ? "an event" : ""; }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    if (owner_) native().slice_begins();
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      if (!owner_) {
        std::this_thread::sleep_for(1ms);
        continue;
      }
      const port::kept here(native());  // a callback may drop the owner
      native().step(1);
    }
    return true;
  }
  void call_native(std::function<void()> fn) override {
    if (owner_) native().call_native(std::move(fn));
  }
  std::shared_ptr<void> watch_native(int fd, std::function<void()> fn) override {
    return native().watch_native(fd, std::move(fn));
  }

 private:
  port& native() { return port::of(**owner_); }

  fault fault_;
  std::shared_ptr<breaker> between_;
  int asked_ = 0;
  std::optional<loop_owner> owner_;
};

inline conformance::harness harness(fault which, const std::shared_ptr<breaker>& between) {
  conformance::harness made{.name = "faulty",
                            .make = [which, between] { return std::make_unique<loop_on_poll>(which, between); }};
  if (which >= fault::runs_inline) made.between = between.get();
  if (which != fault::none) made.patience = 100ms;
  return made;
}

}  // namespace faulty
