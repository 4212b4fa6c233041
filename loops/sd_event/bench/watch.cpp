// SPDX-License-Identifier: MIT
#include "bench/watch.hpp"

#include <sys/epoll.h>
#include <systemd/sd-event.h>

namespace bench {
namespace {

void bare_sd_event(benchmark::State& state) {
  struct player {
    table_tennis& game;
    bool over = false;
  };
  sd_event* native = nullptr;
  sd_event_new(&native);
  table_tennis game;
  player both{game};
  sd_event_source* sources[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const sd_event_io_handler_t code = [](sd_event_source*, int end, std::uint32_t, void* data) {
      auto* self = static_cast<player*>(data);
      self->over = !self->game.pass(end);
      return 0;
    };
    sd_event_add_io(native, &sources[i], game.ends[i], EPOLLIN, code, &both);
  }
  for (auto _ : state) {
    both.over = false;
    game.serve();
    while (!both.over) sd_event_run(native, UINT64_MAX);
  }
  for (sd_event_source* each : sources) sd_event_source_unref(each);
  sd_event_unref(native);
  state.SetItemsProcessed(state.iterations() * rounds);
}

BENCHMARK(bare_sd_event);

}  // namespace
}  // namespace bench
