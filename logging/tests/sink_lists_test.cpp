// SPDX-License-Identifier: MIT
// Lists that are replaced while other threads read them: each is destroyed once, with its last reader.
#include "logging/sink_lists.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <new>
#include <thread>
#include <vector>

namespace interloop::detail {
namespace {

struct counted_sink : log_sink {
  static inline std::atomic<int> alive{0};
  counted_sink() { ++alive; }
  ~counted_sink() override { --alive; }
  void write(const log_event&) override {}
};

std::unique_ptr<sink_list> list_of(std::size_t size) {
  auto made = std::make_unique<sink_list>();
  for (std::size_t i = 0; i < size; ++i)
    made->push_back(std::make_shared<sink_entry>(std::make_shared<counted_sink>(), log_level::info));
  return made;
}

TEST(sink_lists_test, the_first_one_is_empty) {
  sink_lists lists;
  EXPECT_TRUE(lists.read()->empty());
  lists.replace(list_of(0));
}

TEST(sink_lists_test, a_list_that_nobody_reads_is_destroyed_when_it_is_replaced) {
  sink_lists lists;
  lists.replace(list_of(2));
  EXPECT_EQ(lists.read()->size(), 2u);
  lists.replace(list_of(1));
  EXPECT_EQ(counted_sink::alive, 1);
  lists.replace(list_of(0));
  EXPECT_EQ(counted_sink::alive, 0);
}

TEST(sink_lists_test, a_list_that_is_being_read_is_destroyed_with_its_last_reader) {
  sink_lists lists;
  lists.replace(list_of(3));
  {
    sink_lists::reader first = lists.read();
    {
      const sink_lists::reader second = lists.read();
      lists.replace(list_of(0));
      EXPECT_TRUE(lists.read()->empty());
      EXPECT_EQ(second->size(), 3u);
    }
    EXPECT_EQ(counted_sink::alive, 3) << "one has it still";
    const sink_lists::reader moved(std::move(first));
    EXPECT_EQ(moved->size(), 3u);
    EXPECT_EQ(counted_sink::alive, 3);
  }
  EXPECT_EQ(counted_sink::alive, 0);
}

TEST(sink_lists_test, a_reader_may_take_the_next_list_instead) {
  sink_lists lists;
  lists.replace(list_of(3));
  sink_lists::reader reader = lists.read();
  lists.replace(list_of(0));
  reader = lists.read();
  EXPECT_TRUE(reader->empty());
  EXPECT_EQ(counted_sink::alive, 0);
}

TEST(sink_lists_test, if_too_many_lists_are_still_being_read_the_current_one_stays) {
  sink_lists lists;
  lists.replace(list_of(1));
  std::vector<sink_lists::reader> readers;
  EXPECT_THROW(
      while (readers.size() < 1000) {
        readers.push_back(lists.read());
        lists.replace(list_of(1));
      },
      std::bad_alloc);
  EXPECT_GE(readers.size(), 255u);
  EXPECT_EQ(lists.read()->size(), 1u);
  readers.clear();
  lists.replace(list_of(0));
  EXPECT_EQ(counted_sink::alive, 0);
}

TEST(sink_lists_test, threads_read_whole_lists_while_they_are_replaced) {
  sink_lists lists;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      while (!stop) {
        const sink_lists::reader outer = lists.read();
        const sink_lists::reader inner = lists.read();
        for (const auto& list : {&outer, &inner})
          for (const auto& each : **list) EXPECT_EQ(each->level.load(), log_level::info);
      }
    });
  for (std::size_t i = 0; i < 20'000; ++i) lists.replace(list_of(i % 4));
  stop = true;
  for (std::thread& each : threads) each.join();
  lists.replace(list_of(0));
  EXPECT_EQ(counted_sink::alive, 0) << "each went, and once";
}

}  // namespace
}  // namespace interloop::detail
