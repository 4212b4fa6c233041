// SPDX-License-Identifier: MIT
#include <interloop/time.hpp>

#include "support/loop_test.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;

TEST(time_test, whole_units_convert_exactly) {
  EXPECT_EQ(to_duration(5s), 5'000'000'000ns);
  EXPECT_EQ(to_duration(-3ms), -3'000'000ns);
  EXPECT_EQ(to_duration(7ns), 7ns);
  EXPECT_EQ(to_duration(seconds(0.25)), 250ms);
  EXPECT_EQ(to_duration(std::chrono::duration<float>(0.5F)), 500ms);
}

TEST(time_test, fractions_of_a_nanosecond_are_rounded_up) {
  using picoseconds = std::chrono::duration<std::int64_t, std::pico>;
  EXPECT_EQ(to_duration(picoseconds(1)), 1ns);
  EXPECT_EQ(to_duration(picoseconds(1001)), 2ns);
  EXPECT_EQ(to_duration(picoseconds(2000)), 2ns);
  EXPECT_EQ(to_duration(picoseconds(-1)), 0ns);
  EXPECT_EQ(to_duration(seconds(1e-10)), 1ns);
  using thirds = std::chrono::duration<std::int64_t, std::ratio<1, 3>>;
  EXPECT_EQ(to_duration(thirds(1)), 333'333'334ns);
}

TEST(time_test, not_a_number_is_not_a_time) { EXPECT_EQ(to_duration(seconds(std::nan(""))), 0ns); }

TEST(time_test, infinity_and_values_out_of_range_become_the_limits) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(to_duration(seconds(infinity)), (duration::max)());
  EXPECT_EQ(to_duration(seconds(-infinity)), (duration::min)());
  EXPECT_EQ(to_duration(seconds(1e30)), (duration::max)());
  EXPECT_EQ(to_duration(seconds(-1e30)), (duration::min)());
  EXPECT_EQ(to_duration((std::chrono::hours::max)()), (duration::max)());
  EXPECT_EQ(to_duration((std::chrono::hours::min)()), (duration::min)());
  EXPECT_EQ(to_duration(std::chrono::duration<std::uint64_t>(UINT64_MAX)), (duration::max)());
  EXPECT_EQ(to_duration((duration::max)()), (duration::max)());
  using milliseconds = std::chrono::duration<double, std::milli>;
  EXPECT_EQ(to_duration(milliseconds(9223372036854.775390625)), (duration::max)())
      << "416 ns less than the largest duration, in a type that is 2 us coarse there";
}

TEST(time_test, the_conversion_is_usable_at_compile_time) { static_assert(to_duration(1ms) == 1'000'000ns); }

TEST(time_test, the_two_clocks_count_nanoseconds) {
  const std::int64_t before = perf_counter_ns();
  EXPECT_GE(perf_counter_ns(), before);
  EXPECT_GT(time_ns(), std::int64_t{1'600'000'000} * 1'000'000'000) << "the system's clock is set before 2020";
}

using after_test = test::loop_test;

TEST_F(after_test, stays_within_the_clock) {
  EXPECT_EQ(manual->after(1s), manual->now() + 1s);
  EXPECT_EQ(manual->after(-1s), manual->now());
  EXPECT_EQ(manual->after((duration::min)()), manual->now());
  EXPECT_EQ(manual->after((duration::max)()), (time_point::max)());
}

}  // namespace
}  // namespace interloop
