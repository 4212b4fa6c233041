// SPDX-License-Identifier: MIT
#include <interloop/loop_thread.hpp>

#include <pthread.h>

#include <csignal>
#include <exception>
#include <future>

namespace interloop {

namespace {

// While it exists, this thread and those that it starts do not take signals, but for those that report their own doing.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t most;
    sigfillset(&most);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&most, own);
    pthread_sigmask(SIG_BLOCK, &most, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

void loop_thread::start(function<void(const function<void(loop&)>&)> body) {
  // The promise belongs to the thread, which may still be inside set_value when the result is here already.
  std::promise<loop_remote> started;
  std::future<loop_remote> ready = started.get_future();
  {
    const signals_blocked in_the_new_thread_too;
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
        if (told) std::terminate();  // a native handler threw: as an exception that leaves any thread
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
    remote_->post([] { detail::running_loop->stop(); });
  } catch (...) {  // stopped already
  }
}

void loop_thread::stop_and_join() noexcept {
  if (!thread_) return;
  if (remote_->inherited()) {
    // A forked child has no such thread, and what names it may name a thread of the child's by now: it is left alone.
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
