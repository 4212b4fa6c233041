// SPDX-License-Identifier: MIT
// The README's example: a program that has threads and no loop.
#include <interloop/adapters/libuv.hpp>
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include <cstdio>

using namespace std::chrono_literals;

interloop::future<int> slow_sum(int a, int b) {
  co_await interloop::sleep(10ms);
  co_return a + b;
}

int main() {
  // [threads]
  interloop::setup<interloop::libuv_loop>();  // runs a loop in a thread that interloop manages

  const auto sum = interloop::wait_for(5s, &slow_sum);          // blocks for the result, at most five seconds
  const auto start_sum = interloop::run_in_reactor(&slow_sum);  // returns at once

  const interloop::eventual_result<int> later = start_sum(3, 4);
  std::printf("%d %d\n", sum(1, 2), later.wait(5s));
  // [/threads]
}
