// SPDX-License-Identifier: MIT
// Awaiting what is not a future in a coroutine of ours: what it gets, when it goes on, and what becomes of both sides.
// Threads are tested in awaitables_threads_test, futures in other coroutines in awaited_outside_test.
#include <interloop/awaitables.hpp>
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"
#include "support/other_coroutines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop {
namespace test {
namespace {

// Keeps the handle, and does at its suspension what it was told.
class keeper {
 public:
  explicit keeper(std::coroutine_handle<>& kept) : kept_(&kept) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) const noexcept { *kept_ = who; }
  int await_resume() const noexcept { return 7; }

 private:
  std::coroutine_handle<>* kept_;
};

// A lazy task that may be destroyed while it is awaited.
struct owned_task : lazy_task<int> {
  explicit owned_task(lazy_task<int>&& from) noexcept : lazy_task(std::move(from)) {}
};

// What `operation` does when it is asked to stop.
enum class asked_to_stop : unsigned char { answers_later, answers_at_once, throws };

// An operation of another library. Those that are derived from it can be cancelled, each in another way.
struct operation {
  std::coroutine_handle<> waiter;
  asked_to_stop then = asked_to_stop::answers_later;
  int asked = 0;

  void stop() {
    ++asked;
    if (then == asked_to_stop::throws) throw std::runtime_error("cannot be stopped");
    if (then == asked_to_stop::answers_at_once) end();
  }
  void end() { std::exchange(waiter, nullptr).resume(); }
};
struct waits_for_operation {
  operation* of;
  counted held;

  explicit waits_for_operation(operation& from) : of(&from) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) const noexcept { of->waiter = who; }
  std::string await_resume() const {
    if (of->asked > 0) throw std::runtime_error("stopped");
    return "ended";
  }
};
struct with_member : waits_for_operation {
  using waits_for_operation::waits_for_operation;
  void cancel() const { of->stop(); }
};
struct with_awaiter : private waits_for_operation {
  explicit with_awaiter(operation& from) : waits_for_operation(from) {}
  auto operator co_await() const { return with_member(*of); }
};
struct with_traits : waits_for_operation {
  using waits_for_operation::waits_for_operation;
};

}  // namespace
}  // namespace test

template <>
struct await_traits<test::owned_task> {
  static constexpr bool destroyable = true;
};
template <>
struct await_traits<test::with_traits> {
  static void cancel(const test::with_traits& awaited) { awaited.of->stop(); }
};

namespace test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class awaitables_test : public loop_test {
 protected:
  // Awaits what `make` makes; the coroutine's own object is counted.
  template <class Make>
  auto awaits(Make make) -> future<std::decay_t<decltype(make().await_resume())>> {
    const counted mine;
    co_return co_await make();
  }
  future<int> awaits_keeper() {
    return awaits([this] { return keeper(handle); });
  }

  std::coroutine_handle<> handle;  // what the other side got
};

// ---- The forms ----

TEST_F(awaitables_test, an_await_that_is_over_does_not_suspend) {
  const future<int> f = [](api) -> future<int> {
    co_await std::suspend_never();
    struct ready : keeper {
      using keeper::keeper;
      [[nodiscard]] bool await_ready() const noexcept { return true; }
    };
    std::coroutine_handle<> untouched;
    const int value = co_await ready(untouched);
    EXPECT_FALSE(untouched);
    co_return value;
  }(io);
  ASSERT_TRUE(is_called(f));
  EXPECT_EQ(f.value(), 7);
}

// Resumes inside `await_suspend`, or refuses to be suspended, depending on what that returns.
template <class Returned>
struct answers_at_once {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  Returned await_suspend(std::coroutine_handle<> who) const {
    if constexpr (std::is_void_v<Returned>) {
      who.resume();
    } else if constexpr (std::is_same_v<Returned, bool>) {
      return false;
    } else {
      return who;
    }
  }
  int await_resume() const noexcept { return 5; }
};

TEST_F(awaitables_test, an_await_that_is_not_suspended_goes_on_at_once) {
  const future<int> f = [](api) -> future<int> { co_return co_await answers_at_once<bool>(); }(io);
  ASSERT_TRUE(is_called(f));
  EXPECT_EQ(f.value(), 5);
}

