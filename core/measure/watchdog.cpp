// SPDX-License-Identifier: MIT
#include <interloop/slow_callback.hpp>

#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/throw_hooks.hpp>
#include <interloop/fork_count.hpp>

#include "core/base/signals_blocked.hpp"

#include "measuring.hpp"
#include "stack_of_thread.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace interloop {

struct watchdog::parts {
  using clock = std::chrono::steady_clock;

  parts(loop& of, duration limit, function<void(const stuck_callback&)> reports, options how)
      : core(of), threshold(limit), handler(std::move(reports)), signal(how.stack_signal), name(of.name()) {}

  void watch();
  void look(clock::time_point now);
  void report(const measure::running_now::words& what, duration held);

  loop& core;
  const duration threshold;
  function<void(const stuck_callback&)> handler;
  const int signal;  // 0: no stacks
  const std::string name;
  const unsigned forks = fork_count();
  const std::shared_ptr<measure::running_now> running = std::make_shared<measure::running_now>();

  std::mutex mutex;
  std::condition_variable over;
  bool stop = false;
  std::thread thread;

  // The watching thread's.
  measure::running_now::words seen;
  clock::time_point since;
  bool reported = false;
};

void watchdog::parts::watch() {
  const duration pause = std::max<duration>(threshold / 4, std::chrono::microseconds(250));
  std::unique_lock lock(mutex);
  since = clock::now();
  while (!over.wait_for(lock, pause, [this] { return stop; })) {
    lock.unlock();
    look(clock::now());
    lock.lock();
  }
}

void watchdog::parts::look(clock::time_point now) {
  const measure::running_now::words found = running->read();
  if (found != seen) {
    seen = found;
    since = now;
    reported = false;
  } else if (found.what != 0 && !reported && now - since >= threshold) {
    reported = true;
    report(found, now - since);
  }
}

void watchdog::parts::report(const measure::running_now::words& what, duration held) {
  stuck_callback stuck;
  const measure::activity which = what.read();
  stuck.held = held;
  stuck.loop = name;
  stuck.where = which.where;
  if (signal != 0) {
    const std::vector<std::uintptr_t> addresses = measure::stack_of_thread(running->thread(), signal);
    if (!(running->read() == what)) return;  // it has just ended
    if (!addresses.empty()) stuck.stack = detail::catch_lines(addresses, {});
  }
  stuck.what = measure::text_of(which);
  handler(stuck);
}

watchdog::watchdog(loop& core, duration threshold, function<void(const stuck_callback&)> handler)
    : watchdog(core, threshold, std::move(handler), options{}) {}

watchdog::watchdog(loop& core, duration threshold, function<void(const stuck_callback&)> handler, options how) {
  detail::loop_access::require_open(core, "watchdog");
  if (threshold < std::chrono::milliseconds(1))
    throw usage_error("watchdog: the threshold is too short; pass a millisecond or more");
  if (!handler) throw usage_error("watchdog: the handler is empty; pass a function to call with a stuck_callback");
  measure::measuring& look = measure::measuring::of(core);
  if (look.watched()) throw usage_error("watchdog: this loop has a watchdog already; destroy that first");
  if (!detail::throws_are_noted()) how.stack_signal = 0;
  if (how.stack_signal != 0) measure::prepare_stacks(how.stack_signal);
  parts_ = std::make_unique<parts>(core, threshold, std::move(handler), how);
  {
    const detail::signals_blocked blocked;
    parts_->thread = std::thread([mine = parts_.get()] { mine->watch(); });
  }
  detail::loop_access::retain(core);
  look.set_watched(parts_->running);
}

watchdog::~watchdog() {
  if (!parts_) return;
  if (measure::measuring* const look = measure::measuring::found(parts_->core)) look->set_watched(nullptr);
  detail::loop_access::release(parts_->core);
  if (parts_->forks != fork_count()) {  // the thread is the parent's
    static_cast<void>(parts_.release());
    return;
  }
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stop = true;
  }
  parts_->over.notify_all();
  parts_->thread.join();
}

}  // namespace interloop
