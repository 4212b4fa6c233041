// SPDX-License-Identifier: MIT
#include <interloop/channel.hpp>
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using item = std::unique_ptr<int>;

class channel_test : public test::loop_test {
 protected:
  static constexpr int at_end = -1;
  static constexpr int failed = -2;

  /// Sends one number, and notes it when it was sent.
  static future<void> put(api, channel<int>& to, int number, std::vector<int>& sent, test::counted = {}) {
    co_await to.send(number);
    sent.push_back(number);
  }
  future<void> send(channel<int>& to, int number) { return put(io, to, number, sent); }

  /// Receives one number, and notes it.
  static future<void> take(api, channel<int>& from, std::vector<int>& got, test::counted = {}) {
    try {
      const std::optional<int> number = co_await from.next();
      got.push_back(number.value_or(at_end));
    } catch (...) {
      got.push_back(failed);
      throw;
    }
  }
  future<void> receive(channel<int>& from) { return take(io, from, got); }

  std::vector<int> sent;
  std::vector<int> got;
};

TEST_F(channel_test, items_are_received_in_the_order_they_were_sent) {
  channel<int> ch(io, 3);
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(ch.try_send(i));
  EXPECT_EQ(ch.size(), 3U);
  const auto f = [](api, channel<int>& from, std::vector<int>& into) -> future<void> {
    while (auto number = co_await from.next()) into.push_back(*number);
    into.push_back(at_end);
  }(io, ch, got);
  EXPECT_THAT(got, ElementsAre(1, 2, 3)) << "without suspending";
  ch.close();
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(1, 2, 3, at_end));
}

TEST_F(channel_test, senders_wait_for_room_in_the_order_they_came) {
  channel<int> ch(io, 2);
  std::vector<future<void>> all;
  for (int i = 1; i <= 4; ++i) all.push_back(send(ch, i));
  EXPECT_THAT(sent, ElementsAre(1, 2));
  EXPECT_EQ(ch.size(), 2U);
  EXPECT_FALSE(ch.try_send(5));
  EXPECT_EQ(ch.try_next(), 1);
  EXPECT_EQ(ch.size(), 2U) << "the third is in";
  EXPECT_FALSE(ch.try_send(5)) << "nobody overtakes";
  manual.run_ready();
  EXPECT_THAT(sent, ElementsAre(1, 2, 3));
  for (int i = 2; i <= 4; ++i) EXPECT_EQ(ch.try_next(), i);
  EXPECT_EQ(ch.try_next(), std::nullopt);
  manual.run_ready();
  EXPECT_THAT(sent, ElementsAre(1, 2, 3, 4));
}

TEST_F(channel_test, receivers_wait_in_the_order_they_came) {
  channel<int> ch(io, unbounded);
  const auto a = receive(ch);
  const auto b = receive(ch);
  EXPECT_TRUE(ch.try_send(1));
  EXPECT_EQ(ch.size(), 0U) << "it is reserved";
  EXPECT_EQ(ch.try_next(), std::nullopt) << "nobody overtakes";
  EXPECT_TRUE(ch.try_send(2));
  EXPECT_TRUE(ch.try_send(3));
  EXPECT_THAT(got, IsEmpty());
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(1, 2));
  EXPECT_EQ(ch.try_next(), 3);
}

TEST_F(channel_test, without_room_a_sender_waits_until_its_item_is_received) {
  channel<int> ch(io, 0);
  EXPECT_FALSE(ch.try_send(9));
  const auto a = send(ch, 1);
  const auto b = send(ch, 2);
  manual.run_ready();
  EXPECT_THAT(sent, IsEmpty());
  EXPECT_EQ(ch.try_next(), 1);
  manual.run_ready();
  EXPECT_THAT(sent, ElementsAre(1));
  const auto c = receive(ch);
  EXPECT_THAT(got, ElementsAre(2));
  const auto d = receive(ch);
  EXPECT_TRUE(ch.try_send(3));
  EXPECT_FALSE(ch.try_send(4)) << "one receiver, one item";
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(2, 3));
}

TEST_F(channel_test, items_may_be_move_only) {
  channel<item> ch(io, 1);
  const auto f = [](api, channel<item>& to) -> future<void> {
    for (int i = 0; i < 3; ++i) co_await to.send(std::make_unique<int>(i));
    to.close();
  }(io, ch);
  const auto g = [](api, channel<item>& from, std::vector<int>& into) -> future<void> {
    while (auto each = co_await from.next()) into.push_back(**each);
  }(io, ch, got);
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(0, 1, 2));
  EXPECT_TRUE(is_called(g));
}

TEST_F(channel_test, many_items_keep_their_order) {
  channel<int> ch(io, unbounded);
  int next = 0;
  int expected = 0;
  for (int round = 1; round < 60; ++round) {
    for (int i = 0; i < round; ++i) ASSERT_TRUE(ch.try_send(next++));
    for (int i = 0; i < round / 2; ++i) ASSERT_EQ(ch.try_next(), expected++);
  }
  while (const auto number = ch.try_next()) ASSERT_EQ(number, expected++);
  EXPECT_EQ(expected, next);
}

