// SPDX-License-Identifier: MIT
// The end of a channel that other threads send to.
#include <interloop/blocking.hpp>
#include <interloop/channel.hpp>
#include <interloop/interloop.hpp>

#include "support/blocking.hpp"
#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using item = std::unique_ptr<int>;

class remote_sender_test : public test::loop_test {
 protected:
  static future<void> read_all(api, channel<item>& from, std::vector<int>& got) {
    while (auto each = co_await from.next()) got.push_back(**each);
    got.push_back(-1);
  }
  std::vector<int> got;
};

TEST_F(remote_sender_test, what_a_thread_sends_comes_in_order_and_then_its_close) {
  channel<item> ch(io, unbounded);
  const auto f = read_all(io, ch, got);
  std::thread([to = ch.remote()] {
    for (int i = 1; i <= 3; ++i) EXPECT_TRUE(to.try_send(std::make_unique<int>(i)));
    to.close();
  }).join();
  EXPECT_THAT(got, IsEmpty()) << "in a turn of the loop";
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(1, 2, 3, -1));
}

TEST_F(remote_sender_test, a_thread_may_close_it_with_a_failure) {
  channel<item> ch(io, 1);
  const auto f = read_all(io, ch, got);
  std::thread([to = ch.remote()] { to.close(create_failure(std::runtime_error("lost the connection"))); }).join();
  manual.run_ready();
  EXPECT_EQ(f.get_failure()->message(), "lost the connection");
}

TEST_F(remote_sender_test, there_is_no_room_for_more_than_the_capacity_under_way_included) {
  channel<item> ch(io, 2);
  const auto to = ch.remote();
  EXPECT_TRUE(ch.try_send(std::make_unique<int>(1)));
  EXPECT_TRUE(to.try_send(std::make_unique<int>(2)));
  auto mine = std::make_unique<int>(3);
  EXPECT_FALSE(to.try_send(std::move(mine)));
  EXPECT_TRUE(mine) << "it was not taken";
  manual.run_ready();
  EXPECT_FALSE(to.try_send(std::move(mine))) << "both are in the channel now";
  EXPECT_TRUE(ch.try_next());
  EXPECT_TRUE(to.try_send(std::move(mine)));
  manual.run_ready();
  EXPECT_EQ(ch.size(), 2U);
}

TEST_F(remote_sender_test, to_a_channel_without_room_one_item_may_be_under_way) {
  channel<item> ch(io, 0);
  const auto to = ch.remote();
  EXPECT_TRUE(to.try_send(std::make_unique<int>(1)));
  EXPECT_FALSE(to.try_send(std::make_unique<int>(2)));
}

TEST_F(remote_sender_test, when_the_channel_is_closed_or_gone_sending_throws) {
  std::optional<channel<item>> ch(std::in_place, *manual, 2);
  const auto to = ch->remote();
  auto mine = std::make_unique<int>(1);
  ch->close();
  EXPECT_TRUE(to.closed());
  EXPECT_THROW(static_cast<void>(to.try_send(std::move(mine))), channel_closed);
  ch.reset();
  EXPECT_THROW(static_cast<void>(to.try_send(std::move(mine))), channel_closed);
  EXPECT_TRUE(mine);
  to.close();
  manual.run_ready();
}

TEST_F(remote_sender_test, an_end_of_a_channel_that_is_closed_knows_it_from_the_start) {
  channel<item> ch(io, 2);
  ch.close();
  EXPECT_TRUE(ch.remote().closed());
}

TEST_F(remote_sender_test, items_that_arrive_too_late_are_destroyed) {
  std::optional<channel<test::counted>> ch(std::in_place, *manual, 2);
  const auto to = ch->remote();
  EXPECT_TRUE(to.try_send(test::counted(1)));
  ch->close();
  manual.run_ready();
  EXPECT_EQ(test::counted::alive(), 0);
  std::optional<channel<test::counted>> other(std::in_place, *manual, 2);
  const auto there = other->remote();
  EXPECT_TRUE(there.try_send(test::counted(1)));
  other.reset();
  manual.run_ready();
  EXPECT_EQ(test::counted::alive(), 0);
}

