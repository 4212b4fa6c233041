// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using test::counted;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class task_group_test : public test::loop_test {
 protected:
  future<void> note_after(duration delay, std::string name) {
    co_await sleep(delay);
    seen.push_back(std::move(name));
  }
  future<void> fail_after(duration delay, std::string text) {
    co_await sleep(delay);
    throw std::runtime_error(text);
  }
  /// Notes that it was cancelled, and ends a second later.
  future<void> clean_up(std::string name, bool fails = false) {
    bool stopped = false;
    try {
      co_await sleep(1h);
    } catch (const cancelled_error& why) {
      stopped = true;
      seen.push_back(name + ": " + why.what());
    }
    if (stopped) co_await sleep(1s);
    if (fails) throw std::logic_error(name + " failed to clean up");
    throw cancelled_error("as asked");
  }
  auto noting(duration delay, std::string name) {
    return [this, delay, name = std::move(name)] { return note_after(delay, name); };
  }

  std::vector<std::string> seen;
};

TEST_F(task_group_test, join_waits_for_all_tasks) {
  task_group group;
  group.spawn(noting(2s, "b"));
  group.spawn(noting(1s, "a"));
  group.add(note_after(3s, "c"));
  group.spawn([this] { seen.push_back("at once"); });
  const auto done = group.join();
  EXPECT_EQ(group.running(), 3u);
  manual.advance(2s);
  EXPECT_FALSE(is_called(done));
  manual.advance(1s);
  ASSERT_TRUE(is_called(done));
  EXPECT_FALSE(done.get_failure());
  EXPECT_THAT(seen, ElementsAre("at once", "a", "b", "c"));
}

TEST_F(task_group_test, an_empty_group_is_joined_at_once_and_a_group_may_be_used_again) {
  task_group group;
  EXPECT_TRUE(is_called(group.join()));
  group.spawn(noting(1s, "again"));
  const auto done = group.join();
  EXPECT_EQ(done, group.join());
  manual.advance(1s);
  EXPECT_FALSE(done.get_failure());
  EXPECT_THAT(seen, ElementsAre("again"));
}

TEST_F(task_group_test, the_first_failure_cancels_the_others_and_join_waits_for_them) {
  task_group group;
  group.spawn([this] { return clean_up("other"); });
  group.spawn([this] { return fail_after(1s, "broken"); });
  const auto done = group.join();
  manual.advance(1s);
  EXPECT_THAT(seen, ElementsAre("other: another task of its task_group failed"));
  EXPECT_FALSE(is_called(done));
  manual.advance(1s);
  ASSERT_TRUE(done.get_failure());
  EXPECT_TRUE(done.get_failure()->is<std::runtime_error>());
  EXPECT_EQ(done.get_failure()->message(), "broken");
}

TEST_F(task_group_test, join_gives_all_failures_as_causes) {
  task_group group;
  group.spawn([this] { return clean_up("x", true); });
  group.spawn([this] { return fail_after(1s, "broken"); });
  const auto done = group.join();
  manual.advance(2s);
  ASSERT_TRUE(done.get_failure()->is<group_error>());
  EXPECT_THAT(done.get_failure()->message(),
              "2 operations failed: std::runtime_error: broken; std::logic_error: x failed to clean up");
  EXPECT_THAT(
      failure_format_traceback(*done.get_failure()),
      HasSubstr("\n  caused by std::runtime_error: broken\n  caused by std::logic_error: x failed to clean up"));
  EXPECT_EQ(failures_of(*done.get_failure()).size(), 2u);
  EXPECT_EQ(failures_of(*group.join().get_failure()).size(), 2u) << "as often as one asks";
}

