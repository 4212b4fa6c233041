// SPDX-License-Identifier: MIT
// Every kind of loop, for tests that run on each: loops/<loop>/fixture.cpp and every_loop/fixture.cpp add them, and the
// target interloop_every_loop links those.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/testing/conformance.hpp>
#include <interloop/testing/loop_kinds.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace interloop::test {

/// A native loop with interloop's loop on it: see conformance.hpp.
using native_loop = testing::conformance::native_loop;

// The kinds of loop that are linked.
using testing::known_loops;
using testing::loop_kind;
using testing::loop_names;
using testing::own_loop_names;  // `asio`, not `asio_one_thread`, for instance

inline std::unique_ptr<native_loop> make_loop(const std::string& name) { return loop_kind(name).make(); }

/// Runs the loop until `done()`. An idle loop is kept running, so if `done` never becomes true, the test times out.
template <class Done>
void run_until(loop& core, Done done) {
  const loop_hold hold = core.hold();
  timer next;
  std::function<void()> check = [&] {
    if (done()) {
      core.stop();
    } else {
      next = core.call_later(std::chrono::milliseconds(1), std::ref(check));
    }
  };
  const auto over = std::make_shared<bool>(false);  // callables queued here may outlive this call
  core.call_soon([&check, over] {
    if (!*over) check();
  });
  while (!done()) core.run();  // other code may stop it too
  *over = true;
  next.cancel();
}

}  // namespace interloop::test
