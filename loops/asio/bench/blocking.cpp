// SPDX-License-Identifier: MIT
#include "bench/blocking.hpp"

#include <asio.hpp>

#include <future>
#include <thread>
#include <utility>

namespace bench {
namespace {

/// An `io_context` that runs in a thread, with locks (no concurrency hint), as posting from another thread requires.
class asio_thread {
 public:
  ~asio_thread() {
    work_.reset();
    thread_.join();
  }

 protected:
  asio::io_context io_;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::thread thread_{[this] { io_.run(); }};
};

class asio_post_promise : asio_thread {
 public:
  int call() {
    std::promise<int> promise;
    std::future<int> result = promise.get_future();
    asio::post(io_, [promise = std::move(promise)]() mutable { promise.set_value(1); });
    return result.get();
  }
};

class asio_use_future : asio_thread {
 public:
  int call() {
    return asio::post(io_, asio::use_future([] { return 1; })).get();
  }
};

[[maybe_unused]] const bool added = [] {
  add<asio_post_promise>("asio_post_promise");
  add<asio_use_future>("asio_use_future");
  return true;
}();

}  // namespace
}  // namespace bench
