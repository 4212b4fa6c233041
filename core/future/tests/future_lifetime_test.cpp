// SPDX-License-Identifier: MIT
// What keeps a future and its callbacks alive, when they are destroyed, and reports of failures that nobody looked at.
#include <interloop/interloop.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace interloop {
namespace {

using test::at_destruction;
using test::counted;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using future_lifetime_test = test::loop_test;

const char* const unobserved = "a future failed and nobody looked at it: std::runtime_error: unseen";

TEST_F(future_lifetime_test, the_value_lives_as_long_as_a_handle) {
  future<counted> f = create_future<counted>();
  resolve(f, 1);
  const future<counted> other = f;
  f = {};
  EXPECT_EQ(counted::alive(), 1);
  EXPECT_EQ(other.value().value, 1);
}

TEST_F(future_lifetime_test, dropping_the_last_handle_of_a_pending_future_destroys_its_callbacks_without_calling_them) {
  {
    const future<int> f = create_future<int>([held = counted()] {});
    add_callbacks(f, [held = counted()](int) { ADD_FAILURE(); });
    add_callbacks(f, [held = counted(), pad = std::array<char, 99>{}](int) { ADD_FAILURE() << pad[0]; });
    EXPECT_EQ(counted::alive(), 3);
  }
  EXPECT_EQ(counted::alive(), 0);
  manual.run_ready();
}

TEST_F(future_lifetime_test, a_completed_future_runs_its_callbacks_without_a_handle) {
  int got = 0;
  {
    const future<int> f = create_future<int>();
    add_callbacks(f, [&, held = counted(2)](int value) { got = value * held.value; });
    resolve(f, 4);
  }
  manual.run_ready();
  EXPECT_EQ(got, 8);
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(future_lifetime_test, callbacks_are_destroyed_after_they_ran_even_if_the_future_lives_on) {
  const future<int> f = create_future<int>(1);
  for (int i = 0; i < 5; ++i) add_callbacks(f, [held = counted()](int) {});
  manual.run_ready();
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(future_lifetime_test, callbacks_are_destroyed_even_if_they_throw_or_are_empty) {
  const future<int> f = create_future<int>(1);
  add_callbacks(f, [held = counted()](int) { throw 1; });
  add_callbacks(f, nullptr, [held = counted()](const failure&) {});
  manual.run_ready();
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_EQ(taken_reports().size(), 1u);
}

TEST_F(future_lifetime_test, a_callback_may_drop_the_last_handle_and_continue) {
  auto f = std::make_unique<future<std::string>>(create_future<std::string>());
  std::string got;
  add_callbacks(*f, [&, held = counted(3)](const std::string& value) {
    f.reset();
    got = value + std::to_string(held.value);
  });
  add_callbacks(*f, [&](const std::string& value) { got += value; });
  resolve(*f, "kept");
  manual.run_ready();
  EXPECT_EQ(got, "kept3kept");
}

TEST_F(future_lifetime_test, a_callback_that_holds_its_own_future_is_destroyed_with_the_loop) {
  const future<int> f = create_future<int>();
  add_callbacks(f, [f, held = counted()](int) {});
  EXPECT_EQ(counted::alive(), 1);
}

TEST_F(future_lifetime_test, the_destructor_of_a_callback_may_make_and_drop_futures) {
  future<int> other = create_future<int>();
  {
    const future<int> f = create_future<int>();
    add_callbacks(f, [guard = at_destruction([&other] {
                        add_callbacks(create_future<int>(1), [](int) {});
                        resolve(other, 2);
                        other = {};
                      })](int) { ADD_FAILURE(); });
  }
  manual.run_ready();
}

TEST_F(future_lifetime_test, a_failure_that_nobody_looked_at_is_reported_once_when_the_last_handle_is_destroyed) {
  {
    const future<int> f = create_future<int>();
    reject(f, std::runtime_error("unseen"));
    const future<int> copy = f;
    manual.run_ready();
    EXPECT_THAT(reports, IsEmpty());
  }
  EXPECT_THAT(taken_reports(), ElementsAre(unobserved));
}

TEST_F(future_lifetime_test, a_callback_without_an_errback_does_not_count_as_looking) {
  {
    const future<int> f = create_future<int>();
    add_callbacks(f, [](int) {});
    add_callbacks(f, [](int) {}, std::function<void(const failure&)>());
    reject(f, std::runtime_error("unseen"));
  }
  manual.run_ready();
  EXPECT_THAT(taken_reports(), ElementsAre(unobserved));
}

TEST_F(future_lifetime_test, an_errback_get_failure_value_and_co_await_count_as_looking) {
  const auto fails = [] { return create_future_error<int>(std::runtime_error("seen")); };
  {
    add_callbacks(fails(), nullptr, [](const failure&) {});
    static_cast<void>(fails().get_failure());
    EXPECT_THROW(static_cast<void>(fails().value()), std::runtime_error);
    EXPECT_THROW(static_cast<void>(fails().take()), std::runtime_error);
    const future<void> looks = [](future<int> f) -> future<void> {
      try {
        co_await f;
      } catch (const std::runtime_error&) {
      }
    }(fails());
    manual.run_ready();
    EXPECT_TRUE(is_called(looks));
  }
  EXPECT_THAT(reports, IsEmpty());
}

TEST_F(future_lifetime_test, asking_whether_it_is_called_does_not_count_as_looking) {
  EXPECT_TRUE(is_called(create_future_error<int>(std::runtime_error("unseen"))));
  EXPECT_THAT(taken_reports(), ElementsAre(unobserved));
}

TEST_F(future_lifetime_test, an_exception_handler_may_replace_itself) {
  int first = 0;
  int second = 0;
  manual->set_exception_handler([&, this, held = counted(1)](std::string_view, const failure&) {
    first += held.value;
    manual->set_exception_handler([&second](std::string_view, const failure&) { ++second; });
    first += held.moved_from ? 100 : held.value;
  });
  for (int i = 0; i < 2; ++i) manual->call_soon([] { throw 1; });
  manual.run_ready();
  EXPECT_EQ(first, 2);
  EXPECT_EQ(second, 1);
}

TEST_F(future_lifetime_test, an_exception_handler_that_throws_does_no_harm) {
  ::testing::internal::CaptureStderr();
  manual->set_exception_handler([](std::string_view, const failure&) { throw 1; });
  int later = 0;
  call_soon([] { throw std::runtime_error("x"); });
  call_soon([&] { ++later; });
  manual.run_ready();
  EXPECT_EQ(later, 1);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::HasSubstr("the exception handler itself threw"));
}

TEST_F(future_lifetime_test, without_a_handler_the_traceback_goes_to_the_standard_error_stream) {
  ::testing::internal::CaptureStderr();
  manual->set_exception_handler({});
  call_soon([] { throw std::runtime_error("printed"); });
  manual.run_ready();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::HasSubstr("std::runtime_error: printed"));
}

TEST(future_and_loop_test, completed_futures_are_readable_after_their_loop_is_gone) {
  future<std::string> value;
  future<std::string> failed;
  future<std::string> pending;
  {
    testing::manual_loop manual;
    const api io(*manual);
    value = io.create_future<std::string>("kept");
    failed = io.create_future_error<std::string>(std::runtime_error("kept too"));
    pending = io.create_future<std::string>();
  }
  EXPECT_EQ(value.value(), "kept");
  EXPECT_EQ(value.take(), "kept");
  EXPECT_EQ(failed.get_failure()->message(), "kept too");
  EXPECT_TRUE(is_called(pending));
  EXPECT_TRUE(pending.get_failure()->is<loop_closed>());
  EXPECT_FALSE(cancel(pending));
  EXPECT_THROW(resolve(pending, "late"), invalid_state);
  EXPECT_THROW(add_callbacks(value, [](const std::string&) {}), loop_closed);
  EXPECT_TRUE(value.loop().closed());
}

TEST(future_and_loop_test,
     a_future_completed_but_not_dispatched_when_its_loop_is_destroyed_destroys_its_callbacks_without_calling_them) {
  future<int> f;
  {
    testing::manual_loop manual;
    f = api(*manual).create_future<int>(1);
    add_callbacks(f, [held = counted()](int) { ADD_FAILURE(); });
    EXPECT_EQ(counted::alive(), 1);
  }
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_EQ(f.value(), 1);
}

}  // namespace
}  // namespace interloop
