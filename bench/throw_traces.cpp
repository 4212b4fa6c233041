// SPDX-License-Identifier: MIT
// What does it cost to record where an exception was thrown: at the throw, twenty frames deep, and when the text is
// made?
//
// `thrown<plain>` is a throw without the target: it calls the runtime's own __cxa_throw, past interloop's. The peers do
// the same by hand: they make a stack trace where the exception is, before the same plain throw. `capture` is the
// target's share of a throw: the same number of throws without and with it, one after the other.
#include "throw_traces.hpp"

#include <interloop/failure.hpp>
#include <interloop/throw_traces.hpp>

#include <benchmark/benchmark.h>
#include <cxxabi.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <typeinfo>

namespace bench {
namespace {

using throws = void (*)(void*, std::type_info*, void (*)(void*));

throws runtimes_own() {
  static const auto found =
      reinterpret_cast<throws>(::dlsym(::dlopen("libstdc++.so.6", RTLD_NOW | RTLD_NOLOAD), "__cxa_throw"));
  if (!found) {
    std::fputs("throw_traces: this benchmark needs libstdc++ as a shared library\n", stderr);
    std::exit(1);
  }
  return found;
}
const throws plain_throw = runtimes_own();

void throw_by(throws how) {
  void* object = abi::__cxa_allocate_exception(sizeof(int));
  ::new (object) int(1);
  how(object, const_cast<std::type_info*>(&typeid(int)), nullptr);
}

struct plain {
  static void go() { throw_by(plain_throw); }
};
struct interloop_target {
  static void go() {
    throw_by(
        [](void* object, std::type_info* type, void (*destroy)(void*)) { abi::__cxa_throw(object, type, destroy); });
  }
};
template <class Peer>
struct by_hand {
  static void go() {
    Peer::how.note();
    throw_by(plain_throw);
  }
};

// The number of frames of an exception that is thrown here.
std::size_t noted() {
  try {
    interloop_target::go();
  } catch (...) {
    return interloop::throw_addresses(std::current_exception()).size();
  }
  return 0;
}

template <class How>
[[gnu::noinline]] void throw_once() {
  try {
    How::go();
  } catch (int) {
  }
}

template <class How>
void thrown(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    for (auto _ : state) throw_once<How>();
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(thrown<plain>);
BENCHMARK(thrown<interloop_target>);
BENCHMARK(thrown<by_hand<of_glibc>>);
BENCHMARK(thrown<by_hand<of_boost_stacktrace>>);
BENCHMARK(thrown<by_hand<of_backward_cpp>>);

void capture(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    measure_difference(state, &throw_once<plain>, &throw_once<interloop_target>);
  });
}
BENCHMARK(capture)->UseManualTime();

// Only the stack, without a throw.
template <class Peer>
void stack(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    for (auto _ : state) Peer::how.note();
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(stack<of_glibc>);
BENCHMARK(stack<of_boost_stacktrace>);
BENCHMARK(stack<of_backward_cpp>);

void text_by_interloop(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    try {
      interloop_target::go();
    } catch (...) {
      const interloop::failure fail;
      for (auto _ : state) benchmark::DoNotOptimize(interloop::failure_format_traceback(fail));
    }
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(text_by_interloop);

template <class Peer>
void text(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    Peer::how.note();
    for (auto _ : state) benchmark::DoNotOptimize(Peer::how.text());
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(text<of_glibc>);
BENCHMARK(text<of_boost_stacktrace>);
BENCHMARK(text<of_backward_cpp>);

// With the target, a failure does not record a stack itself.
void failure_made_in_a_handler(benchmark::State& outer) {
  at_twenty_frames<noted>(outer, [](benchmark::State& state) {
    try {
      throw_once<plain>();
      throw_by(plain_throw);
    } catch (...) {
      for (auto _ : state) benchmark::DoNotOptimize(interloop::failure());
    }
    state.SetItemsProcessed(state.iterations());
  });
}
BENCHMARK(failure_made_in_a_handler);

}  // namespace
}  // namespace bench
