// SPDX-License-Identifier: MIT
#include "bench/watch.hpp"

#include <ev.h>

namespace bench {
namespace {

void bare_libev(benchmark::State& state) {
  struct ev_loop* native = ev_loop_new(EVFLAG_AUTO);
  table_tennis game;
  ev_io watchers[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const auto on_readable = [](struct ev_loop* loop, ev_io* self, int) {
      if (!static_cast<table_tennis*>(self->data)->pass(self->fd)) ev_break(loop, EVBREAK_ONE);
    };
    ev_io_init(&watchers[i], on_readable, game.ends[i], EV_READ);
    watchers[i].data = &game;
    ev_io_start(native, &watchers[i]);
  }
  for (auto _ : state) {
    game.serve();
    ev_run(native, 0);
  }
  for (auto& each : watchers) ev_io_stop(native, &each);
  ev_loop_destroy(native);
  state.SetItemsProcessed(state.iterations() * rounds);
}

BENCHMARK(bare_libev);

}  // namespace
}  // namespace bench
