// SPDX-License-Identifier: MIT
// The error of a checked build (INTERLOOP_CHECKED) for a call from another thread.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <thread>

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);

  std::thread([] {
    try {
      interloop::call_soon([] {});
    } catch (const interloop::wrong_thread& wrong) {
      std::puts(wrong.what());
    }
  }).join();
}
