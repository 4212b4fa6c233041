// SPDX-License-Identifier: MIT
// The graph of every loop, also in the middle of its turns.
#include <interloop/call_graph.hpp>
#include <interloop/interloop.hpp>

#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace interloop {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class call_graph_loops_test : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<test::native_loop> under_test = test::make_loop(GetParam());
  api io{under_test->core()};
};

future<int> inner(loop&, future<int> what) { co_return co_await what; }
future<int> outer(loop& core, future<int> what) { co_return co_await inner(core, what); }

TEST_P(call_graph_loops_test, is_the_same_from_a_callback_and_from_between_turns) {
  const auto answer = io.create_future<int>();
  const auto waiting = outer(io.loop(), answer);
  std::string inside;
  io.call_soon([&] {
    io.call_soon([] {});
    io.remote().post([] {});
    inside = format_call_graph(io.loop());
  });
  test::run_until(io.loop(), [&] { return !inside.empty(); });
  const std::string between = format_call_graph(io.loop());
  for (const std::string& text : {inside, between}) {
    EXPECT_THAT(text, HasSubstr("2 coroutines, 1 future"));
    EXPECT_THAT(text, HasSubstr("coroutine interloop::outer (call_graph_loops_test.cpp:"));
    EXPECT_THAT(text, HasSubstr("└─ coroutine interloop::inner (call_graph_loops_test.cpp:"));
  }
  EXPECT_THAT(inside, HasSubstr("in a turn"));
  EXPECT_THAT(inside, ContainsRegex("queued: .*lambda.* made at call_graph_loops_test.cpp:.*\n"
                                    ".*queued: .*lambda.* made at call_graph_loops_test.cpp:"));
  resolve(answer, 1);
  test::run_until(io.loop(), [&] { return is_called(waiting); });
  EXPECT_THAT(format_call_graph(io.loop()), HasSubstr("0 coroutines, 0 futures"));
}

INSTANTIATE_TEST_SUITE_P(every_loop, call_graph_loops_test, ::testing::ValuesIn(test::loop_names()),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace interloop