TEST_F(task_group_test, what_a_function_throws_is_the_failure_of_a_task) {
  task_group group;
  group.spawn([this] { return clean_up("other"); });
  EXPECT_TRUE(group.spawn([]() -> future<void> { throw std::out_of_range("at once"); }));
  EXPECT_TRUE(group.stopping());
  EXPECT_FALSE(group.spawn([this] { seen.push_back("never"); }));
  const auto done = group.join();
  manual.advance(1s);
  EXPECT_TRUE(done.get_failure()->is<std::out_of_range>());
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(task_group_test, cancelling_it_cancels_the_tasks_in_order_and_drops_those_that_wait) {
  task_group group(*manual, 2);
  for (const std::string name : {"a", "b", "c"}) group.spawn([this, name, held = counted()] { return clean_up(name); });
  EXPECT_EQ(group.running(), 2u);
  EXPECT_EQ(group.waiting(), 1u);
  const auto done = group.join();
  group.cancel("enough");
  EXPECT_EQ(group.waiting(), 0u);
  manual.run_ready();
  EXPECT_THAT(seen, ElementsAre("a: enough", "b: enough"));
  EXPECT_FALSE(is_called(done));
  manual.advance(1s);
  EXPECT_TRUE(done.get_failure()->is<cancelled_error>());
  EXPECT_EQ(done.get_failure()->message(), "enough");
}

TEST_F(task_group_test, cancelling_the_join_cancels_the_group) {
  task_group group;
  group.spawn([this] { return clean_up("a"); });
  const auto whole = [](api, task_group& all) -> future<void> { co_await all.join(); }(io, group);
  cancel(whole, "the request was aborted");
  manual.run_ready();
  EXPECT_THAT(seen, ElementsAre("a: the request was aborted"));
  EXPECT_FALSE(is_called(whole));
  manual.advance(1s);
  EXPECT_EQ(whole.get_failure()->message(), "the request was aborted");
}

TEST_F(task_group_test, a_task_that_was_cancelled_alone_is_not_a_failure) {
  task_group group;
  const auto one = note_after(1h, "never");
  group.add(one);
  group.spawn(noting(1s, "other"));
  const auto done = group.join();
  cancel(one);
  manual.advance(1s);
  EXPECT_THAT(seen, ElementsAre("other"));
  EXPECT_FALSE(done.get_failure());
}

TEST_F(task_group_test, at_most_as_many_run_at_once_as_allowed_first_come_first_served) {
  task_group group(*manual, 2);
  int running = 0;
  int most = 0;
  for (int i = 0; i < 6; ++i)
    group.spawn([&, i, this]() -> future<void> {
      most = std::max(most, ++running);
      co_await sleep(1s);
      --running;
      seen.push_back(std::to_string(i));
    });
  group.add(note_after(1ms, "added"));
  const auto done = group.join();
  EXPECT_EQ(group.running(), 3u);
  EXPECT_EQ(group.waiting(), 4u);
  manual.advance(3s);
  EXPECT_FALSE(done.get_failure());
  EXPECT_EQ(most, 2);
  EXPECT_THAT(seen, ElementsAre("added", "0", "1", "2", "3", "4", "5"));
}

TEST_F(task_group_test, functions_that_end_at_once_do_not_stop_those_that_wait) {
  task_group group(*manual, 1);
  group.spawn(noting(1s, "first"));
  for (int i = 0; i < 3; ++i) group.spawn([this, i] { seen.push_back(std::to_string(i)); });
  group.spawn(noting(1s, "last"));
  const auto done = group.join();
  manual.advance(2s);
  EXPECT_TRUE(is_called(done));
  EXPECT_THAT(seen, ElementsAre("first", "0", "1", "2", "last"));
}

TEST_F(task_group_test, tasks_and_callbacks_may_add_tasks) {
  task_group group;
  group.spawn([&]() -> future<void> {
    co_await sleep(1s);
    group.spawn(noting(1s, "of a task"));
  });
  const auto event = create_future<int>();
  add_callbacks(event, [&](int) { group.spawn(noting(2s, "of a callback")); });
  const auto done = group.join();
  resolve(event, 1);
  manual.advance(2s);
  EXPECT_FALSE(done.get_failure());
  EXPECT_THAT(seen, ElementsAre("of a callback", "of a task"));
}

TEST_F(task_group_test, arguments_and_captures_live_as_long_as_their_task) {
  task_group group;
  group.spawn(
      [name = std::string("captured")](std::vector<std::string>* into, std::unique_ptr<int> number) -> future<void> {
        co_await sleep(1s);
        into->push_back(name + std::to_string(*number));
      },
      &seen, std::make_unique<int>(7));
  const auto done = group.join();
  manual.advance(1s);
  EXPECT_THAT(seen, ElementsAre("captured7"));
}

TEST_F(task_group_test, a_future_added_to_a_group_that_was_cancelled_is_cancelled_and_awaited) {
  task_group group;
  group.cancel("closed");
  group.add(clean_up("late"));
  const auto done = group.join();
  manual.run_ready();
  EXPECT_THAT(seen, ElementsAre("late: closed"));
  EXPECT_FALSE(is_called(done));
  manual.advance(1s);
  EXPECT_EQ(done.get_failure()->message(), "closed");
}

TEST_F(task_group_test, a_future_that_has_failed_already_is_a_failure_of_the_group) {
  task_group group;
  group.add(create_future<int>(1));
  EXPECT_EQ(group.running(), 0u);
  group.add(create_future_error<int>(std::runtime_error("before")));
  EXPECT_FALSE(group.stopping());
  const auto done = group.join();
  manual.run_ready();
  EXPECT_EQ(done.get_failure()->message(), "before");
}

TEST_F(task_group_test, the_value_of_a_task_stays_in_its_future) {
  task_group group;
  auto boxed = create_future<std::unique_ptr<int>>();
  group.add(boxed);
  const auto done = group.join();
  resolve(boxed, std::make_unique<int>(9));
  manual.run_ready();
  ASSERT_TRUE(is_called(done));
  EXPECT_EQ(*boxed.take(), 9);
}

TEST_F(task_group_test, destroying_it_with_running_tasks_cancels_them_and_says_so) {
  {
    task_group group(*manual, 1);
    group.spawn([this] { return clean_up("orphan"); });
    group.spawn(noting(1s, "never"));
  }
  EXPECT_THAT(taken_reports(),
              ElementsAre(HasSubstr("destroyed while tasks of it were running or waiting (2, of the group "
                                    "made at")));
  manual.advance(2s);
  EXPECT_THAT(seen, ElementsAre("orphan: its task_group was destroyed"));
}

TEST_F(task_group_test, failures_that_nobody_joined_are_reported) {
  {
    task_group group;
    group.spawn([this] { return fail_after(1s, "unseen"); });
    manual.advance(1s);
  }
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("nobody joined the group: std::runtime_error: unseen")));
  {
    task_group group;
    group.spawn([this] { return clean_up("late", true); });
  }
  manual.advance(1s);
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("destroyed too early"), HasSubstr("late failed to clean up")));
}

