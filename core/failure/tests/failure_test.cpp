// SPDX-License-Identifier: MIT
#include <interloop/failure.hpp>
#include <interloop/throw_traces.hpp>

#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace interloop {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct custom : std::exception {
  const char* what() const noexcept override { return "first line\nsecond line"; }
};
template <class T>
struct plain {};

TEST(failure_test, names_types_as_people_write_them) {
  EXPECT_EQ(create_failure(std::out_of_range("x")).type_name(), "std::out_of_range");
  EXPECT_EQ(create_failure(usage_error("x")).type_name(), "interloop::usage_error");
  EXPECT_EQ(create_failure(std::string("x")).type_name(), "std::string");
  EXPECT_EQ(create_failure(7).type_name(), "int");
  EXPECT_THAT(create_failure(plain<std::string>()).type_name(), HasSubstr("plain<"));
  EXPECT_THAT(create_failure(plain<std::string>()).type_name(), Not(HasSubstr("__cxx11")));
}

TEST(failure_test, shows_the_text_of_standard_exceptions_strings_and_numbers) {
  EXPECT_EQ(create_failure(std::runtime_error("went wrong")).message(), "went wrong");
  EXPECT_EQ(create_failure(std::string("thrown text")).message(), "thrown text");
  EXPECT_EQ(create_failure(std::make_exception_ptr<const char*>("literal")).message(), "literal");
  EXPECT_EQ(create_failure(std::make_exception_ptr<const char*>(nullptr)).message(), "");
  EXPECT_EQ(create_failure(42).message(), "42");
  EXPECT_EQ(create_failure(plain<int>()).message(), "");
}

TEST(failure_test, the_message_is_type_and_text_on_one_line) {
  EXPECT_EQ(failure_message(create_failure(std::runtime_error("went wrong"))), "std::runtime_error: went wrong");
  EXPECT_THAT(failure_message(create_failure(custom())), HasSubstr("custom: first line second line"));
  EXPECT_THAT(failure_message(create_failure(plain<int>())), Not(HasSubstr(":  ")));
}

TEST(failure_test, wraps_the_exception_being_handled_and_records_the_place) {
  try {
    throw std::logic_error("now");
  } catch (...) {
    const failure fail = create_failure();
    const unsigned line = __LINE__ - 1;
    EXPECT_TRUE(fail.is<std::logic_error>());
    ASSERT_EQ(fail.trace().size(), 1u);
    EXPECT_EQ(fail.trace()[0].what, trace_entry::kind::raised);
    EXPECT_EQ(fail.trace()[0].where.line(), line);
  }
}

TEST(failure_test, outside_a_catch_block_there_is_nothing_to_wrap) {
  EXPECT_THROW(static_cast<void>(create_failure()), usage_error);
  EXPECT_THROW(failure(), usage_error);
}

TEST(failure_test, a_null_exception_is_refused) {
  EXPECT_THROW(static_cast<void>(create_failure(std::exception_ptr())), usage_error);
  EXPECT_THROW(failure{std::exception_ptr()}, usage_error);
}

TEST(failure_test, is_matches_like_a_catch_clause) {
  const failure fail = create_failure(std::out_of_range("x"));
  EXPECT_TRUE(fail.is<std::logic_error>());
  EXPECT_TRUE(fail.is<std::exception>());
  EXPECT_FALSE(fail.is<std::runtime_error>());
  EXPECT_TRUE(create_failure(1).is<int>());
  EXPECT_THROW(fail.rethrow(), std::out_of_range);
}

TEST(failure_test, copies_share_the_exception_and_outlive_each_other) {
  auto first = std::make_unique<failure>(create_failure(std::runtime_error("shared")));
  const failure second = *first;
  failure third = create_failure(std::runtime_error("other"));
  third = second;
  const failure longer = third.extended(trace_entry::kind::awaited, std::source_location::current());
  EXPECT_EQ(first->exception(), longer.exception());
  first.reset();
  EXPECT_EQ(second.message(), "shared");
  EXPECT_EQ(longer.message(), "shared");
  EXPECT_EQ(longer.trace().size(), 2u);
  EXPECT_EQ(third.trace().size(), 1u) << "extending makes a new one";
}

TEST(failure_test, a_history_of_a_million_steps_is_destroyed_without_recursion) {
  failure fail = create_failure(std::runtime_error("deep"));
  for (int i = 0; i < 1'000'000; ++i) fail = fail.extended(trace_entry::kind::awaited, std::source_location::current());
  EXPECT_EQ(fail.message(), "deep");
}

TEST(failure_test, an_exception_nested_in_one_that_is_not_a_std_exception_is_a_cause_too) {
  struct ours {
    int number = 0;
  };
  try {
    try {
      try {
        throw std::runtime_error("innermost");
      } catch (...) {
        std::throw_with_nested(ours());
      }
    } catch (...) {
      std::throw_with_nested(std::string("a text"));
    }
  } catch (...) {
    const std::string text = failure_format_traceback(create_failure());
    EXPECT_THAT(text, HasSubstr("\nstd::string: a text\n  caused by "));
    EXPECT_THAT(text, ::testing::EndsWith("\n  caused by std::runtime_error: innermost"));
  }
}

