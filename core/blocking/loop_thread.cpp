// SPDX-License-Identifier: MIT
#include <interloop/loop_thread.hpp>

#include <exception>
#include <future>

#include "core/base/signals_blocked.hpp"

namespace interloop {

namespace {

void post_stop(const loop_remote& to) {
  to.post([] { detail::running_loop->stop(); });
}

}  // namespace

void loop_thread::start(function<void(const function<void(loop&)>&)> body) {
  post_stop_ = &post_stop;
  // The promise belongs to the thread, which may still be inside set_value when the result has already arrived here.
  std::promise<loop_remote> started;
  std::future<loop_remote> ready = started.get_future();
  {
    const detail::signals_blocked in_the_new_thread_too;
    thread_ = std::make_unique<std::thread>([started = std::move(started), body = std::move(body)]() mutable {
      bool told = false;
      try {
        body([&](loop& core) {
          const loop_hold hold = core.hold();
          const loop_remote remote = core.remote();
          told = true;
          started.set_value(remote);
          core.run();
        });
      } catch (...) {
        if (told) std::terminate();  // a native handler threw: the same as for an exception that leaves any thread
        started.set_exception(std::current_exception());
      }
    });
  }
  try {
    remote_ = std::make_unique<loop_remote>(ready.get());
  } catch (...) {
    thread_->join();
    throw;
  }
}

void loop_thread::stop() noexcept {
  if (!remote_ || remote_->inherited()) return;
  try {
    post_stop_(*remote_);
  } catch (...) {  // stopped already
  }
}

void loop_thread::stop_and_join() noexcept {
  if (!thread_) return;
  if (remote_->inherited()) {
    // A forked child does not have the thread, and its id may belong to a thread of the child by now: leave it alone.
    static_cast<void>(thread_.release());
    return;
  }
  stop();
  if (thread_->get_id() == std::this_thread::get_id()) {
    thread_->detach();  // a thread cannot join itself
  } else {
    thread_->join();
  }
  thread_.reset();
}

loop_thread::~loop_thread() { stop_and_join(); }

}  // namespace interloop