TEST_F(task_group_test, closing_the_loop_destroys_the_tasks_without_a_report) {
  std::optional<task_group> group(std::in_place, *manual, 1);
  group->spawn([this, held = counted()] { return note_after(1s, "never"); });
  group->spawn([this, held = counted()] { return note_after(1s, "never"); });
  const auto done = group->join();
  manual->close();
  EXPECT_TRUE(done.get_failure()->is<loop_closed>());
  EXPECT_THROW(group->spawn([] {}), loop_closed);
  group.reset();
}

TEST_F(task_group_test, a_group_in_a_coroutine_that_closing_destroys_is_not_reported) {
  const auto whole = [](api async) -> future<void> {
    task_group group(async);
    group.add(async.sleep(1s));
    co_await group.join();
  }(io);
  manual->close();
  EXPECT_TRUE(whole.get_failure()->is<loop_closed>());
}

TEST_F(task_group_test, the_closing_of_another_loop_is_a_failure) {
  testing::manual_loop other;
  task_group group;
  group.add(with_config(*other).create_future<int>([] {}));
  const auto kept = with_config(*other).create_future<int>();
  group.add(kept);
  group.spawn([this] { return clean_up("here"); });
  const auto done = group.join();
  manual.run_ready();
  other->close();
  manual.advance(1s);
  EXPECT_TRUE(failures_of(*done.get_failure()).front().is<loop_closed>() ||
              failures_of(*done.get_failure()).front().is<broken_promise>());
  EXPECT_THAT(seen.size(), 1u);
}

TEST_F(task_group_test, a_canceller_may_add_tasks_and_close_the_loop) {
  task_group group;
  const auto adds = create_future<int>([&] { group.add(clean_up("added")); });
  group.add(adds);
  group.cancel("enough");
  const auto done = group.join();
  manual.advance(1s);
  EXPECT_THAT(seen, ElementsAre("added: enough"));
  EXPECT_TRUE(is_called(done));
  task_group closing;
  const auto closes = create_future<int>([this] { manual->close(); });
  closing.add(closes);
  closing.add(create_future<int>([] {}));
  closing.cancel();
}

