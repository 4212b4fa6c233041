// SPDX-License-Identifier: MIT
// The loops that benchmarks run on: the fixtures of the tests. A benchmark that is measured on each loop is compiled once
// for each, because the headers of two loops may not fit into one file, and once for the manual loop. A fixture has its native loop, interloop on it, the native
// loop's cheapest way to run a function later, and `run`, which ends when there is nothing left to do.
#pragma once

#ifdef BENCH_LOOP
#include BENCH_FIXTURE
#else
#include "core/testing/fixture.hpp"
#endif

#include <interloop/interloop.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace bench {

/// How many things happen in one turn where not one alone does.
inline constexpr int batch = 1000;

namespace {

/// visit<On>(name) for each kind of the loop that this is compiled for.
template <class Visit>
void visit_loops(Visit visit) {
#ifdef BENCH_LOOP
  interloop::test::BENCH_VISIT(visit);
#else
  visit.template operator()<interloop::test::on_manual>("manual");
#endif
}

/// visit<Owner>(name) for that loop, if it can have a native loop of its own.
template <class Visit>
void visit_owner([[maybe_unused]] Visit visit) {
#ifdef BENCH_LOOP
  // A fixture makes what the native loop needs in a process, like Qt's application.
  visit_loops([]<class On>(const std::string&) { On made; });
  visit.template operator()<interloop::BENCH_OWNER>(BENCH_LOOP);
#endif
}

/// Registers `name<on_libuv>`, say, as what `code` returns for `on_libuv`, and so on for each kind of the loop: `code` is
/// a template lambda, `[]<class On>() { return &measured<On>; }`.
template <class Code>
bool on_each_kind(const std::string& name, Code code) {
  visit_loops([&]<class On>(const std::string& kind) {
    benchmark::RegisterBenchmark((name + "<on_" + kind + ">").c_str(), code.template operator()<On>());
  });
  return true;
}

}  // namespace

/// Calls `code(context)` once from the native loop, in the cheapest way.
template <class On>
void wake(On& on, void (*code)(void*), void* context) {
  if constexpr (requires { on.native_wake(code, context); }) {
    on.native_wake(code, context);
  } else if constexpr (requires { on.native_post([code, context] { code(context); }); }) {
    on.native_post([code, context] { code(context); });
  } else {
    on.core().call_soon([code, context] { code(context); });
  }
}

}  // namespace bench