TEST_F(awaitables_test, one_that_is_resumed_inside_await_suspend_goes_on_in_a_turn) {
  for (const bool in_turn : {false, true}) {
    future<int> f, g;
    bool went_on_inside = false;
    const auto start = [&] {
      f = [](api) -> future<int> { co_return co_await answers_at_once<void>(); }(io);
      g = [](api) -> future<int> { co_return co_await answers_at_once<std::coroutine_handle<>>(); }(io);
      went_on_inside = is_called(f) || is_called(g);
    };
    if (in_turn) {
      manual->call_soon(start);
    } else {
      start();
    }
    manual.run_ready();
    EXPECT_FALSE(went_on_inside);
    EXPECT_EQ(f.value() + g.value(), 10);
  }
}

TEST_F(awaitables_test, one_that_is_resumed_later_goes_on_in_a_turn) {
  const future<int> f = awaits_keeper();
  handle.resume();
  EXPECT_FALSE(is_called(f)) << "not inside the call that completes it";
  manual.run_ready();
  EXPECT_EQ(f.value(), 7);

  const future<int> g = awaits_keeper();
  bool went_on_inside = true;
  manual->call_soon([&] {
    handle.resume();
    went_on_inside = is_called(g);
  });
  manual.run_ready();
  EXPECT_FALSE(went_on_inside);
  EXPECT_EQ(g.value(), 7);
}

// A member, and a template of the promise, as libraries have it that look at who awaits.
struct typed {
  std::coroutine_handle<>* kept;
  struct awaiter {
    std::coroutine_handle<>* kept;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
      requires(!std::is_void_v<Promise>)
    bool await_suspend(std::coroutine_handle<Promise> who) {
      *kept = std::coroutine_handle<Promise>::from_promise(who.promise());
      return true;
    }
    int await_resume() const noexcept { return 2; }
  };
  explicit typed(std::coroutine_handle<>& at) : kept(&at) {}
  awaiter operator co_await() const { return {kept}; }
};

TEST_F(awaitables_test, members_functions_and_handles_of_any_promise_are_accepted) {
  one_event event;  // a free operator co_await
  const future<int> f = [](api, one_event& awaited) -> future<int> {
    co_await awaited;
    co_return 1;
  }(io, event);
  event.set();

  const future<int> g = [](api, std::coroutine_handle<>& at) -> future<int> { co_return co_await typed(at); }(io,
                                                                                                              handle);
  handle.resume();
  manual.run_ready();
  EXPECT_EQ(f.value() + g.value(), 3);
}

// ---- The result ----

lazy_task<std::unique_ptr<int>> makes(int value) { co_return std::make_unique<int>(value); }
lazy_task<counted> makes_counted(one_event& when) {
  co_await when;
  co_return counted(3);
}

TEST_F(awaitables_test, a_reference_into_a_temporary_lasts_until_the_end_of_the_expression) {
  one_event event;
  counted::reset_copies();
  const future<int> f = [](api, one_event& when) -> future<int> {
    const auto& held = [](counted&& value) -> counted& { return value; };
    co_return held(co_await makes_counted(when)).value;
  }(io, event);
  event.set();
  manual.run_ready();
  EXPECT_EQ(f.value(), 3);
  EXPECT_EQ(counted::copies(), 0);
}

TEST_F(awaitables_test, a_reference_is_to_the_same_object) {
  const future<void> f = [](api) -> future<void> {
    auto task = makes(4);
    std::unique_ptr<int>& inside = co_await task;
    EXPECT_EQ(*inside, 4);
    EXPECT_EQ(&inside, &task.result());
  }(io);
  manual.run_ready();
  EXPECT_TRUE(is_called(f));
}

TEST_F(awaitables_test, a_value_that_only_moves_is_moved) {
  const future<std::unique_ptr<int>> f = [](api) -> future<std::unique_ptr<int>> { co_return co_await makes(4); }(io);
  manual.run_ready();
  EXPECT_EQ(*f.value(), 4);

  struct gives_value : keeper {
    using keeper::keeper;
    std::unique_ptr<int> await_resume() const { return std::make_unique<int>(5); }
  };
  const auto g = [](api, std::coroutine_handle<>& at) -> future<std::unique_ptr<int>> {
    co_return co_await gives_value(at);
  }(io, handle);
  handle.resume();
  manual.run_ready();
  EXPECT_EQ(*g.value(), 5);
}

