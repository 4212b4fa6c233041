// SPDX-License-Identifier: MIT
// Waiting in the loop's own thread. Tests that depend on how the application runs the native loop are in
// loops/<loop>/tests.
#include "support/blocking.hpp"

#include <interloop/interloop.hpp>

#include <optional>
#include <string>

using namespace interloop;
using namespace std::chrono_literals;

namespace {

TEST(own_thread_test, after_close_the_loops_thread_may_ask_for_outcomes) {
  for (const std::string& name : blocking_test::loop_names()) {
    std::optional<eventual_result<int>> never;
    {
      const loop_owner own = blocking_test::own_loop(name);
      loop& core = own;
      const loop_remote remote = core.remote();
      core.call_soon([&] {
        never = run_in_reactor(remote, [] { return blocking_test::never<int>(); })();
        call_soon([&] { core.stop(); });
      });
      const loop_hold hold = core.hold();
      core.run();
    }
    EXPECT_THROW(static_cast<void>(never->wait(60s)), reactor_stopped) << name;
  }
}

}  // namespace
