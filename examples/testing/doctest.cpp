// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "greeter.hpp"

#include <interloop/testing/every_loop.hpp>

#include <doctest/doctest.h>

TEST_CASE("A greeting") {
  interloop::testing::every_loop loop([](const std::string& problem) { FAIL_CHECK(problem); });

  SUBCASE("names the guest") { CHECK(loop.run(greeter::greet(loop.async(), "Ada")) == "Hello, Ada!"); }
  SUBCASE("needs a name") { CHECK_THROWS_AS(loop.run(greeter::greet(loop.async(), "")), std::invalid_argument); }
}
