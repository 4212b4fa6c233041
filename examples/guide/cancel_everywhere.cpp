// SPDX-License-Identifier: MIT
// A test that cancels a coroutine at each place where it waits. The coroutine has a fault.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/cancel_everywhere.hpp>

namespace {

using namespace std::chrono_literals;

// [test]
/// Looks whether the answer takes long. If it is cancelled while it waits, the timer is left.
interloop::future<int> ask(interloop::api async) {
  interloop::timer slow = async.call_later(1h, [] { std::puts("still waiting"); });
  co_await async.sleep(1s);
  slow.cancel();
  co_return 42;
}

void test_ask() {
  const auto report = interloop::testing::cancel_everywhere(ask);
  for (const std::string& each : report.problems) std::puts(each.c_str());
}
// [/test]

}  // namespace

int main() { test_ask(); }
