// SPDX-License-Identifier: MIT
// Without a framework: a program that fails if anything is wrong.
#include "greeter.hpp"

#include <interloop/testing/every_loop.hpp>

#include <cstdio>

int main() {
  int problems = 0;
  interloop::testing::every_loop loop([&problems](const std::string& problem) {
    ++problems;
    std::printf("%s\n", problem.c_str());
  });
  if (loop.run(greeter::greet(loop.async(), "Ada")) != "Hello, Ada!") ++problems;
  loop.close();  // reports now, instead of at the end of the scope
  return problems;
}
