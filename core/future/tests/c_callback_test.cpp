// SPDX-License-Identifier: MIT
// C interfaces that call back once, as futures, and futures as such calls. Here C is played by functions that keep a
// callback and its void*; loops/*/tests have real ones.
#include <interloop/c_callback.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <cerrno>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

namespace interloop::test {
namespace {

using ::testing::ElementsAre;

class c_callback_test : public loop_test {};

using with_nothing = void (*)(void* data);
using with_status = void (*)(int status, void* data);
using with_text = void (*)(int status, const char* text, void* data);

TEST_F(c_callback_test, the_arguments_become_the_value) {
  auto [nothing, call_nothing, data_of_nothing] = c_callback<with_nothing>(*manual);
  call_nothing(data_of_nothing);
  static_assert(std::is_same_v<decltype(nothing), future<void>>);
  EXPECT_NO_THROW(nothing.value());

  auto [status, call_status, data_of_status] = c_callback<with_status>(*manual);
  call_status(7, data_of_status);
  EXPECT_EQ(status.value(), 7);

  auto [both, call_both, data_of_both] = c_callback<with_text>(*manual);
  std::string text = "ready";
  call_both(7, text.c_str(), data_of_both);
  text = "gone!";
  EXPECT_EQ(both.value(), std::tuple(7, std::string("ready"))) << "text is copied";

  auto [none, call_none, data_of_none] = c_callback<with_text>(*manual);
  call_none(7, nullptr, data_of_none);
  EXPECT_EQ(std::get<1>(none.value()), "");
}

TEST_F(c_callback_test, callbacks_of_the_future_run_in_a_later_turn) {
  auto [status, callback, data] = c_callback<with_status>(*manual);
  int seen = 0;
  add_callbacks(status, [&](int given) { seen = given; });
  callback(7, data);
  EXPECT_EQ(seen, 0);
  manual.run_ready();
  EXPECT_EQ(seen, 7);
}

TEST_F(c_callback_test, the_data_may_be_any_parameter) {
  auto [first, call_first, data_of_first] = c_callback<void (*)(void*, int, int)>(*manual);
  call_first(data_of_first, 1, 2);
  EXPECT_EQ(first.value(), std::tuple(1, 2));

  using with_objects = void (*)(void* object, void* data, const void* other);
  int object = 0, other = 0;
  auto [second, call_second, data_of_second] = c_callback<with_objects, 1>(*manual);
  call_second(&object, data_of_second, &other);
  EXPECT_EQ(second.value(), (std::tuple<void*, const void*>(&object, &other)));
}

struct request {
  int number;
  void* data;
};
using with_request = void (*)(int status, request* of);

TEST_F(c_callback_test, the_data_may_be_in_an_object_that_is_passed) {
  auto [ended, callback, data] = c_callback<with_request, &request::data>(*manual);
  request one{3, data};
  callback(7, &one);
  EXPECT_EQ(ended.value(), (std::tuple<int, request*>(7, &one)));
}

TEST_F(c_callback_test, what_the_callback_returns_is_zero) {
  auto [ended, callback, data] = c_callback<int (*)(void*) noexcept>(*manual);
  EXPECT_EQ(callback(data), 0);
  EXPECT_TRUE(is_called(ended));
}

TEST_F(c_callback_test, a_converter_makes_the_value_or_fails_the_future) {
  const auto convert = [](int status, const char* text) {
    if (status == -1) throw cancelled_error("C has cancelled it");
    if (status < 0) throw std::system_error(-status, std::generic_category());
    return std::make_unique<std::string>(text);
  };
  auto [good, call_good, data_of_good] = c_callback<with_text>(*manual, convert);
  auto [bad, call_bad, data_of_bad] = c_callback<with_text>(*manual, convert);
  call_good(0, "ready", data_of_good);
  call_bad(-ENOENT, nullptr, data_of_bad);
  EXPECT_EQ(*good.take(), "ready");
  EXPECT_TRUE(bad.get_failure()->is<std::system_error>());
  {
    auto [dropped, call_dropped, data_of_dropped] = c_callback<with_text>(*manual, convert);
    call_dropped(-1, nullptr, data_of_dropped);  // not reported
  }
  auto [cancelled, call_cancelled, data_of_cancelled] = c_callback<with_text>(*manual, convert);
  call_cancelled(-1, nullptr, data_of_cancelled);
  EXPECT_EQ(cancelled.get_failure()->message(), "C has cancelled it");
}

// A converter that knows whether it was called; it has captures, so it lives beside the promise.
auto counts(int& calls) {
  return [&calls, held = counted()](int status) {
    EXPECT_FALSE(held.moved_from);
    ++calls;
    return status;
  };
}

TEST_F(c_callback_test, a_converter_with_captures_is_called_and_destroyed_once_even_if_it_is_too_late) {
  int calls = 0;
  auto [cancelled, call_cancelled, data_of_cancelled] = c_callback<with_status>(*manual, counts(calls));
  cancel(cancelled);
  EXPECT_EQ(counted::alive(), 1);
  call_cancelled(7, data_of_cancelled);
  EXPECT_EQ(calls, 1) << "it may have to release what C hands over";
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_TRUE(cancelled.get_failure()->is<cancelled_error>());

  auto [dropped, call_dropped, data_of_dropped] = c_callback<with_status>(*manual, counts(calls));
  dropped = {};
  call_dropped(7, data_of_dropped);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(c_callback_test, cancelling_asks_c_which_may_call_back_at_once_or_later) {
  for (const bool at_once : {true, false}) {
    int asked = 0;
    std::function<void()> ask;
    auto [ended, callback, data] = c_callback<with_status>(
        *manual,
        [](int status) {
          if (status < 0) throw cancelled_error("C has cancelled it");
          return status;
        },
        [&] {
          ++asked;
          if (ask) ask();
        });
    const auto call = [call = callback, pointer = static_cast<void*>(data)] { call(-1, pointer); };
    if (at_once) ask = call;
    cancel(ended, "enough");
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(ended.get_failure()->message(), at_once ? "C has cancelled it" : "enough");
    if (!at_once) call();
    EXPECT_EQ(ended.get_failure()->message(), at_once ? "C has cancelled it" : "enough");
  }
}

TEST_F(c_callback_test, when_the_loop_closes_the_future_fails_and_c_may_call_back_afterwards) {
  int calls = 0;
  auto [with, call_with, data_with] = c_callback<with_status>(*manual, counts(calls));
  auto [without, call_without, data_without] = c_callback<with_status>(*manual);
  void* const pointers[] = {data_with, data_without};
  manual->close();
  EXPECT_TRUE(with.get_failure()->is<loop_closed>());
  call_with(7, pointers[0]);
  call_without(7, pointers[1]);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(without.get_failure()->is<loop_closed>());
  EXPECT_THROW(static_cast<void>(c_callback<with_status>(*manual)), loop_closed);
}

TEST_F(c_callback_test, an_operation_that_c_never_ends_is_rejected) {
  int calls = 0;
  auto [refused, unused, data] = c_callback<with_status>(*manual, counts(calls));
  EXPECT_NE(static_cast<void*>(data), nullptr);
  data.reject(std::out_of_range("no such row"));
  data.reject(std::length_error("a second time"));
  EXPECT_TRUE(refused.get_failure()->is<std::out_of_range>());
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_EQ(calls, 0);

  auto [failed, unused_too, more] = c_callback<with_status>(*manual);
  more.reject(create_failure(std::domain_error("strange")));
  EXPECT_TRUE(failed.get_failure()->is<std::domain_error>());
}

TEST_F(c_callback_test, an_operation_that_is_never_started_breaks_its_promise) {
  future<int> without, with;
  int calls = 0;
  {
    auto made = c_callback<with_status>(*manual);
    auto counting = c_callback<with_status>(*manual, counts(calls));
    without = made.future;
    with = counting.future;
    auto moved = std::move(made.data);
    moved = std::move(counting.data);
    EXPECT_TRUE(is_called(without));
    EXPECT_FALSE(is_called(with));
  }
  EXPECT_TRUE(without.get_failure()->is<broken_promise>());
  EXPECT_TRUE(with.get_failure()->is<broken_promise>());
  EXPECT_EQ(calls, 0);
}

TEST_F(c_callback_test, c_may_call_back_in_another_thread) {
  const ::pthread_t here = ::pthread_self();
  auto [there, callback, data] = remote_c_callback<void* (*)(void*)>(*manual, [here, held = counted()] {
    if (::pthread_equal(here, ::pthread_self())) throw std::logic_error("the converter was called in the wrong thread");
    return std::make_unique<int>(7);
  });
  ::pthread_t thread;
  ASSERT_EQ(::pthread_create(&thread, nullptr, callback, data), 0);
  ::pthread_join(thread, nullptr);
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(is_called(there));
  manual.run_ready();
  EXPECT_EQ(*there.take(), 7);
}

TEST_F(c_callback_test, c_may_call_back_in_another_thread_after_the_loop_has_closed) {
  auto [there, callback, data] = remote_c_callback<void* (*)(void*)>(*manual);
  manual->close();
  ::pthread_t thread;
  ASSERT_EQ(::pthread_create(&thread, nullptr, callback, data), 0);
  ::pthread_join(thread, nullptr);
  EXPECT_TRUE(there.get_failure()->is<loop_closed>());
}

class on_done_test : public loop_test {
 protected:
  // The calls that C has got, as "error message value".
  std::vector<std::string> told;

  static void tell(void* data, int error, const char* message, const std::string& value) {
    static_cast<on_done_test*>(data)->told.push_back(std::to_string(error) + " " + (message ? message : "-") + " " +
                                                     value);
  }
  static void done(int error, const char* message, const int* value, void* data) {
    tell(data, error, message, value ? std::to_string(*value) : "-");
  }
  static void done_with_text(int error, const char* message, const char* value, void* data) {
    tell(data, error, message, value ? value : "-");
  }
  static void done_with_nothing(int error, const char* message, void* data) { tell(data, error, message, "-"); }
};

TEST_F(on_done_test, c_gets_the_value_in_a_later_turn) {
  const auto number = create_future<int>();
  on_done(number, &done, this);
  resolve(number, 7);
  EXPECT_THAT(told, ElementsAre());
  on_done(create_future_success(std::string("text")), &done_with_text, this);
  on_done(create_future_success<void>(), &done_with_nothing, this);
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("0 - 7", "0 - text", "0 - -"));
}

TEST_F(on_done_test, c_gets_the_number_and_the_text_of_a_failure) {
  const auto fails = [&](const auto& why) { on_done(create_future_error<int>(why), &done, this); };
  fails(std::system_error(ENOENT, std::generic_category(), "open"));
  fails(std::system_error(EACCES, std::system_category(), "open"));
  fails(std::system_error(std::make_error_code(std::io_errc::stream)));
  fails(timeout_error("too slow"));
  fails(std::bad_alloc());
  fails(std::runtime_error(""));
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre(std::to_string(ENOENT) + " open: No such file or directory -",
                                std::to_string(EACCES) + " open: Permission denied -", ::testing::StartsWith("-1 "),
                                std::to_string(ETIMEDOUT) + " too slow -", std::to_string(ENOMEM) + " std::bad_alloc -",
                                "-1 std::runtime_error -"));
}

TEST_F(on_done_test, c_is_told_of_a_cancellation_a_broken_promise_and_the_end_of_the_loop) {
  auto given = create_future<int>();
  observation running = on_done(given, &done, this);
  EXPECT_TRUE(running.cancel("enough"));
  {
    promise<int> dropped(*manual);
    on_done(dropped.get_future(), &done, this);
  }
  manual.run_ready();
  const auto pending = create_future<int>();
  on_done(pending, &done, this);
  manual->close();
  EXPECT_THAT(told, ElementsAre(std::to_string(ECANCELED) + " enough -", ::testing::StartsWith("-1 "),
                                ::testing::StartsWith(std::to_string(ESHUTDOWN) + " ")));
  EXPECT_THROW(on_done(pending, &done, this), loop_closed);
}

TEST_F(on_done_test, a_value_that_was_moved_out_by_another_is_a_failure_for_c) {
  const auto number = create_future<std::unique_ptr<int>>();
  add_callbacks(number, [](std::unique_ptr<int>&&) {});
  on_done(
      number,
      +[](int error, const char* message, const std::unique_ptr<int>* value, void* data) {
        tell(data, error, message ? "said" : nullptr, value ? "value" : "-");
      },
      this);
  resolve(number, std::make_unique<int>(7));
  manual.run_ready();
  EXPECT_THAT(told, ElementsAre("-1 said -"));
}

TEST_F(on_done_test, no_function_is_refused) {
  void (*none)(int, const char*, void*) = nullptr;
  EXPECT_THROW(on_done(create_future_success<void>(), none, this), usage_error);
}

}  // namespace
}  // namespace interloop::test