// Throws in one of its functions.
struct throwing {
  int in;
  explicit throwing(int which) : in(which) {}
  void must(int which) const {
    if (which == in) throw std::out_of_range(std::to_string(which));
  }
  struct awaiter;
  awaiter operator co_await() const;
};
struct throwing::awaiter {
  throwing of;
  explicit awaiter(throwing from) : of(from) {}
  [[nodiscard]] bool await_ready() const {
    of.must(1);
    return false;
  }
  bool await_suspend(std::coroutine_handle<> who) const {
    of.must(2);
    if (of.in == 4) who.resume();
    return of.in == 4;
  }
  void await_resume() const {
    of.must(3);
    of.must(4);
  }
};
throwing::awaiter throwing::operator co_await() const {
  must(0);
  return awaiter(*this);
}

TEST_F(awaitables_test, what_any_of_its_functions_throws_is_thrown_with_its_history) {
  for (int which = 0; which < 5; ++which) {
    const future<void> f = [](api, int in) -> future<void> { co_await throwing(in); }(io, which);
    manual.run_ready();
    ASSERT_NE(f.get_failure(), nullptr);
    EXPECT_TRUE(f.get_failure()->is<std::out_of_range>());
    EXPECT_EQ(f.get_failure()->message(), std::to_string(which));
    const auto trace = f.get_failure()->trace();
    ASSERT_FALSE(trace.empty());
    EXPECT_EQ(trace.front().what, trace_entry::kind::awaited);
    EXPECT_THAT(trace.front().where.file_name(), HasSubstr("awaitables_test.cpp"));
  }
}

TEST_F(awaitables_test, what_cannot_be_moved_is_made_in_place) {
  struct immovable : keeper {
    using keeper::keeper;
    immovable(const immovable&) = delete;
    immovable& operator=(const immovable&) = delete;
  };
  const future<int> f = [](api, std::coroutine_handle<>& at) -> future<int> {
    co_return co_await in_place([&] { return immovable(at); });
  }(io, handle);
  handle.resume();
  const future<int> g = [](api, std::coroutine_handle<>& at) -> future<int> {
    immovable variable(at);
    co_return co_await variable;
  }(io, handle);
  handle.resume();
  manual.run_ready();
  EXPECT_EQ(f.value() + g.value(), 14);
}

// ---- Other coroutines ----

lazy_task<int> adds(future<int> ours, one_event& event) {
  co_await event;
  co_return 1 + co_await ours;
}
eager_task<int> adds_at_once(future<int> ours) { co_return 1 + co_await ours; }

TEST_F(awaitables_test, coroutines_of_both_kinds_await_each_other_at_any_depth) {
  const future<int> inner = create_future<int>();
  one_event event;
  const future<int> f = [](api, future<int> from, one_event& when) -> future<int> {
    co_return co_await adds(from, when) + co_await adds_at_once(from);
  }(io, inner, event);
  event.set();
  manual.run_ready();
  EXPECT_FALSE(is_called(f));
  resolve(inner, 10);
  manual.run_ready();
  EXPECT_EQ(f.value(), 22);
}

TEST_F(awaitables_test, several_coroutines_await_one_task) {
  const future<int> inner = create_future<int>();
  const eager_task<int> task = adds_at_once(inner);
  const auto waits = [](api, eager_task<int> from) -> future<int> { co_return co_await from; };
  const future<int> f = waits(io, task);
  const future<int> g = waits(io, task);
  resolve(inner, 1);
  manual.run_ready();
  EXPECT_EQ(f.value() + g.value(), 4);
}

TEST_F(awaitables_test, a_failure_of_ours_comes_back_through_a_coroutine_of_theirs) {
  const future<int> inner = create_future<int>();
  const future<int> f = [](api, future<int> from) -> future<int> { co_return co_await adds_at_once(from); }(io, inner);
  reject(inner, std::length_error("too long"));
  manual.run_ready();
  EXPECT_TRUE(f.get_failure()->is<std::length_error>());
}

// ---- Cancelling ----

TEST_F(awaitables_test, cancelling_what_has_no_way_to_be_cancelled_throws_in_the_next_turn) {
  const future<int> f = awaits_keeper();
  EXPECT_TRUE(cancel(f, "enough"));
  EXPECT_FALSE(is_called(f));
  manual.run_ready();
  ASSERT_TRUE(is_called(f));
  EXPECT_EQ(f.get_failure()->message(), "enough");
  EXPECT_EQ(counted::alive(), 0) << "the coroutine has ended";
  handle.resume();  // too late, which does no harm
}

TEST_F(awaitables_test, what_comes_after_a_cancellation_is_destroyed) {
  one_event event;
  const future<void> f = [](api, one_event& when) -> future<void> { co_await makes_counted(when); }(io, event);
  cancel(f);
  manual.run_ready();
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  event.set();
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(event.has_waiter());
}

