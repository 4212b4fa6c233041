// SPDX-License-Identifier: MIT
// Other threads: posting to a loop, and keeping it running for them.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <thread>

namespace {

int slow_sum(int upto) {
  int sum = 0;
  for (int i = 1; i <= upto; ++i) sum += i;
  return sum;
}

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);

  // [thread]
  interloop::future<int> sum = interloop::create_future<int>();
  interloop::add_callbacks(sum, [](int value) { std::printf("the sum is %d\n", value); });

  // The thread gets a remote and a number. The future is touched only in the function that it posts.
  interloop::loop_hold hold = interloop::hold();
  std::thread worker([to_loop = interloop::with_config().remote(), &sum, &hold] {
    const int value = slow_sum(100);
    to_loop.post([&sum, &hold, value] {
      interloop::resolve(sum, value);
      hold.release();
    });
  });
  loop->run();  // returns when idle: not before the hold is released
  worker.join();
  // [/thread]

  // [gone]
  const interloop::loop_remote remote = interloop::with_config().remote();
  interloop::close();
  try {
    remote.post([] {});
  } catch (const interloop::loop_closed& closed) {
    std::puts(closed.what());
  }
  // [/gone]
}
