// SPDX-License-Identifier: MIT
// Many timeouts on one timer of the loop.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

int main() {
  using namespace std::chrono_literals;
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);

  // [batched]
  interloop::batched_timer pings = interloop::make_batched_timer(1s, 100);  // buckets of a second, 100 calls at a time
  int sent = 0;
  for (int connection = 0; connection < 1000; ++connection) pings.call_later(5500ms, [&sent] { ++sent; });
  interloop::batched_call one_more = pings.call_later(5500ms, [&sent] { ++sent; });
  one_more.cancel();
  // [/batched]

  for (const auto step : {5000ms, 250ms, 250ms, 250ms, 250ms}) {
    loop.advance(step);
    std::printf("%d\n", sent);
  }
}