TEST_F(awaitables_test, a_task_that_may_be_destroyed_is_destroyed_by_a_cancellation) {
  one_event never;
  const future<int> f = [](api, one_event& when) -> future<int> {
    co_return co_await owned_task([](one_event& event, counted) -> lazy_task<int> {
      co_await event;
      co_return 1;
    }(when, {}));
  }(io, never);
  EXPECT_TRUE(never.has_waiter());
  cancel(f);
  manual.run_ready();
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  EXPECT_FALSE(never.has_waiter());
  EXPECT_EQ(counted::alive(), 0);
}

template <class A>
class awaitables_with_a_way : public loop_test {
 protected:
  future<std::string> start() {
    return [](api, operation& awaited, counted) -> future<std::string> { co_return co_await A(awaited); }(io, of, {});
  }
  operation of;
};
using ways = ::testing::Types<with_member, with_awaiter, with_traits>;
TYPED_TEST_SUITE(awaitables_with_a_way, ways);

TYPED_TEST(awaitables_with_a_way, it_is_asked_once_and_its_answer_counts) {
  const future<std::string> f = this->start();
  EXPECT_TRUE(cancel(f));
  EXPECT_TRUE(cancel(f));
  this->manual.run_ready();
  EXPECT_EQ(this->of.asked, 1);
  EXPECT_FALSE(is_called(f)) << "it has not answered";
  this->of.end();
  this->manual.run_ready();
  ASSERT_TRUE(is_called(f));
  EXPECT_EQ(f.get_failure()->message(), "stopped");
}

TYPED_TEST(awaitables_with_a_way, it_may_answer_at_once) {
  this->of.then = asked_to_stop::answers_at_once;
  const future<std::string> f = this->start();
  EXPECT_TRUE(cancel(f));
  EXPECT_FALSE(is_called(f)) << "in a turn";
  this->manual.run_ready();
  EXPECT_EQ(f.get_failure()->message(), "stopped");
}

TYPED_TEST(awaitables_with_a_way, one_that_has_ended_is_not_asked) {
  const future<std::string> f = this->start();
  this->of.end();
  this->manual->call_soon([&f] { EXPECT_TRUE(cancel(f)); });
  this->manual.run_ready();
  EXPECT_EQ(this->of.asked, 0);
}

TYPED_TEST(awaitables_with_a_way, it_is_asked_when_the_loop_closes) {
  for (const auto then : {asked_to_stop::answers_at_once, asked_to_stop::answers_later}) {
    testing::manual_loop other;
    operation awaited;
    awaited.then = then;
    const auto f = [](api, operation& from, counted) -> future<std::string> { co_return co_await TypeParam(from); }(
                                                         with_config(*other), awaited, {});
    other->close();
    EXPECT_EQ(awaited.asked, 1);
    EXPECT_TRUE(f.get_failure()->template is<loop_closed>());
    if (awaited.waiter) {
      EXPECT_GT(counted::alive(), 0) << "the operation still has the handle";
      awaited.end();
    }
    EXPECT_EQ(counted::alive(), 0);
  }
}

TYPED_TEST(awaitables_with_a_way, what_it_throws_is_reported) {
  this->of.then = asked_to_stop::throws;
  const future<std::string> f = this->start();
  cancel(f);
  EXPECT_THAT(this->taken_reports(), ElementsAre(HasSubstr("cannot be stopped")));
  this->of.end();
  this->manual.run_ready();
  EXPECT_TRUE(is_called(f));

  static_cast<void>(this->start());
  this->of.asked = 0;
  this->manual->close();
  EXPECT_THAT(this->taken_reports(), ElementsAre(HasSubstr("an awaitable could not be cancelled")));
  this->of.end();
}

TEST_F(awaitables_test, a_cancellation_of_theirs_is_an_error_to_a_coroutine_that_was_not_cancelled) {
  const future<int> f = [](api) -> future<int> {
    co_return co_await []() -> lazy_task<int> {
      throw cancelled_error("theirs");
      co_return 1;
    }();
  }(io);
  manual.run_ready();
  ASSERT_NE(f.get_failure(), nullptr);
  EXPECT_TRUE(f.get_failure()->is<operation_cancelled>());
  EXPECT_EQ(f.get_failure()->message(), "theirs");
}

TEST_F(awaitables_test, a_cancellation_that_came_before_it_keeps_it_from_starting) {
  future<int> self;
  const future<void> gate = create_future<void>();
  const auto run = [&]() -> future<int> {
    co_await gate;
    cancel(self, "before");
    co_return co_await keeper(handle);
  };
  self = run();
  resolve(gate);
  manual.run_ready();
  EXPECT_FALSE(handle);
  EXPECT_EQ(self.get_failure()->message(), "before");
}

