// SPDX-License-Identifier: MIT
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else  // Catch2 2
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
// [test]
#include "greeter.hpp"

#include <interloop/testing/every_loop.hpp>

TEST_CASE("A greeting") {
  interloop::testing::every_loop loop([](const std::string& problem) { FAIL_CHECK(problem); });

  SECTION("names the guest") { CHECK(loop.run(greeter::greet(loop.async(), "Ada")) == "Hello, Ada!"); }
  SECTION("needs a name") { CHECK_THROWS_AS(loop.run(greeter::greet(loop.async(), "")), std::invalid_argument); }
}
// [/test]
