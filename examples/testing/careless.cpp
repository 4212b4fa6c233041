// SPDX-License-Identifier: MIT
// What is reported: this program's output is in docs/testing-your-library.md.
#include "greeter.hpp"

#include <interloop/testing/every_loop.hpp>

#include <unistd.h>

#include <cstdio>

int main() {
  interloop::testing::every_loop loop([](const std::string& problem) { std::printf("%s\n\n", problem.c_str()); });
  // [careless]
  const auto forgotten = loop.async().create_future<int>();
  {
    const auto ignored = greeter::greet(loop.async(), "");
    loop.run(loop.async().sleep(std::chrono::milliseconds(50)));
  }
  static_cast<void>(::dup(0));
  loop.close();  // while `forgotten` exists
  // [/careless]
}