TEST(failure_test, an_exception_without_any_text_is_shown_as_its_type) {
  class silent : public std::exception {
   public:
    const char* what() const noexcept override { return nullptr; }
  };
  const failure fail = create_failure(silent());
  EXPECT_EQ(fail.message(), "");
  EXPECT_THAT(failure_message(fail), ::testing::EndsWith("silent"));
}

TEST(failure_test, the_traceback_shows_nested_causes_of_any_depth) {
  const auto inner = [] {
    try {
      throw std::runtime_error("innermost");
    } catch (...) {
      std::throw_with_nested(std::logic_error("middle"));
    }
  };
  try {
    try {
      inner();
    } catch (...) {
      std::throw_with_nested(std::out_of_range("outermost"));
    }
  } catch (...) {
    const std::string text = failure_format_traceback(create_failure());
    EXPECT_THAT(text, HasSubstr("outermost"));
    EXPECT_THAT(text, HasSubstr("caused by"));
    EXPECT_LT(text.find("outermost"), text.find("middle"));
    EXPECT_LT(text.find("middle"), text.find("innermost"));
    EXPECT_THAT(text, Not(HasSubstr("_Nested_exception"))) << "which type was thrown is what matters";
    EXPECT_THAT(text, HasSubstr("\nstd::out_of_range: outermost\n"));
  }
}

