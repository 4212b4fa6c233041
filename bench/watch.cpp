// SPDX-License-Identifier: MIT
// What does one byte back and forth over a socketpair cost by `watch`, beside the same on the bare native loop?
//
// Both ends are in this thread, on one loop. Whoever is told that a byte came reads it and writes one back.
#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace bench {
namespace {

constexpr int rounds = 200;

/// The two ends, and how many bytes are still to be passed on.
struct table_tennis {
  std::array<int, 2> ends{};
  int left = 0;

  table_tennis() { socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()); }
  ~table_tennis() {
    for (const int each : ends) close(each);
  }
  void serve() {
    left = 2 * rounds;
    benchmark::DoNotOptimize(write(ends[0], "x", 1));
  }
  /// Returns false when the game is over.
  bool pass(int end) {
    char byte;
    if (read(end, &byte, 1) != 1) return true;
    if (--left == 0) return false;
    benchmark::DoNotOptimize(write(end, &byte, 1));
    return true;
  }
};

template <class On>
void interloop_watch(benchmark::State& state) {
  On on;
  table_tennis game;
  interloop::fd_watch watches[2];
  for (int i = 0; i < 2; ++i) {
    const int end = game.ends[static_cast<std::size_t>(i)];
    watches[i] = on.core().watch(end, interloop::interest::read, [&, end](interloop::interest) {
      if (!game.pass(end)) on.core().stop();
    });
  }
  for (auto _ : state) {
    game.serve();
    on.core().run();
  }
  for (auto& each : watches) each.stop();
  state.SetItemsProcessed(state.iterations() * rounds);
}

/// Asio by itself, on the bare context or on a strand, as interloop uses it.
template <class Executor>
class asio_end {
 public:
  asio_end(const Executor& executor, asio::io_context& io, table_tennis& game, int end)
      : descriptor_(executor, end), io_(io), game_(game), end_(end) {}
  ~asio_end() { descriptor_.release(); }
  asio_end(const asio_end&) = delete;
  asio_end& operator=(const asio_end&) = delete;
  void wait() {
    descriptor_.async_wait(asio::posix::descriptor_base::wait_read, [this](const asio::error_code& error) {
      if (error) return;
      if (!game_.pass(end_)) io_.stop();
      wait();
    });
  }

 private:
  asio::posix::basic_stream_descriptor<Executor> descriptor_;
  asio::io_context& io_;
  table_tennis& game_;
  int end_;
};

template <class Executor>
void play_asio(benchmark::State& state, asio::io_context& io, const Executor& executor) {
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
void bare_asio(benchmark::State& state) {
  asio::io_context io{1};
  play_asio(state, io, io.get_executor());
}
void bare_asio_strand(benchmark::State& state) {
  asio::io_context io{1};
  play_asio(state, io, asio::make_strand(io));
}

void bare_libuv(benchmark::State& state) {
  uv_loop_t native;
  uv_loop_init(&native);
  table_tennis game;
  uv_poll_t polls[2];
  for (std::size_t i = 0; i < 2; ++i) {
    uv_poll_init(&native, &polls[i], game.ends[i]);
    polls[i].data = &game;
    uv_poll_start(&polls[i], UV_READABLE, [](uv_poll_t* self, int, int) {
      uv_os_fd_t end;
      uv_fileno(reinterpret_cast<uv_handle_t*>(self), &end);
      if (!static_cast<table_tennis*>(self->data)->pass(end)) uv_stop(self->loop);
    });
  }
  for (auto _ : state) {
    game.serve();
    uv_run(&native, UV_RUN_DEFAULT);
  }
  for (auto& each : polls) uv_close(reinterpret_cast<uv_handle_t*>(&each), nullptr);
  uv_run(&native, UV_RUN_DEFAULT);
  uv_loop_close(&native);
  state.SetItemsProcessed(state.iterations() * rounds);
}

void bare_glib(benchmark::State& state) {
  struct player {
    table_tennis& game;
    GMainLoop* running;
  };
  GMainContext* native = g_main_context_new();
  table_tennis game;
  player both{game, g_main_loop_new(native, FALSE)};
  GSource* sources[2];
  for (std::size_t i = 0; i < 2; ++i) {
    sources[i] = g_unix_fd_source_new(game.ends[i], G_IO_IN);
    const GUnixFDSourceFunc code = [](gint end, GIOCondition, gpointer data) -> gboolean {
      auto* self = static_cast<player*>(data);
      if (!self->game.pass(end)) g_main_loop_quit(self->running);
      return G_SOURCE_CONTINUE;
    };
    g_source_set_callback(sources[i], G_SOURCE_FUNC(code), &both, nullptr);
    g_source_attach(sources[i], native);
  }
  for (auto _ : state) {
    game.serve();
    g_main_loop_run(both.running);
  }
  for (GSource* each : sources) {
    g_source_destroy(each);
    g_source_unref(each);
  }
  g_main_loop_unref(both.running);
  g_main_context_unref(native);
  state.SetItemsProcessed(state.iterations() * rounds);
}

BENCHMARK(interloop_watch<on_asio>);
BENCHMARK(bare_asio_strand);
BENCHMARK(interloop_watch<on_asio_one_thread>);
BENCHMARK(bare_asio);
BENCHMARK(interloop_watch<on_libuv>);
BENCHMARK(bare_libuv);
BENCHMARK(interloop_watch<on_glib>);
BENCHMARK(bare_glib);

}  // namespace
}  // namespace bench
