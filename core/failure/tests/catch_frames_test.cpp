// SPDX-License-Identifier: MIT
// The frames that a program sees without linking interloop::throw_traces: the callers of the handler that made a
// failure.
#include <interloop/throw_traces.hpp>

#include "support/loop_test.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr unsigned made_in_line = __LINE__ + 5;
[[gnu::noinline]] failure handles() {
  try {
    throw std::runtime_error("went wrong");
  } catch (...) {
    failure made = create_failure();
    asm volatile("" ::: "memory");  // no tail call
    return made;
  }
}
[[gnu::noinline]] failure deep(int depth) {
  failure made = depth == 0 ? handles() : deep(depth - 1);
  asm volatile("" ::: "memory");
  return made;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin))
    all.push_back(text.substr(begin, end - begin));
  all.push_back(text.substr(begin));
  return all;
}

using catch_frames_test = test::loop_test;

TEST_F(catch_frames_test, a_failure_made_in_a_handler_shows_the_handlers_callers) {
  const failure fail = deep(2);
  const std::vector<std::string> text = lines(failure_format_traceback(fail));
  ASSERT_GT(text.size(), 6u);
  EXPECT_THAT(text[1], HasSubstr("caught at "));
  EXPECT_THAT(text[1], HasSubstr("catch_frames_test.cpp:" + std::to_string(made_in_line) + " in interloop::handles()"));
  for (std::size_t i = 2; i < 5; ++i)
    EXPECT_THAT(text[i],
                MatchesRegex("    called from /.*catch_frames_test\\+0x[0-9a-f]+ in interloop::deep\\(int\\)"));
  EXPECT_THAT(text[5], HasSubstr("a_failure_made_in_a_handler_shows_the_handlers_callers"));
  for (const std::string& each : text) {
    EXPECT_THAT(each, Not(HasSubstr("failure::failure"))) << "nothing of interloop's own";
    EXPECT_THAT(each, Not(HasSubstr("_start"))) << "main is the last";
  }
  EXPECT_EQ(text.back(), "std::runtime_error: went wrong");
}

std::optional<failure> made_in_the_loop;
void called_by_the_loop() {
  made_in_the_loop = deep(0);
  asm volatile("" ::: "memory");
}

TEST_F(catch_frames_test, frames_outside_the_loop_are_left_out) {
  call_soon(&called_by_the_loop);
  manual.run_ready();
  std::vector<std::string> functions;  // not the whole text: directories may have any name
  for (const std::string& line : lines(failure_format_traceback(made_in_the_loop.value())))
    if (const auto in = line.rfind(" in "); in != std::string::npos) functions.push_back(line.substr(in + 4));
  made_in_the_loop.reset();
  EXPECT_THAT(functions,
              ElementsAre("interloop::handles()", "interloop::deep(int)", "interloop::called_by_the_loop()"));
}

TEST_F(catch_frames_test, the_frames_are_available_as_data) {
  const failure fail = deep(1);
  const std::vector<stack_frame> frames = catch_frames(fail);
  ASSERT_GT(frames.size(), 4u);
  EXPECT_THAT(fail.catch_addresses(), SizeIs(frames.size()));
  EXPECT_EQ(frames[0].function, "interloop::handles()");
  EXPECT_EQ(frames[1].function, "interloop::deep(int)");
  EXPECT_EQ(frames[2].function, "interloop::deep(int)");
  EXPECT_THAT(frames[0].module, ::testing::EndsWith("/catch_frames_test"));
  EXPECT_EQ(frames[0].address, fail.catch_addresses()[0]);
  EXPECT_LT(frames[0].offset, 0x10000000u) << "of the file, not of where it is in memory";
  EXPECT_THAT(frames[0].file, IsEmpty());
}

TEST_F(catch_frames_test, exported_functions_of_libraries_are_named_too) {
  static std::optional<failure> fail;
  int two[] = {2, 1};
  std::qsort(two, 2, sizeof(int), [](const void*, const void*) {
    fail = handles();
    return 0;
  });
  EXPECT_THAT(failure_format_traceback(fail.value()), ::testing::ContainsRegex("libc\\.so\\.6\\+0x[0-9a-f]+ in qsort"));
  fail.reset();
}

