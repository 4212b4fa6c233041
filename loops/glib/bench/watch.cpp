// SPDX-License-Identifier: MIT
#include "bench/watch.hpp"

#include <glib-unix.h>

namespace bench {
namespace {

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

BENCHMARK(bare_glib);

}  // namespace
}  // namespace bench
