// SPDX-License-Identifier: MIT
// Hangs until its input ends, for the installed interloop-ps.
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <cstdio>
#include <utility>

namespace {

interloop::future<int> wait_for_it(interloop::loop&, interloop::future<int> what) {
  co_return co_await std::move(what);
}

}  // namespace

int main() {
  interloop::testing::manual_loop native;
  const auto never = interloop::api(native).create_future<int>();
  const auto waiting = wait_for_it(native, never);
  std::puts("ready");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