TEST_F(catch_frames_test, copies_and_longer_histories_have_the_frames_too) {
  const failure fail = handles();
  const failure longer = fail.extended(trace_entry::kind::awaited, std::source_location::current());
  EXPECT_EQ(longer.catch_addresses(), fail.catch_addresses());
  const std::string text = failure_format_traceback(longer);
  EXPECT_LT(text.find("called from"), text.find("awaited at")) << "first cause first";
}

TEST_F(catch_frames_test, rejecting_with_the_exception_being_handled_keeps_the_frames) {
  const future<int> f = create_future<int>();
  try {
    throw 1;
  } catch (...) {
    reject(f);
  }
  const std::vector<stack_frame> frames = catch_frames(*f.get_failure());
  ASSERT_THAT(frames, Not(IsEmpty()));
  EXPECT_THAT(failure_format_traceback(*f.get_failure()), Not(HasSubstr("interloop::reject<")));
  EXPECT_THAT(failure_format_traceback(*f.get_failure()), HasSubstr("caught at "));
}

TEST_F(catch_frames_test, an_exception_that_as_future_caught_shows_its_callers) {
  const auto f = as_future([]() -> int { throw std::logic_error("inside"); });
  const std::string text = failure_format_traceback(*f.get_failure());
  EXPECT_THAT(text, HasSubstr("an_exception_that_as_future_caught_shows_its_callers"));
  for (const char* noise : {"interloop::api", "interloop::reject", "interloop::create_future", "interloop::as_future"})
    EXPECT_THAT(text, Not(HasSubstr(noise)));
}

TEST_F(catch_frames_test, a_failure_that_was_not_made_in_a_handler_has_no_frames) {
  const future<int> f = create_future<int>();
  reject(f, std::runtime_error("made"));
  const auto coroutine = []() -> future<int> {
    throw std::runtime_error("inside");
    co_return 1;
  }();
  std::optional<failure> escaped;
  manual->set_exception_handler([&](std::string_view, const failure& fail) { escaped = fail; });
  call_soon([] { throw 1; });
  manual.run_ready();
  for (const failure& each : {*f.get_failure(), create_failure(7), *coroutine.get_failure(), escaped.value()}) {
    EXPECT_THAT(each.catch_addresses(), IsEmpty());
    EXPECT_THAT(catch_frames(each), IsEmpty());
    EXPECT_THAT(failure_format_traceback(each), Not(HasSubstr("called from")));
    EXPECT_THAT(failure_format_traceback(each), Not(HasSubstr("caught at")));
  }
}

TEST_F(catch_frames_test, the_innermost_frames_of_a_very_deep_stack_are_kept) {
  const failure fail = deep(1000);
  EXPECT_THAT(fail.catch_addresses(), SizeIs(128));
  EXPECT_EQ(catch_frames(fail).front().function, "interloop::handles()");
}

TEST_F(catch_frames_test, any_thread_may_make_and_read_futures) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([i] {
      for (int n = 0; n < 50; ++n) {
        const failure fail = deep(i);
        EXPECT_EQ(catch_frames(fail)[1].function, "interloop::deep(int)");
      }
    });
  for (auto& each : threads) each.join();
}

TEST_F(catch_frames_test, libraries_loaded_at_the_same_address_are_distinguished) {
  using callback = void (*)();
  static std::optional<failure> fail;
  for (int round = 0; round < 3; ++round) {
    for (const char* path : {PLUGIN_1, PLUGIN_2}) {
      void* library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
      ASSERT_NE(library, nullptr) << ::dlerror();
      const auto plugin_calls = reinterpret_cast<void (*)(callback)>(::dlsym(library, "plugin_calls"));
      ASSERT_NE(plugin_calls, nullptr);
      plugin_calls([] { fail = handles(); });
      const std::string text = failure_format_traceback(fail.value());
      EXPECT_THAT(text, HasSubstr(path + std::string("+0x"))) << text;
      EXPECT_THAT(text, HasSubstr("in plugin_calls\n"));
      EXPECT_THAT(text, HasSubstr("libraries_loaded_at_the_same_address"))
          << "and who called it, through frames of two sizes";
      EXPECT_EQ(::dlclose(library), 0);
    }
  }
  fail.reset();
}

}  // namespace
}  // namespace interloop
