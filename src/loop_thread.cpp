// SPDX-License-Identifier: MIT
#include <interloop/loop_thread.hpp>

#include <exception>
#include <future>

namespace interloop {

void loop_thread::start(function<void(const function<void(loop&)>&)> body) {
  std::promise<loop_remote> started;
  std::future<loop_remote> ready = started.get_future();
  thread_ = std::thread([&started, body = std::move(body)]() mutable {
    bool told = false;
    try {
      body([&](loop& core) {
        const loop_hold hold = core.hold();
        const loop_remote remote = core.remote();
        told = true;
        started.set_value(remote);  // from here on `started` may be gone
        core.run();
      });
    } catch (...) {
      if (told) std::terminate();  // a native handler threw: as an exception that leaves any thread
      started.set_exception(std::current_exception());
    }
  });
  try {
    remote_ = std::make_unique<loop_remote>(ready.get());
  } catch (...) {
    thread_.join();
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

loop_thread::~loop_thread() {
  if (!thread_.joinable()) return;
  stop();
  if (remote_->inherited() || thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();  // a forked child has no such thread; a thread cannot join itself
  } else {
    thread_.join();
  }
}

}  // namespace interloop