// ---- Cancelling ----

TEST_F(channel_test, a_cancelled_receiver_gives_up_its_place) {
  channel<int> ch(io, 1);
  const auto a = receive(ch);
  const auto b = receive(ch);
  cancel(a);
  EXPECT_TRUE(ch.try_send(1));
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(failed, 1));
  EXPECT_TRUE(a.get_failure()->is<cancelled_error>());
}

TEST_F(channel_test, an_item_for_a_receiver_that_is_cancelled_in_the_same_turn_goes_to_the_next) {
  channel<int> ch(io, unbounded);
  const auto a = receive(ch);
  const auto b = receive(ch);
  const auto c = receive(ch);
  EXPECT_TRUE(ch.try_send(1));
  EXPECT_TRUE(ch.try_send(2));
  cancel(a);
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(failed, 1, 2));
}

TEST_F(channel_test, an_item_for_a_receiver_that_is_cancelled_stays_the_first_if_nobody_waits) {
  channel<int> ch(io, 1);
  const auto a = receive(ch);
  EXPECT_TRUE(ch.try_send(1));
  EXPECT_TRUE(ch.try_send(2));
  cancel(a);
  EXPECT_EQ(ch.size(), 2U) << "more than the capacity";
  EXPECT_FALSE(ch.try_send(3));
  EXPECT_EQ(ch.try_next(), 1);
  EXPECT_EQ(ch.try_next(), 2);
  manual.run_ready();
  EXPECT_EQ(ch.try_next(), std::nullopt);
}

TEST_F(channel_test, a_cancelled_sender_still_has_its_item) {
  channel<item> ch(io, 0);
  std::optional<int> kept;
  const auto f = [](api, channel<item>& to, std::optional<int>& left) -> future<void> {
    auto mine = std::make_unique<int>(7);
    try {
      co_await to.send(std::move(mine));
    } catch (const cancelled_error&) {
      if (mine) left = *mine;
    }
  }(io, ch, kept);
  cancel(f);
  manual.run_ready();
  EXPECT_EQ(kept, 7);
  EXPECT_EQ(ch.try_next(), std::nullopt);
}

TEST_F(channel_test, a_send_that_is_cancelled_when_the_item_is_in_was_sent_and_the_next_await_throws) {
  channel<int> ch(io, 0);
  const auto f = [](api on, channel<int>& to, std::vector<int>& done) -> future<void> {
    co_await to.send(1);
    done.push_back(1);
    const auto never = on.create_future<void>();
    co_await never;
    done.push_back(2);
  }(io, ch, sent);
  EXPECT_EQ(ch.try_next(), 1);
  cancel(f);
  manual.run_ready();
  EXPECT_THAT(sent, ElementsAre(1));
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
}

// ---- Closing ----

TEST_F(channel_test, closing_ends_receivers_that_wait) {
  channel<int> ch(io, 1);
  const auto a = receive(ch);
  const auto b = receive(ch);
  ch.close();
  ch.close();
  EXPECT_TRUE(ch.closed());
  const auto c = receive(ch);
  EXPECT_THAT(got, ElementsAre(at_end)) << "the one who came later need not wait";
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(at_end, at_end, at_end));
}

TEST_F(channel_test, what_is_in_a_closed_channel_is_received) {
  channel<int> ch(io, 2);
  EXPECT_TRUE(ch.try_send(1));
  EXPECT_TRUE(ch.try_send(2));
  ch.close();
  const auto a = receive(ch);
  const auto b = receive(ch);
  const auto c = receive(ch);
  EXPECT_THAT(got, ElementsAre(1, 2, at_end));
}

TEST_F(channel_test, an_item_that_a_cancelled_receiver_leaves_in_a_closed_channel_is_received) {
  channel<int> ch(io, 1);
  const auto a = receive(ch);
  EXPECT_TRUE(ch.try_send(1));
  ch.close();
  const auto b = receive(ch);
  const auto c = receive(ch);
  EXPECT_THAT(got, IsEmpty()) << "it is not known yet whether that is the end";
  cancel(a);
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(failed, 1, at_end));
}

TEST_F(channel_test, sending_to_a_closed_channel_throws_and_the_sender_still_has_its_item) {
  channel<item> ch(io, 0);
  std::vector<std::string> told;
  const auto send = [](api, channel<item>& to, std::vector<std::string>& texts) -> future<void> {
    auto mine = std::make_unique<int>(1);
    try {
      co_await to.send(std::move(mine));
    } catch (const channel_closed& thrown) {
      if (mine) texts.emplace_back(thrown.what());
    }
  };
  const auto waits = send(io, ch, told);
  ch.close();
  const auto late = send(io, ch, told);
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre(HasSubstr("the item was not sent"), HasSubstr("the item was not sent")));
  auto mine = std::make_unique<int>(1);
  EXPECT_THROW(static_cast<void>(ch.try_send(std::move(mine))), channel_closed);
  EXPECT_TRUE(mine);
}

