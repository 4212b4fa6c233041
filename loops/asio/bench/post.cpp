// SPDX-License-Identifier: MIT
// Asio's own post.
#include "bench/post.hpp"

#include <asio.hpp>

namespace bench {
namespace {

/// Asio with locks, as posting from another thread requires: by default without a concurrency hint.
struct asio_post {
  explicit asio_post(int hint = ASIO_CONCURRENCY_HINT_DEFAULT) : io(hint) {}
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  template <class F>
  void post(F&& fn) {
    asio::post(io, std::forward<F>(fn));
  }
  void run() { io.run(); }
  void poll() {
    io.restart();
    io.poll();
  }
  void end() { work.reset(); }
};

/// With the concurrency hint 1, which still locks.
struct asio_post_hint_1 : asio_post {
  asio_post_hint_1() : asio_post(1) {}
};

BENCHMARK(until_run<asio_post>)->UseManualTime();
BENCHMARK(until_run<asio_post_hint_1>)->UseManualTime();
BENCHMARK(poster_alone<asio_post>)->UseManualTime();
BENCHMARK(poster_alone<asio_post_hint_1>)->UseManualTime();

}  // namespace
}  // namespace bench
