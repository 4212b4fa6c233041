// SPDX-License-Identifier: MIT
#include "bench/watch.hpp"

#include <uv.h>

namespace bench {
namespace {

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

BENCHMARK(bare_libuv);

}  // namespace
}  // namespace bench
