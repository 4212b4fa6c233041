// SPDX-License-Identifier: MIT
// Formats are parsed once, and found again: tests of an internal part.
#include "logging/render.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace interloop::detail {
namespace {

TEST(parsed_format_test, each_of_a_thousand_literals_is_found_again_in_a_few_steps) {
  constexpr std::size_t distance = 32;  // about the distance between a program's literals
  static const std::string literals(1000 * distance, 'x');
  std::size_t most = 0;
  for (std::size_t at = 0; at < literals.size(); at += distance) {
    const std::string_view literal(literals.data() + at, distance);
    const parsed_format* const found = find_parsed(literal, {});
    ASSERT_EQ(found, find_parsed(literal, {}));
    std::size_t behind = 0;
    for (const parsed_format* each = found->later; each; each = each->later) ++behind;
    most = std::max(most, behind);
  }
  EXPECT_LT(most, 16U);
}

TEST(parsed_format_test, a_literal_is_parsed_again_for_fields_with_other_names) {
  static constexpr std::string_view literal = "{a}{b}";
  const std::array<field_view, 2> fields{field_view{"a", value_view()}, field_view{"b", value_view()}};
  const std::array<field_view, 2> others{field_view{"b", value_view()}, field_view{"a", value_view()}};
  EXPECT_EQ(find_parsed(literal, fields)->parts[0].field, 0U);
  EXPECT_EQ(find_parsed(literal, others)->parts[0].field, 1U);
  EXPECT_EQ(find_parsed(literal, std::span(fields).first(1))->parts[1].field, parsed_format::no_field);
  EXPECT_EQ(find_parsed(literal, fields)->parts[0].field, 0U);
}

}  // namespace
}  // namespace interloop::detail
