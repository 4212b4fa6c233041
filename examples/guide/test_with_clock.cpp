// SPDX-License-Identifier: MIT
// A test of retry.hpp that waits for nothing.
#include <cassert>
#include <cstdio>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include "retry.hpp"

// [test]
int main() {
  using namespace std::chrono_literals;
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);  // until the end of this scope

  auto answer = retry(interloop::with_config(), 5, fetch);  // fails, and waits 10 ms
  loop.advance(10ms);                                       // fails again, and waits 20 ms
  assert(!interloop::is_called(answer));
  assert(loop.next_alarm() == loop->now() + 20ms);
  loop.advance(20ms);
  assert(answer.value() == "answer 3");
  std::puts(answer.value().c_str());
}
// [/test]