TEST_F(awaitables_test, a_cancellation_that_comes_while_it_starts_or_after_its_end_is_thrown) {
  struct cancels {
    future<int>* of;
    std::coroutine_handle<>* kept;
    cancels(future<int>& from, std::coroutine_handle<>& at) : of(&from), kept(&at) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) const {
      *kept = who;
      cancel(*of, "inside");
    }
    int await_resume() const noexcept { return 1; }
  };
  future<int> self;
  const future<void> gate = create_future<void>();
  const auto run = [&]() -> future<int> {
    co_await gate;
    co_return co_await cancels(self, handle);
  };
  self = run();
  resolve(gate);
  manual.run_ready();
  ASSERT_TRUE(is_called(self));
  EXPECT_EQ(self.get_failure()->message(), "inside");
  handle.resume();

  const future<int> late = awaits_keeper();
  manual->call_soon([&] {
    handle.resume();
    EXPECT_TRUE(cancel(late, "after"));
  });
  manual.run_ready();
  EXPECT_EQ(late.get_failure()->message(), "after");
}

// ---- The end ----

TEST_F(awaitables_test, closing_the_loop_destroys_the_coroutine_and_leaves_the_other_side_its_handle) {
  const future<int> f = awaits_keeper();
  EXPECT_EQ(counted::alive(), 1);
  manual->close();
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  handle.resume();
}

TEST_F(awaitables_test, the_other_side_may_destroy_what_was_abandoned) {
  static_cast<void>(awaits_keeper());
  manual->close();
  handle.destroy();
}

TEST_F(awaitables_test, an_await_that_has_ended_when_the_loop_closes_leaves_nothing) {
  one_event event;
  const future<void> f = [](api, one_event& when) -> future<void> { co_await makes_counted(when); }(io, event);
  event.set();
  EXPECT_EQ(counted::alive(), 1) << "the value";
  manual->close();
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(awaitables_test, a_coroutine_that_waits_for_ever_leaves_nothing_if_it_may_be_destroyed) {
  static_cast<void>([](api, counted) -> future<void> { co_await std::suspend_always(); }(io, {}));
  one_event never;
  static_cast<void>([](api, one_event& when) -> future<int> {
    co_return co_await owned_task([](one_event& event) -> lazy_task<int> {
      co_await event;
      co_return 1;
    }(when));
  }(io, never));
  manual->close();
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(never.has_waiter());
}

TEST_F(awaitables_test, a_task_that_awaits_a_future_of_the_closing_loop_ends_inside_close) {
  const future<int> never = create_future<int>();
  one_event event;
  event.set();
  const future<int> f = [](api, future<int> from, one_event& when) -> future<int> {
    co_return co_await adds(from, when);
  }(io, never, event);
  manual->close();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
}

TEST_F(awaitables_test, a_handle_that_is_destroyed_breaks_the_promise) {
  one_event event;
  const auto waits = [](api, one_event& on) -> future<void> { co_await on; };
  const future<void> f = waits(io, event);
  event.drop_waiter();
  EXPECT_FALSE(is_called(f));
  manual.run_ready();
  ASSERT_TRUE(is_called(f));
  EXPECT_TRUE(f.get_failure()->is<broken_promise>());
  EXPECT_THAT(f.get_failure()->message(), HasSubstr("has destroyed the handle"));

  struct destroys {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) const { who.destroy(); }
    void await_resume() const noexcept {}
  };
  const future<void> g = [](api) -> future<void> { co_await destroys(); }(io);
  manual.run_ready();
  EXPECT_TRUE(g.get_failure()->is<broken_promise>());
}

TEST_F(awaitables_test, a_loop_that_is_closed_inside_await_suspend_is_an_error_at_the_await) {
  struct closes {
    loop* of;
    std::coroutine_handle<>* kept;
    closes(loop& core, std::coroutine_handle<>& at) : of(&core), kept(&at) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) const {
      *kept = who;
      of->close();
    }
    void await_resume() const noexcept {}
  };
  bool caught = false;
  const future<void> f = [&](api) -> future<void> {
    try {
      co_await closes(*manual, handle);
    } catch (const loop_closed&) {
      caught = true;
    }
  }(io);
  EXPECT_TRUE(caught);
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  handle.resume();
}

}  // namespace
}  // namespace test
}  // namespace interloop