TEST_F(task_group_test, a_task_may_destroy_its_group) {
  auto group = std::make_unique<task_group>();
  group->spawn([&] { group.reset(); });
  EXPECT_FALSE(group);
  group = std::make_unique<task_group>();
  group->spawn([&]() -> future<void> {
    co_await sleep(1s);
    group.reset();
  });
  manual.advance(1s);
  EXPECT_FALSE(group);
  EXPECT_EQ(taken_reports().size(), 1u) << "that task itself was running";
}

TEST_F(task_group_test, a_coroutine_with_the_group_as_a_parameter_belongs_to_its_loop) {
  testing::manual_loop other;
  task_group group(*other);
  const auto task = [](task_group&) -> future<void> { co_await yield(); }(group);
  EXPECT_EQ(&task.loop(), &*other);
  manual.run_ready();
  cancel(task);
}

TEST_F(task_group_test, a_group_can_be_moved) {
  task_group group;
  group.spawn(noting(1s, "moved"));
  task_group other = std::move(group);
  EXPECT_THROW(group.spawn([] {}), usage_error);
  const auto done = other.join();
  manual.advance(1s);
  EXPECT_THAT(seen, ElementsAre("moved"));
  EXPECT_THROW(task_group(*manual, 0), usage_error);
}

TEST_F(task_group_test, with_task_group_leaves_no_task_behind_however_its_body_ends) {
  const auto good = with_task_group([this](task_group& group) -> future<void> {
    group.spawn(noting(1s, "good"));
    co_await sleep(1ms);
  });
  const auto bad = with_task_group([this](task_group& group) -> future<void> {
    group.spawn([this] { return clean_up("bad"); });
    co_await sleep(1ms);
    throw std::runtime_error("the body failed");
  });
  manual.advance(10ms);
  EXPECT_FALSE(is_called(bad));
  manual.advance(2s);
  EXPECT_FALSE(good.get_failure());
  EXPECT_EQ(bad.get_failure()->message(), "the body failed");
  EXPECT_THAT(seen, ElementsAre("bad: another task of its task_group failed", "good"));
}

TEST_F(task_group_test, with_task_group_waits_even_if_its_body_throws_before_it_returns_a_future) {
  const auto whole = with_task_group([this](task_group& group) {
    group.spawn([this] { return clean_up("task"); });
    if (group.running() > 0) throw std::runtime_error("at once");
    return create_future<void>();
  });
  manual.run_ready();
  EXPECT_FALSE(is_called(whole));
  manual.advance(1s);
  EXPECT_EQ(whole.get_failure()->message(), "at once");
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(task_group_test, cancelling_with_task_group_cancels_its_body_and_its_tasks) {
  const auto whole = with_task_group(*manual, [this](task_group& group) -> future<void> {
    group.spawn([this] { return clean_up("task"); });
    co_await clean_up("body");
  });
  cancel(whole, "stop");
  manual.advance(1s);
  EXPECT_THAT(seen, ElementsAre("task: stop", "body: stop"));
  EXPECT_EQ(whole.get_failure()->message(), "stop");
}

TEST_F(task_group_test, a_thousand_tasks_that_end_in_any_order_are_all_joined) {
  task_group group;
  std::vector<future<int>> tasks;
  for (int i = 0; i < 1000; ++i) {
    tasks.push_back(create_future<int>());
    group.add(tasks.back());
  }
  const auto done = group.join();
  for (int i = 0; i < 1000; ++i) {
    resolve(tasks[static_cast<std::size_t>(i * 617 % 1000)], i);
    if (i % 10 == 0) manual.run_ready();
    if (i == 700) group.add(tasks.emplace_back(create_future<int>()));
  }
  manual.run_ready();
  EXPECT_FALSE(is_called(done));
  EXPECT_EQ(group.running(), 1u);
  resolve(tasks.back(), 1);
  manual.run_ready();
  EXPECT_FALSE(done.get_failure());
}

}  // namespace
}  // namespace interloop
