// SPDX-License-Identifier: MIT
// The smallest test on every loop that the package has.

#include <chrono>
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/every_loop.hpp>
#include <string>

int main() {
  int problems = 0;
  interloop::testing::every_loop loop([&problems](const std::string& problem) {
    ++problems;
    std::puts(problem.c_str());
  });
  loop.run(loop.async().sleep(std::chrono::milliseconds(1)));
  loop.close();
  if (problems == 0) std::puts("ok");
  return problems;
}