TEST_F(channel_test, receivers_get_the_failure_that_it_was_closed_with_after_the_last_item) {
  channel<int> ch(io, 1);
  EXPECT_TRUE(ch.try_send(1));
  ch.close(create_failure(std::runtime_error("the disk is full")));
  ch.close();
  const auto a = receive(ch);
  const auto b = receive(ch);
  EXPECT_THAT(got, ElementsAre(1, failed));
  EXPECT_EQ(b.get_failure()->message(), "the disk is full");
  bool awaited = false;
  for (const auto& each : b.get_failure()->trace()) awaited = awaited || each.what == trace_entry::kind::awaited;
  EXPECT_TRUE(awaited) << "its history says who waited";
}

TEST_F(channel_test, receivers_that_wait_get_the_failure_too_even_if_the_channel_is_gone) {
  std::optional<channel<int>> ch(std::in_place, *manual, 1);
  const auto a = receive(*ch);
  ch->close(create_failure(std::runtime_error("the disk is full")));
  ch.reset();
  manual.run_ready();
  EXPECT_EQ(a.get_failure()->message(), "the disk is full");
}

// ---- Lifetimes ----

TEST_F(channel_test, destroying_it_tells_those_who_wait) {
  std::optional<channel<int>> ch(std::in_place, *manual, 0);
  const auto a = send(*ch, 1);
  std::optional<channel<int>> other(std::in_place, *manual, 0);
  const auto b = receive(*other);
  ch.reset();
  other.reset();
  manual.run_ready();
  EXPECT_TRUE(a.get_failure()->is<broken_promise>());
  EXPECT_TRUE(b.get_failure()->is<broken_promise>());
}

TEST_F(channel_test, an_item_that_came_before_it_was_destroyed_is_received) {
  std::optional<channel<test::counted>> ch(std::in_place, *manual, 2);
  std::optional<int> value;
  const auto f = [](api, channel<test::counted>& from, std::optional<int>& received) -> future<void> {
    auto each = co_await from.next();
    if (each) received = each->value;
  }(io, *ch, value);
  EXPECT_TRUE(ch->try_send(test::counted(5)));
  EXPECT_TRUE(ch->try_send(test::counted(6)));
  ch.reset();
  manual.run_ready();
  EXPECT_EQ(value, 5);
  EXPECT_EQ(test::counted::alive(), 0) << "nobody received the other one";
}

TEST_F(channel_test, closing_the_loop_ends_those_who_wait_and_those_who_were_served) {
  channel<int> ch(io, 0);
  const auto a = send(ch, 1);
  const auto b = send(ch, 2);
  EXPECT_EQ(ch.try_next(), 1);
  channel<int> other(io, 1);
  const auto c = receive(other);
  const auto d = receive(other);
  EXPECT_TRUE(other.try_send(3));
  manual->close();
  EXPECT_EQ(test::counted::alive(), 0);
  for (const auto& each : {a, b, c, d}) EXPECT_TRUE(each.get_failure()->is<loop_closed>());
  EXPECT_EQ(ch.try_next(), std::nullopt) << "it outlives the loop";
  EXPECT_EQ(other.try_next(), 3) << "nobody received it";
}

TEST_F(channel_test, coroutines_of_another_loop_go_on_in_their_own) {
  testing::manual_loop other;
  channel<int> ch(io, 0);
  const auto a = take(api(*other), ch, got);
  const auto b = send(ch, 1);
  manual.run_ready();
  EXPECT_THAT(got, IsEmpty());
  other.run_ready();
  EXPECT_THAT(got, ElementsAre(1));
}

// ---- Callbacks ----

TEST_F(channel_test, callbacks_get_futures) {
  channel<item> ch(io, 0);
  const future<std::optional<item>> next = ch.next();
  add_callbacks(next, [&](std::optional<item> each) { got.push_back(**each); });
  const future<void> done = ch.send(std::make_unique<int>(4));
  add_callbacks(done, [&] { sent.push_back(4); });
  manual.run_ready();
  EXPECT_THAT(got, ElementsAre(4));
  EXPECT_THAT(sent, ElementsAre(4));
}

TEST_F(channel_test, a_future_of_an_item_that_is_cancelled_loses_none) {
  channel<int> ch(io, 1);
  const auto f = ch.next().as_future();
  EXPECT_TRUE(ch.try_send(1));
  cancel(f);
  manual.run_ready();
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  EXPECT_EQ(ch.try_next(), 1);
}

TEST_F(channel_test, a_future_of_a_send_that_is_cancelled_destroys_the_item) {
  channel<test::counted> ch(io, 0);
  const auto f = ch.send(test::counted(1)).as_future();
  cancel(f);
  manual.run_ready();
  EXPECT_EQ(test::counted::alive(), 0);
  EXPECT_FALSE(ch.try_next());
}

}  // namespace
}  // namespace interloop
