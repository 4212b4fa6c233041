// SPDX-License-Identifier: MIT
#include <interloop/detail/span_text.hpp>

#include <gtest/gtest.h>

namespace interloop::detail {
namespace {

using namespace std::chrono_literals;

TEST(span_text_test, the_largest_unit_that_fits) {
  EXPECT_EQ(span_text(0ns), "0 ns");
  EXPECT_EQ(span_text(7ns), "7 ns");
  EXPECT_EQ(span_text(1500ns), "1.5 µs");
  EXPECT_EQ(span_text(20ms), "20 ms");
  EXPECT_EQ(span_text(2s), "2 s");
  EXPECT_EQ(span_text(59s), "59 s");
  EXPECT_EQ(span_text(90s), "1.5 min");
  EXPECT_EQ(span_text(60min), "1 h");
  EXPECT_EQ(span_text(8760h), "8760 h");
}

TEST(span_text_test, three_digits) {
  EXPECT_EQ(span_text(1234567ns), "1.23 ms");
  EXPECT_EQ(span_text(12345678ns), "12.3 ms");
  EXPECT_EQ(span_text(123456789ns), "123 ms");
  EXPECT_EQ(span_text(100ms), "100 ms");
  EXPECT_EQ(span_text(10020ms), "10 s");
}

TEST(span_text_test, what_is_rounded_up_to_the_next_unit_is_one_of_it) {
  EXPECT_EQ(span_text(999'600ns), "1 ms");
  EXPECT_EQ(span_text(59'999ms), "1 min");
  EXPECT_EQ(span_text(3'599'999ms), "1 h");
  EXPECT_EQ(span_text(9'999ms), "10 s");
}

TEST(span_text_test, negative_spans_and_the_longest) {
  EXPECT_EQ(span_text(-1500ms), "-1.5 s");
  EXPECT_EQ(span_text((duration::max)()), "2562048 h");
  EXPECT_EQ(span_text((duration::min)()), "-2562048 h");
}

}  // namespace
}  // namespace interloop::detail
