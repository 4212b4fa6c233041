// SPDX-License-Identifier: MIT
// The loops that benchmarks run on: the fixtures of the tests. Each has its native loop, interloop on it, the native
// loop's own way of running a function later (the cheapest that it has), and `run`, which ends when there is nothing
// left to do.
#pragma once

#include "core/testing/fixture.hpp"
#include "loops/asio/fixture.hpp"
#include "loops/glib/fixture.hpp"
#include "loops/libuv/fixture.hpp"

#include <interloop/interloop.hpp>

#include <utility>

namespace bench {

/// How many things happen in one turn where not one alone does.
inline constexpr int batch = 1000;

using interloop::test::on_asio;
using interloop::test::on_asio_one_thread;
using interloop::test::on_glib;
using interloop::test::on_libuv;
using interloop::test::on_manual;

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