TEST(failure_test, a_failure_can_be_copied_and_read_in_other_threads) {
  const failure fail = create_failure(std::runtime_error("everywhere"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([fail] {
      for (int n = 0; n < 100; ++n) {
        const failure copy = fail.extended(trace_entry::kind::awaited, std::source_location::current());
        EXPECT_EQ(copy.message(), "everywhere");
      }
    });
  for (auto& each : threads) each.join();
}

using failure_trace_test = test::loop_test;

TEST_F(failure_trace_test, shows_where_the_future_was_created_and_awaited) {
  const future<int> f = create_future<int>();
  const unsigned created = __LINE__ - 1;
  static unsigned awaited;
  const auto middle = [](future<int> from) -> future<int> {
    awaited = __LINE__ + 1;
    co_return co_await from;
  };
  const auto outer = [&](future<int> from) -> future<int> { co_return co_await middle(from); };
  const future<int> whole = outer(f);
  reject(f, std::runtime_error("broken"));
  manual.run_ready();
  const failure* fail = whole.get_failure();
  ASSERT_NE(fail, nullptr);
  const auto steps = failure_traceback(*fail);
  ASSERT_GE(steps.size(), 4u);
  EXPECT_EQ(steps[0].what, trace_entry::kind::raised);
  EXPECT_EQ(steps[1].what, trace_entry::kind::created);
  EXPECT_EQ(steps[1].where.line(), created);
  EXPECT_EQ(steps[2].what, trace_entry::kind::awaited);
  EXPECT_EQ(steps[2].where.line(), awaited);
  EXPECT_EQ(std::count_if(steps.begin(), steps.end(), [](auto& s) { return s.what == trace_entry::kind::awaited; }), 2);
}

TEST_F(failure_trace_test, a_coroutine_that_throws_is_named_once) {
  const auto throws = []() -> future<int> {
    throw std::runtime_error("inside");
    co_return 1;
  };
  const future<int> f = throws();
  const std::string text = failure_format_traceback(*f.get_failure());
  std::size_t places = 0;
  for (auto at = text.find("failure_test.cpp:"); at != std::string::npos; at = text.find("failure_test.cpp:", at + 1))
    ++places;
  EXPECT_EQ(places, 1u) << text;
  EXPECT_THAT(text, HasSubstr("std::runtime_error: inside"));
}

TEST_F(failure_trace_test, an_exception_that_escaped_a_callback_names_no_line_of_interloop) {
  std::vector<std::string> texts;
  std::size_t steps = 0;
  manual->set_exception_handler([&](std::string_view, const failure& fail) {
    texts.push_back(failure_format_traceback(fail));
    steps += failure_traceback(fail).size();
  });
  call_soon([] { throw std::logic_error("queued"); });
  call_later(std::chrono::seconds(1), [] { throw std::logic_error("timed"); });
  add_callbacks(create_future<int>(1), [](int) { throw std::logic_error("called"); });
  batched_timer batched = make_batched_timer(std::chrono::seconds(1));
  static_cast<void>(batched.call_later(std::chrono::seconds(1), [] { throw std::logic_error("batched"); }));
  manual.advance(std::chrono::seconds(3));
  ASSERT_EQ(texts.size(), 4u);
  EXPECT_EQ(steps, 0u) << "interloop does not know where they were thrown";
  for (const std::string& text : texts) {
    EXPECT_THAT(text, Not(HasSubstr("raised at")));
    EXPECT_THAT(text, Not(HasSubstr(".cpp:")));
    EXPECT_THAT(text, HasSubstr("std::logic_error: "));
  }
}

TEST_F(failure_trace_test, code_that_awaits_an_exception_that_as_future_caught_is_named) {
  const auto waits = [](future<int> from) -> future<int> { co_return co_await from; };
  const auto line = std::source_location::current().line() - 1;
  const auto whole = waits(as_future([]() -> int { throw std::logic_error("at once"); }));
  const auto steps = whole.get_failure()->trace();
  ASSERT_GE(steps.size(), 2u);
  EXPECT_EQ(steps[0].what, trace_entry::kind::created);
  EXPECT_EQ(steps[0].where.line(), line + 2);
  EXPECT_EQ(steps[1].what, trace_entry::kind::awaited);
  EXPECT_EQ(steps[1].where.line(), line);
}

TEST_F(failure_trace_test, the_caller_of_gather_for_the_failed_future_is_named) {
  const auto with_two = create_future<int>();
  const auto number = create_future<long>();
  const auto pending = create_future<void>();
  const auto all = gather(with_two, pending);
  const auto line = std::source_location::current().line() - 1;
  const auto of_api = io.gather(consume_exceptions::no, with_two);
  const auto of_three = gather(consume_exceptions::no, with_two, number, pending);
  reject(with_two, std::runtime_error("broken"));
  manual.run_ready();
  for (const auto* fail : {of_api.get_failure(), of_three.get_failure()}) {
    ASSERT_NE(fail, nullptr);
    const auto steps = fail->trace();
    const auto awaited = std::find_if(steps.begin(), steps.end(),
                                      [](const trace_entry& each) { return each.what == trace_entry::kind::awaited; });
    ASSERT_NE(awaited, steps.end());
    EXPECT_EQ(awaited->where.line(), fail == of_api.get_failure() ? line + 2 : line + 3);
    EXPECT_THAT(awaited->where.file_name(), HasSubstr("failure_test.cpp"));
  }
  EXPECT_FALSE(is_called(all));
}

TEST_F(failure_trace_test, the_caller_of_gather_is_named_if_it_passes_consume_exceptions) {
  const auto f = create_future<int>();
  const auto g = create_future<void>();
  const auto gathered_in_line = [&](const auto& all) -> unsigned {
    // A cancelled future fails by itself, so its trace begins where it was created.
    const auto waits = [](std::remove_cvref_t<decltype(all)> from) -> future<int> {
      co_await from;
      co_return 1;
    };
    const auto whole = waits(all);
    cancel(all);
    manual.run_ready();
    for (const trace_entry& each : whole.get_failure()->trace())
      if (each.what == trace_entry::kind::created) return each.where.line();
    return 0;
  };
  const auto line = std::source_location::current().line();
  EXPECT_EQ(gathered_in_line(gather(consume_exceptions::yes, f)), line + 1);
  EXPECT_EQ(gathered_in_line(io.gather(consume_exceptions::no, f, g, f, g)), line + 2);
  EXPECT_EQ(gathered_in_line(gather(consume_exceptions::yes, f, g, f, g, f, g, f, g, f)), line + 3);
  EXPECT_EQ(gathered_in_line(gather(std::vector{f, f})), line + 4);
  EXPECT_LT(gathered_in_line(gather(f, g)), line) << "which the co_await names, too";
}

TEST_F(failure_trace_test, functions_and_lambdas_that_are_coroutines_are_named_as_in_the_source) {
  const auto lambda = [](int) -> future<int> {
    throw std::runtime_error("inside");
    co_return 1;
  };
  const std::string text = failure_format_traceback(*lambda(1).get_failure());
  EXPECT_THAT(text, HasSubstr("<lambda(int)>"));
  for (const char* noise : {"Frame", "actor", "_Z", "operator()", "anonymous"})
    EXPECT_THAT(text, Not(HasSubstr(noise)));
}

TEST_F(failure_trace_test, without_the_target_throw_traces_the_throw_is_not_recorded) {
  try {
    throw std::runtime_error("x");
  } catch (...) {
    const failure fail = create_failure();
    EXPECT_THAT(throw_addresses(fail.exception()), ::testing::IsEmpty());
    EXPECT_THAT(throw_frames(fail.exception()), ::testing::IsEmpty());
    EXPECT_THAT(failure_format_traceback(fail), HasSubstr("caught at "));
  }
}

TEST_F(failure_trace_test, another_exception_thrown_while_handling_the_first_has_its_own_history) {
  const future<int> f = create_future<int>();
  const auto translates = [](future<int> from) -> future<int> {
    try {
      co_return co_await from;
    } catch (const std::exception&) {
      throw std::logic_error("translated");
    }
  };
  const future<int> whole = translates(f);
  reject(f, std::runtime_error("original"));
  manual.run_ready();
  EXPECT_EQ(failure_message(*whole.get_failure()), "std::logic_error: translated");
  for (const trace_entry& step : whole.get_failure()->trace()) EXPECT_NE(step.what, trace_entry::kind::awaited);
}

}  // namespace
}  // namespace interloop
