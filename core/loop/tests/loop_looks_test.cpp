// SPDX-License-Identifier: MIT
#include <interloop/detail/loop_looks.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace interloop::detail {
namespace {

TEST(loop_counts_test, the_right_count_of_late_timers_grows) {
  loop_counts counts;
  const auto place_of = [&](std::int64_t late) {
    const auto before = counts.late;
    counts.fired(late);
    for (std::size_t i = 0; i < before.size(); ++i)
      if (counts.late[i] != before[i]) return i;
    return before.size();
  };
  EXPECT_EQ(place_of(-5), 0U);
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(place_of((std::int64_t{1000} << i) - 1), i);
    EXPECT_EQ(place_of(std::int64_t{1000} << i), i + 1);
  }
  EXPECT_EQ(place_of(std::int64_t{1} << 62), 24U);
  EXPECT_EQ(counts.timers, 50U);
}

TEST(bookmark_test, stands_in_a_list_and_leaves_it) {
  pending* first = nullptr;
  bookmark before;
  {
    bookmark after;
    after.link_into(first);
    before.link_into(first);
    EXPECT_EQ(first, &before);
    EXPECT_EQ(before.next, &after);
    bookmark::table.abandon(before);
    EXPECT_EQ(first, &after);
    before.remove();  // once more
  }
  EXPECT_EQ(first, nullptr);
}

}  // namespace
}  // namespace interloop::detail
