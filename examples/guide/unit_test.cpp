// SPDX-License-Identifier: MIT
// The test in docs/blocking.md: it calls the wrapped function, on a loop whose clock the test moves.
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <cstdio>

using namespace std::chrono_literals;

interloop::future<int> slow_sum(int a, int b) {
  co_await interloop::sleep(1h);
  co_return a + b;
}
const auto sum = interloop::wait_for(2h, &slow_sum);

int main() {
  // [wrapped]
  interloop::testing::manual_loop loop;
  interloop::config().loop = &*loop;
  const interloop::future<int> pending = sum.wrapped()(1, 2);  // no thread, no setup, no waiting
  loop.advance(1h);
  std::printf("%d\n", pending.value());
  // [/wrapped]
  interloop::config().loop = nullptr;
}
