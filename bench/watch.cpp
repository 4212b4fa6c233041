// SPDX-License-Identifier: MIT
// What does one byte back and forth over a socketpair cost with `watch`, compared with the bare native loop?
//
// Both ends are in this thread, on one loop. The watch that reports a byte reads it and writes one back. And what is added
// by setting the same interest in each event, which looks whether the file is still the same; by binding the watch anew in
// each; and by glue, whose library is told of, or asked.
#include "watch.hpp"

#include "loops.hpp"

#include <interloop/glue.hpp>

#include <memory>

namespace bench {
namespace {

enum class each_event { nothing, same_interest, rebind };

template <class On, each_event Does = each_event::nothing>
void interloop_watch(benchmark::State& state) {
  On on;
  table_tennis game;
  interloop::fd_watch watches[2];
  for (int i = 0; i < 2; ++i) {
    const int end = game.ends[static_cast<std::size_t>(i)];
    watches[i] = on.core().watch(end, interloop::interest::read, [&, i, end](interloop::interest) {
      if constexpr (Does == each_event::same_interest) watches[i].set_interest(interloop::interest::read);
      if constexpr (Does == each_event::rebind) watches[i].rebind(end, interloop::interest::read);
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

template <class On, bool Asked>
void interloop_glue(benchmark::State& state) {
  On on;
  table_tennis game;
  std::array<std::unique_ptr<interloop::glue>, 2> players;
  for (std::size_t i = 0; i < 2; ++i) {
    const int end = game.ends[i];
    interloop::glue_hooks hooks;
    hooks.ready = [&](int fd, interloop::interest, void*) {
      if (!game.pass(fd)) on.core().stop();
    };
    if (Asked) hooks.ask = [&, i, end] { players[i]->want(end, interloop::interest::read); };
    players[i] = std::make_unique<interloop::glue>(on.core(), std::move(hooks));
    players[i]->want(end, interloop::interest::read);
  }
  for (auto _ : state) {
    game.serve();
    on.core().run();
  }
  state.SetItemsProcessed(state.iterations() * rounds);
}

[[maybe_unused]] const bool added = on_each_kind("interloop_watch", []<class On>() { return &interloop_watch<On>; });
[[maybe_unused]] const bool added_same =
    on_each_kind("same_interest", []<class On>() { return &interloop_watch<On, each_event::same_interest>; });
[[maybe_unused]] const bool added_rebind =
    on_each_kind("rebind", []<class On>() { return &interloop_watch<On, each_event::rebind>; });
[[maybe_unused]] const bool added_told =
    on_each_kind("glue_told", []<class On>() { return &interloop_glue<On, false>; });
[[maybe_unused]] const bool added_asked =
    on_each_kind("glue_asked", []<class On>() { return &interloop_glue<On, true>; });

}  // namespace
}  // namespace bench
