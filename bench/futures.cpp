// SPDX-License-Identifier: MIT
// What does a future cost: to create it, add two callbacks, resolve it, and let the loop run them; 1,000 in one turn?
//
// Compared with `hand_written`, the least that could do the job (no handles, no failures, no close, one type), on the
// same loop; and with a post of the native loop's for each callback. Boost's and the standard library's futures are in futures_peers.cpp. Both sides start inside the loop.
#include "loops.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace bench {
namespace {

template <class On>
void interloop_future(benchmark::State& state) {
  On on;
  const interloop::api txaio = interloop::with_config(on.core());
  long sum = 0;
  for (auto _ : state) {
    on.core().call_soon([&] {
      for (int i = 0; i < batch; ++i) {
        auto made = txaio.create_future<int>();
        interloop::add_callbacks(made, [&sum](int value) { sum += value; });
        interloop::add_callbacks(made, [&sum](int value) { sum -= 2 * value; });
        interloop::resolve(made, i);
      }
    });
    on.run();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// A future written by hand for one purpose: one block of memory, two inline callbacks, a link for the ready list.
struct hand_state {
  hand_state* next;
  void (*code[2])(void* context, int value);
  void* context[2];
  int added;
  int value;
};

template <class On>
struct hand_loop {
  On on;
  hand_state* head = nullptr;
  hand_state** tail = &head;
  bool woken = false;

  static hand_state* create() {
    auto* made = static_cast<hand_state*>(std::malloc(sizeof(hand_state)));
    made->added = 0;
    return made;
  }
  static void add(hand_state* to, void (*code)(void*, int), void* context) {
    to->code[to->added] = code;
    to->context[to->added++] = context;
  }
  void resolve(hand_state* done, int value) {
    done->value = value;
    done->next = nullptr;
    *tail = done;
    tail = &done->next;
    if (std::exchange(woken, true)) return;
    wake(on, [](void* self) { static_cast<hand_loop*>(self)->drain(); }, this);
  }
  void drain() {
    woken = false;
    while (hand_state* each = head) {
      head = each->next;
      if (!head) tail = &head;
      for (int i = 0; i < each->added; ++i) each->code[i](each->context[i], each->value);
      std::free(each);
    }
  }
};

template <class On>
void hand_written(benchmark::State& state) {
  hand_loop<On> hand;
  struct work {
    hand_loop<On>& hand;
    long sum = 0;
    void start() {
      for (int i = 0; i < batch; ++i) {
        hand_state* made = hand.create();
        hand.add(made, [](void* context, int value) { *static_cast<long*>(context) += value; }, &sum);
        hand.add(made, [](void* context, int value) { *static_cast<long*>(context) -= 2 * value; }, &sum);
        hand.resolve(made, i);
      }
    }
  } mine{hand};
  for (auto _ : state) {
    wake(hand.on, [](void* self) { static_cast<work*>(self)->start(); }, &mine);
    hand.on.run();
    benchmark::DoNotOptimize(mine.sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// The native loop's own way to call a function once, soon.
template <class On>
void native_post(On& on, void (*code)(void*), void* context) {
  if constexpr (requires { on.native_once(code, context); }) {
    on.native_once(code, context);
  } else {
    on.native_post([code, context] { code(context); });
  }
}

/// One such post for each callback.
template <class On>
void native_posts(benchmark::State& state) {
  struct work {
    On on;
    long sum = 0;
    void start() {
      for (int i = 0; i < batch; ++i) {
        native_post(on, [](void* self) { static_cast<work*>(self)->sum += 1; }, this);
        native_post(on, [](void* self) { static_cast<work*>(self)->sum -= 2; }, this);
      }
    }
  } mine;
  for (auto _ : state) {
    wake(mine.on, [](void* self) { static_cast<work*>(self)->start(); }, &mine);
    mine.on.run();
    benchmark::DoNotOptimize(mine.sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

template <class On>
concept has_posts = requires(On on) { on.native_once(nullptr, nullptr); } || requires(On on) { on.native_post([] {}); };

/// For each kind of the loop; the manual loop has no post.
bool add_native_posts() {
  visit_loops([]<class On>([[maybe_unused]] const std::string& kind) {
    if constexpr (has_posts<On>)
      benchmark::RegisterBenchmark(("native_posts<on_" + kind + ">").c_str(), &native_posts<On>);
  });
  return true;
}

const bool added = on_each_kind("interloop_future", []<class On>() { return &interloop_future<On>; }) &&
                   on_each_kind("hand_written", []<class On>() { return &hand_written<On>; }) && add_native_posts();

}  // namespace
}  // namespace bench
