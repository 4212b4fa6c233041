// SPDX-License-Identifier: MIT
// The same on every loop: a trace while other threads post and coroutines wait.
#include <interloop/interloop.hpp>
#include <interloop/trace.hpp>

#include "support/loops.hpp"

#include "traced.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;

class trace_loops_test : public ::testing::TestWithParam<std::string> {};

future<void> naps(loop& core, int times) {
  const api io = with_config(core);
  for (int i = 0; i < times; ++i) co_await io.sleep(100us);
}

TEST_P(trace_loops_test, pairs_nesting_and_flows) {
  const test::traced file;
  const auto under_test = test::make_loop(GetParam());
  loop& core = under_test->core();
  start_trace(core, file.path());
  std::vector<future<void>> all;
  core.call_soon([&] {
    for (int i = 0; i < 10; ++i) all.push_back(naps(core, 5));
  });
  int ran = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&ran, remote = core.remote()] {
      for (int j = 0; j < 200; ++j) remote.post([&ran] { ++ran; });
    });
  test::run_until(core, [&] {
    if (ran != 400 || all.size() != 10) return false;
    for (const auto& each : all)
      if (!is_called(each)) return false;
    return true;
  });
  for (std::thread& each : threads) each.join();
  const trace_result went = stop_trace(core);
  EXPECT_EQ(went.lost, 0U);
  EXPECT_EQ(went.error, "");
  auto found = file.checked();
  EXPECT_EQ(found["coroutines"], 10);
  EXPECT_EQ(found["coroutine"], 50) << "resumed five times each";
  EXPECT_GE(found["post"], 400);
  EXPECT_GE(found["flows"], 50);
}

INSTANTIATE_TEST_SUITE_P(every, trace_loops_test, ::testing::ValuesIn(test::loop_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace interloop
