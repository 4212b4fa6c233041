// SPDX-License-Identifier: MIT
// What does one byte back and forth over a socketpair cost with `watch`, compared with the bare native loop?
//
// Both ends are in this thread, on one loop. The watch that reports a byte reads it and writes one back.
#include "watch.hpp"

#include "loops.hpp"

namespace bench {
namespace {

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

[[maybe_unused]] const bool added = on_each_kind("interloop_watch", []<class On>() { return &interloop_watch<On>; });

}  // namespace
}  // namespace bench