TEST_F(remote_sender_test, it_may_outlive_the_loop) {
  const auto to = [] {
    testing::manual_loop other;
    channel<test::counted> ch(*other, 2);
    auto made = ch.remote();
    EXPECT_TRUE(made.try_send(test::counted(1)));
    other->close();
    EXPECT_THROW(static_cast<void>(made.try_send(test::counted(2))), loop_closed);
    return made;
  }();
  EXPECT_THROW(static_cast<void>(to.try_send(test::counted(3))), channel_closed);
  to.close();
  EXPECT_EQ(test::counted::alive(), 0);
}

// Also where the channel is full: nobody will make room.
TEST_F(remote_sender_test, it_says_when_the_loop_is_closed_even_if_the_channel_is_full_or_has_no_room) {
  for (const std::size_t capacity : {0U, 1U, 2U}) {
    testing::manual_loop other;
    channel<test::counted> ch(*other, capacity);
    auto made = ch.remote();
    while (made.try_send(test::counted(1))) other.run_ready();
    other->close();
    EXPECT_THROW(static_cast<void>(made.try_send(test::counted(2))), loop_closed) << capacity;
  }
  EXPECT_EQ(test::counted::alive(), 0);
}

class remote_sender_threads_test : public blocking_test::on_each_loop {
 protected:
  struct received {
    loop_hold hold = current_loop().hold();
    channel<std::pair<int, item>> numbers{current_loop(), 8};
    std::vector<std::vector<int>> by_thread{2};
  };
  static future<void> read_all(received& in) {
    while (auto each = co_await in.numbers.next())
      in.by_thread[static_cast<std::size_t>(each->first)].push_back(*each->second);
  }
};

TEST_P(remote_sender_threads_test, threads_that_send_at_once_lose_nothing_and_each_keeps_its_order) {
  constexpr int count = 300;
  std::unique_ptr<received> in;
  std::optional<remote_sender<std::pair<int, item>>> to;
  wait_for(*thread, 60s, [&] {
    in = std::make_unique<received>();
    to = in->numbers.remote();
  })();
  const auto done = run_in_reactor(*thread, [&] { return read_all(*in); })();
  {
    std::vector<std::thread> senders;
    for (int name = 0; name < 2; ++name) {
      senders.emplace_back([name, to = *to] {
        for (int i = 0; i < count; ++i) {
          std::pair<int, item> next(name, std::make_unique<int>(i));
          while (!to.try_send(std::move(next))) std::this_thread::yield();
        }
      });
    }
    for (auto& each : senders) each.join();
  }
  to->close();
  done.wait(60s);
  for (const auto& each : in->by_thread) {
    ASSERT_EQ(each.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) EXPECT_EQ(each[static_cast<std::size_t>(i)], i);
  }
  wait_for(*thread, 60s, [&] { in.reset(); })();
}

TEST_P(remote_sender_threads_test, a_thread_that_sends_while_the_loop_stops_gets_an_error) {
  std::unique_ptr<received> in;
  std::optional<remote_sender<std::pair<int, item>>> to;
  wait_for(*thread, 60s, [&] {
    in = std::make_unique<received>();
    to = in->numbers.remote();
  })();
  const auto done = run_in_reactor(*thread, [&] { return read_all(*in); })();
  std::atomic<bool> began = false;
  std::thread sender([&began, to = *to] {
    try {
      for (int i = 0;; ++i) {
        static_cast<void>(to.try_send({0, std::make_unique<int>(i)}));
        began = true;
      }
    } catch (const loop_closed&) {
    }
  });
  while (!began) std::this_thread::yield();
  thread.reset();
  sender.join();
  EXPECT_THROW(done.wait(60s), reactor_stopped);
  in.reset();
}

INTERLOOP_ON_EACH_LOOP(remote_sender_threads_test);

}  // namespace
}  // namespace interloop
