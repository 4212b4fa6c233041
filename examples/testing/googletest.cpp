// SPDX-License-Identifier: MIT
#include "greeter.hpp"

#include <interloop/testing/every_loop.hpp>

#include <gtest/gtest.h>

struct greeting : testing::Test {
  interloop::testing::every_loop loop{[](const std::string& problem) { ADD_FAILURE() << problem; }};
};

TEST_F(greeting, names_the_guest) { EXPECT_EQ(loop.run(greeter::greet(loop.async(), "Ada")), "Hello, Ada!"); }

TEST_F(greeting, needs_a_name) { EXPECT_THROW(loop.run(greeter::greet(loop.async(), "")), std::invalid_argument); }
