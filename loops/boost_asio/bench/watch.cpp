// SPDX-License-Identifier: MIT
#include "bench/watch.hpp"

#include <boost/asio.hpp>

namespace bench {
namespace {

/// Asio by itself, on the bare context or on a strand, as interloop uses it.
template <class Executor>
class asio_end {
 public:
  asio_end(const Executor& executor, boost::asio::io_context& io, table_tennis& game, int end)
      : descriptor_(executor, end), io_(io), game_(game), end_(end) {}
  ~asio_end() { descriptor_.release(); }
  asio_end(const asio_end&) = delete;
  asio_end& operator=(const asio_end&) = delete;
  void wait() {
    descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                           [this](const boost::system::error_code& error) {
                             if (error) return;
                             if (!game_.pass(end_)) io_.stop();
                             wait();
                           });
  }

 private:
  boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
  boost::asio::io_context& io_;
  table_tennis& game_;
  int end_;
};

template <class Executor>
void play_asio(benchmark::State& state, boost::asio::io_context& io, const Executor& executor) {
  table_tennis game;
  asio_end<Executor> left(executor, io, game, game.ends[0]);
  asio_end<Executor> right(executor, io, game, game.ends[1]);
  left.wait();
  right.wait();
  for (auto _ : state) {
    game.serve();
    io.restart();
    io.run();
  }
  state.SetItemsProcessed(state.iterations() * rounds);
}
void bare_boost_asio_one_thread(benchmark::State& state) {
  boost::asio::io_context io{1};
  play_asio(state, io, io.get_executor());
}
void bare_boost_asio(benchmark::State& state) {
  boost::asio::io_context io{1};
  play_asio(state, io, boost::asio::make_strand(io));
}

BENCHMARK(bare_boost_asio);
BENCHMARK(bare_boost_asio_one_thread);

}  // namespace
}  // namespace bench
