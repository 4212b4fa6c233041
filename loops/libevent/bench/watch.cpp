// SPDX-License-Identifier: MIT
#include "bench/watch.hpp"

#include <event2/event.h>

namespace bench {
namespace {

void bare_libevent(benchmark::State& state) {
  event_base* native = event_base_new();
  struct player {
    event_base* native;
    table_tennis game;
  } both{native, {}};
  const auto on_ready = [](int end, short, void* of) {
    auto& self = *static_cast<player*>(of);
    if (!self.game.pass(end)) event_base_loopbreak(self.native);
  };
  event* events[2];
  for (std::size_t i = 0; i < 2; ++i) {
    events[i] = event_new(native, both.game.ends[i], EV_READ | EV_PERSIST, on_ready, &both);
    event_add(events[i], nullptr);
  }
  for (auto _ : state) {
    both.game.serve();
    event_base_dispatch(native);
  }
  for (event* each : events) event_free(each);
  event_base_free(native);
  state.SetItemsProcessed(state.iterations() * rounds);
}

BENCHMARK(bare_libevent);

}  // namespace
}  // namespace bench
