// SPDX-License-Identifier: MIT
#include <interloop/detail/task_queue.hpp>

#include "support/counted.hpp"

#include <gtest/gtest.h>

#include <random>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

namespace interloop::detail {
namespace {

using test::at_destruction;
using test::counted;

class task_queue_test : public ::testing::Test {
 protected:
  void run_all() {
    while (!queue.empty()) queue.run_front();
  }
  void TearDown() override {
    queue.clear();
    EXPECT_EQ(counted::alive(), 0);
  }

  std::vector<int> ran;
  task_queue queue;
};

TEST_F(task_queue_test, runs_callables_in_the_order_they_were_pushed) {
  for (int i = 0; i < 5; ++i) queue.push([this, i] { ran.push_back(i); });
  EXPECT_FALSE(queue.empty());
  run_all();
  EXPECT_EQ(ran, (std::vector{0, 1, 2, 3, 4}));
  EXPECT_TRUE(queue.empty());
}

TEST_F(task_queue_test, keeps_the_order_of_callables_of_different_sizes_over_many_blocks) {
  for (int i = 0; i < 3000; ++i) {
    if (i % 3 == 0) queue.push([this, i] { ran.push_back(i); });
    if (i % 3 == 1) queue.push([this, i, pad = std::array<char, 200>{}] { ran.push_back(i + pad[0]); });
    if (i % 3 == 2) queue.push([this, i, pad = std::array<char, 1000>{}] { ran.push_back(i + pad[0]); });
  }
  run_all();
  ASSERT_EQ(ran.size(), 3000u);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST_F(task_queue_test, reuses_its_blocks_when_it_is_filled_and_emptied_in_turn) {
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 40; ++i) queue.push([this, pad = std::array<char, 240>{}] { ran.push_back(pad[0]); });
    for (int i = 0; i < 30; ++i) queue.run_front();
  }
  EXPECT_EQ(ran.size(), 1500u);
  run_all();
  EXPECT_EQ(ran.size(), 2000u);
}

TEST_F(task_queue_test, destroys_each_callable_once_after_it_ran) {
  for (int i = 0; i < 10; ++i) queue.push([held = counted(i)] {});
  queue.push([held = counted(0), pad = std::array<char, 500>{}] { static_cast<void>(pad); });
  EXPECT_EQ(counted::alive(), 11);
  for (int left = 10; left >= 0; --left) {
    queue.run_front();
    EXPECT_EQ(counted::alive(), left);
  }
}

TEST_F(task_queue_test, clear_destroys_every_callable_without_calling_it) {
  for (int i = 0; i < 500; ++i) queue.push([this, held = counted(i)] { ran.push_back(held.value); });
  queue.clear();
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(ran.empty());
  queue.push([this] { ran.push_back(1); });
  run_all();
  EXPECT_EQ(ran, std::vector{1});
}

TEST_F(task_queue_test, destroying_the_queue_destroys_the_callables_in_it) {
  {
    task_queue other;
    for (int i = 0; i < 100; ++i)
      other.push([held = counted(i), pad = std::array<char, 200>{}] { static_cast<void>(pad); });
  }
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(task_queue_test, takes_move_only_callables) {
  queue.push([this, one = std::make_unique<int>(7)] { ran.push_back(*one); });
  run_all();
  EXPECT_EQ(ran, std::vector{7});
}

TEST_F(task_queue_test, takes_callables_with_strict_alignment) {
  struct alignas(64) aligned {
    std::vector<int>* ran;
    counted held;
    void operator()() const { ran->push_back(reinterpret_cast<std::uintptr_t>(this) % 64 == 0 ? 1 : 0); }
  };
  queue.push([this] { ran.push_back(0); });
  queue.push(aligned{&ran, {}});
  run_all();
  EXPECT_EQ(ran, (std::vector{0, 1}));
}

TEST_F(task_queue_test, a_callable_whose_move_may_throw_does_not_move_inside_the_queue) {
  struct heavy {
    std::vector<int>* ran;
    bool throws = false;
    heavy(std::vector<int>* to, bool t) : ran(to), throws(t) {}
    heavy(const heavy& other) : ran(other.ran), throws(other.throws) {
      if (throws) throw std::runtime_error("copy");
    }
    void operator()() const { ran->push_back(1); }
  };
  const heavy fine(&ran, false);
  queue.push(fine);
  const heavy bad(&ran, true);
  EXPECT_THROW(queue.push(bad), std::runtime_error);
  EXPECT_FALSE(queue.several());
  run_all();
  EXPECT_EQ(ran, std::vector{1});
}

TEST_F(task_queue_test, a_copy_that_throws_at_the_end_of_a_block_leaves_the_queue_as_it_was) {
  // Moving does not throw, so the record lies in the block itself; copying it in does.
  struct sly {
    std::vector<int>* ran;
    std::array<char, 200> pad{};
    explicit sly(std::vector<int>* to) : ran(to) {}
    sly(const sly&) { throw std::runtime_error("copy"); }
    sly(sly&& other) noexcept : ran(other.ran) {}
    void operator()() const { ran->push_back(-1); }
  };
  const sly bad(&ran);
  int pushed = 0;
  for (int i = 0; i < 200; ++i) {
    EXPECT_THROW(queue.push(bad), std::runtime_error);
    queue.push([this, i, pad = std::array<char, 180>{}] { ran.push_back(i + pad[0]); });
    ++pushed;
    if (i % 3 == 0) {
      queue.run_front();
      EXPECT_THROW(queue.push(bad), std::runtime_error);
    }
  }
  run_all();
  ASSERT_EQ(ran.size(), static_cast<std::size_t>(pushed));
  for (int i = 0; i < pushed; ++i) ASSERT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST_F(task_queue_test, an_exception_of_a_callable_passes_through_and_its_record_is_gone) {
  queue.push([held = counted(1)] { throw std::runtime_error("escapes"); });
  queue.push([this] { ran.push_back(2); });
  EXPECT_THROW(queue.run_front(), std::runtime_error);
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(queue.several());
  run_all();
  EXPECT_EQ(ran, std::vector{2});
}

TEST_F(task_queue_test, a_callable_may_push_more) {
  queue.push([this] {
    ran.push_back(1);
    for (int i = 0; i < 100; ++i) queue.push([this, pad = std::array<char, 250>{}] { ran.push_back(2 + pad[0]); });
  });
  run_all();
  EXPECT_EQ(ran.size(), 101u);
}

TEST_F(task_queue_test, a_callable_may_run_those_behind_it) {
  queue.push([this, held = counted(1)] {
    run_all();
    ran.push_back(held.value);
  });
  queue.push([this, held = counted(2)] { ran.push_back(held.value); });
  run_all();
  EXPECT_EQ(ran, (std::vector{2, 1}));
}

TEST_F(task_queue_test, a_callable_may_clear_the_queue_and_continue) {
  queue.push([this, held = counted(1)] {
    queue.clear();
    ran.push_back(held.value);
    EXPECT_FALSE(held.moved_from);
    queue.push([this] { ran.push_back(3); });
  });
  for (int i = 0; i < 200; ++i) queue.push([this, held = counted(2)] { ran.push_back(held.value); });
  run_all();
  EXPECT_EQ(ran, (std::vector{1, 3}));
}

TEST_F(task_queue_test, a_callable_that_a_destructor_pushes_while_the_queue_is_cleared_is_destroyed_too) {
  queue.push([guard = at_destruction([this] { queue.push([this, held = counted(1)] { ran.push_back(1); }); })] {});
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(ran.empty());
}

TEST_F(task_queue_test, swap_exchanges_the_contents) {
  task_queue other;
  for (int i = 0; i < 300; ++i) queue.push([this, held = counted(i)] { ran.push_back(held.value); });
  other.push([this] { ran.push_back(-1); });
  queue.swap(other);
  EXPECT_FALSE(queue.several());
  EXPECT_TRUE(other.several());
  run_all();
  while (!other.empty()) other.run_front();
  EXPECT_EQ(ran.size(), 301u);
  EXPECT_EQ(ran.front(), -1);
  EXPECT_EQ(ran.back(), 299);
}

class task_queue_generation_test : public task_queue_test {
 protected:
  void run_generation() {
    queue.run_generation([this] { ++escaped; });
  }
  // Enough callables to need several blocks.
  void push_many() {
    for (int i = 0; i < 300; ++i) queue.push([this, held = counted(i)] { ran.push_back(held.value); });
  }

  int escaped = 0;
};

TEST_F(task_queue_generation_test, runs_the_queued_callables_but_not_the_ones_that_they_push) {
  for (int i = 0; i < 300; ++i)
    queue.push([this, i] {
      ran.push_back(i);
      queue.push([this, i] { ran.push_back(1000 + i); });
    });
  run_generation();
  ASSERT_EQ(ran.size(), 300u);
  EXPECT_EQ(ran.back(), 299);
  run_generation();
  ASSERT_EQ(ran.size(), 600u);
  EXPECT_EQ(ran.back(), 1299);
  EXPECT_TRUE(queue.empty());
}

TEST_F(task_queue_generation_test, ends_at_the_end_of_a_block_that_more_was_pushed_behind) {
  // Some number of records fills a block exactly, so that the generation ends at the block's end.
  for (int count = 480; count < 540; ++count) {
    ran.clear();
    for (int i = 0; i < count; ++i) queue.push([this] { ran.push_back(0); });
    queue.push([this] {
      for (int i = 0; i < 3; ++i) queue.push([this] { ran.push_back(1); });
      ran.push_back(0);
    });
    run_generation();
    ASSERT_EQ(ran.size(), static_cast<std::size_t>(count) + 1);
    run_generation();
    ASSERT_EQ(ran.size(), static_cast<std::size_t>(count) + 4);
    ASSERT_TRUE(queue.empty());
  }
}

TEST_F(task_queue_generation_test, continues_after_each_callable_that_throws) {
  for (int i = 0; i < 300; ++i)
    queue.push([this, i, held = counted(i)] {
      if (i % 3 == 0 || i == 299) {
        queue.push([this] { ran.push_back(-1); });
        throw std::runtime_error("escapes");
      }
      ran.push_back(i);
    });
  run_generation();
  EXPECT_EQ(escaped, 101);
  EXPECT_EQ(ran.size(), 199u);
  EXPECT_EQ(counted::alive(), 0);
  run_generation();
  EXPECT_EQ(ran.size(), 300u);
  EXPECT_TRUE(queue.empty());
}

TEST_F(task_queue_generation_test, ends_if_a_nested_run_has_run_the_rest) {
  queue.push([this] {
    run_generation();
    queue.push([this] { ran.push_back(-1); });
  });
  push_many();
  run_generation();
  EXPECT_EQ(ran.size(), 300u);
  EXPECT_FALSE(queue.several());
  run_generation();
  EXPECT_EQ(ran.back(), -1);
}

TEST_F(task_queue_generation_test, a_nested_run_followed_by_an_exception_runs_nothing_twice) {
  queue.push([this] {
    run_generation();
    push_many();
    throw std::runtime_error("escapes");
  });
  push_many();
  run_generation();
  EXPECT_EQ(escaped, 1);
  EXPECT_EQ(ran.size(), 300u);
  run_generation();
  EXPECT_EQ(ran.size(), 600u);
}

TEST_F(task_queue_generation_test, ends_if_the_queue_was_cleared) {
  queue.push([this] {
    queue.clear();
    push_many();
  });
  push_many();
  run_generation();
  EXPECT_TRUE(ran.empty());
  run_generation();
  EXPECT_EQ(ran.size(), 300u);
}

TEST_F(task_queue_generation_test, on_an_empty_queue_does_nothing) {
  run_generation();
  EXPECT_FALSE(queue.several());
  EXPECT_EQ(escaped, 0);
}

TEST_F(task_queue_test, distinguishes_one_from_several_even_if_the_second_is_in_the_next_block) {
  EXPECT_FALSE(queue.several());
  for (int i = 0; i < 2000; ++i) {
    queue.push([this] { ran.push_back(1); });
    EXPECT_FALSE(queue.several());
    queue.push([this] { ran.push_back(2); });
    EXPECT_TRUE(queue.several());
    queue.run_front();
    if (i % 7 == 0)
      queue.run_front();
    else
      queue.clear();
  }
}

struct visited {
  int run = 0;
  int destroyed = 0;
};
void run_it(visited& it) noexcept { ++it.run; }
void destroy_it(visited& it) noexcept { ++it.destroyed; }

TEST_F(task_queue_test, a_reference_is_run_or_destroyed_in_its_place) {
  visited it;
  const task_queue::kind& kind = task_queue::kind_of_reference<visited, &run_it, &destroy_it>;
  queue.push([&] { ran.push_back(it.run); });
  EXPECT_TRUE(queue.push_reference(kind, &it));
  queue.push([&] { ran.push_back(it.run); });
  run_all();
  EXPECT_EQ(ran, (std::vector{0, 1}));
  EXPECT_TRUE(queue.push_reference(kind, &it));
  queue.clear();
  EXPECT_EQ(it.run, 1);
  EXPECT_EQ(it.destroyed, 1);
}

TEST_F(task_queue_test, takes_function_pointers_and_std_functions) {
  static int called;
  called = 0;
  queue.push(+[] { ++called; });
  queue.push(std::function<void()>([] { ++called; }));
  run_all();
  EXPECT_EQ(called, 2);
}

// Small and large records in many blocks; what a mark finds must be what was pushed, whatever has run meanwhile.
TEST(task_queue_mark_test, counts_what_was_pushed_since) {
  task_queue queue;
  task_queue::mark mark = queue.end_mark();
  std::mt19937 random(1);
  std::size_t queued = 0;
  const auto push = [&] {
    if (random() % 2 == 0) {
      queue.push([] {});
    } else {
      queue.push([big = std::array<char, 200>()] { static_cast<void>(big); });
    }
    ++queued;
  };
  for (int step = 0; step < 3'000; ++step) {
    const std::size_t many = random() % 3 == 0 ? random() % 40 : 0;
    for (std::size_t i = 0; i < many; ++i) push();
    ASSERT_EQ(queue.pushed_since(mark), many) << step;
    ASSERT_EQ(queue.size(), queued) << step;
    for (std::size_t run = random() % 12; run > 0 && queued > 0; --run) {
      mark = queue.end_mark_without_front();
      queue.run_front();
      --queued;
      ASSERT_EQ(queue.pushed_since(mark), 0U) << step;
    }
  }
}

TEST(task_queue_watch_test, is_told_of_each_callable_and_of_what_it_refers_to_and_where_it_comes_from) {
  task_queue queue;
  int ran = 0;
  visited it;
  queue.push([&ran] { ++ran; });
  const auto here = std::source_location::current();
  queue.push([] { throw std::runtime_error("x"); }, here);
  ASSERT_TRUE(queue.push_reference(task_queue::kind_of_reference<visited, &run_it, &destroy_it>, &it));
  struct {
    std::vector<const void*> objects;
    std::vector<unsigned> lines;
    int ended = 0;
    void begins(const task_queue::header& record) {
      objects.push_back(task_queue::object_of(record));
      lines.push_back(task_queue::place_of(record).line());
    }
    void ends() { ++ended; }
  } watch;
  int escaped = 0;
  EXPECT_EQ(queue.run_generation([&]() noexcept { ++escaped; }, watch), 3U);
  EXPECT_EQ(watch.objects, (std::vector<const void*>{nullptr, nullptr, &it}));
  EXPECT_EQ(watch.lines, (std::vector<unsigned>{0, here.line(), 0}));
  EXPECT_EQ(watch.ended, 3);
  EXPECT_EQ(escaped, 1);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(it.run, 1);
}

}  // namespace
}  // namespace interloop::detail
