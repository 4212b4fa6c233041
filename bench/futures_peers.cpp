// SPDX-License-Identifier: MIT
// What does a future cost that is made of boost::asio::post, a callable per callback, and a library's promise?
//
// Neither std::future nor boost::future knows loops, so the code that resolves one posts its callbacks. The
// continuations of boost::future (`then`) cost far more. Everything happens inside a handler of a context with
// concurrency hint 1, where Boost.Asio takes no lock; the futures' own atomic operations and memory remain.
#include <benchmark/benchmark.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#define BOOST_THREAD_PROVIDES_FUTURE
#include <boost/thread/future.hpp>

#include <cstdlib>
#include <future>

namespace bench {
namespace {

constexpr int batch = 1000;

struct standard {
  using promise = std::promise<int>;
  using shared_future = std::shared_future<int>;
};
struct of_boost {
  using promise = boost::promise<int>;
  using shared_future = boost::shared_future<int>;
};

template <class Library>
void post_and_promise(benchmark::State& state) {
  boost::asio::io_context io{1};
  long sum = 0;
  for (auto _ : state) {
    boost::asio::post(io, [&] {
      for (int i = 0; i < batch; ++i) {
        typename Library::promise promise;
        typename Library::shared_future made = promise.get_future().share();
        promise.set_value(i);
        boost::asio::post(io, [made, &sum] { sum += made.get(); });
        boost::asio::post(io, [made = std::move(made), &sum] { sum -= 2 * made.get(); });
      }
    });
    io.restart();
    io.run();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// Only the posts, without futures.
void post_only(benchmark::State& state) {
  boost::asio::io_context io{1};
  long sum = 0;
  for (auto _ : state) {
    boost::asio::post(io, [&] {
      for (int i = 0; i < batch; ++i) {
        boost::asio::post(io, [i, &sum] { sum += i; });
        boost::asio::post(io, [i, &sum] { sum -= 2 * i; });
      }
    });
    io.restart();
    io.run();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// The minimum for all of them: as much memory allocated and freed, in the same order.
void malloc_and_free(benchmark::State& state) {
  void* blocks[batch];
  for (auto _ : state) {
    for (void*& each : blocks) benchmark::DoNotOptimize(each = std::malloc(96));
    for (void* each : blocks) std::free(each);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

BENCHMARK(post_and_promise<standard>);
BENCHMARK(post_and_promise<of_boost>);
BENCHMARK(post_only);
BENCHMARK(malloc_and_free);

}  // namespace
}  // namespace bench
