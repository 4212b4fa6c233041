// SPDX-License-Identifier: MIT
// What a program that links with interloop::throw_traces gets to know of what is thrown in it.
#include <interloop/throw_traces.hpp>

#include "core/failure/throw_traces/records.hpp"
#include "support/loop_test.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using throw_traces::count_notes;

// What the text says of a line of this file; without debug information it can only name functions.
std::string place([[maybe_unused]] unsigned line) {
#if INTERLOOP_TEST_WITHOUT_LIBDW
  return "throw_traces_test";
#else
  return "throw_traces_test.cpp:" + std::to_string(line);
#endif
}

unsigned thrown_in_line = 0;
volatile bool always = true;  // so that the compiler does not make functions of what follows that never return

[[gnu::noinline]] void throws(const char* text) {
  thrown_in_line = __LINE__ + 1;
  if (always) throw std::runtime_error(text);
}

[[gnu::noinline]] int calls_what_throws(int depth) {
  if (depth == 0) {
    throws("deep inside");
    return 0;
  }
  const int below = calls_what_throws(depth - 1);
  asm volatile("" ::: "memory");  // no tail call
  return below + 1;
}

template <class Function>
std::exception_ptr thrown_by(Function function) {
  try {
    function();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// Thrown and kept before main.
const std::exception_ptr thrown_early = thrown_by([] { throw 1; });

class throw_traces_test : public test::loop_test {
 protected:
  ~throw_traces_test() override { EXPECT_EQ(count_notes(), notes_before_) << "something is noted that is gone"; }

 private:
  const std::size_t notes_before_ = count_notes();
};

TEST_F(throw_traces_test, a_failure_made_in_a_handler_shows_where_the_exception_was_thrown) {
  std::optional<failure> fail;
  try {
    calls_what_throws(3);
  } catch (...) {
    fail = create_failure();
  }
  const std::string text = failure_format_traceback(*fail);
  EXPECT_THAT(text, HasSubstr("thrown at "));
  EXPECT_THAT(text, HasSubstr(place(thrown_in_line) + " in interloop::throws(char const*)\n"));
  EXPECT_EQ(count(text, "in interloop::calls_what_throws(int)\n"), 4u) << text;
  EXPECT_LT(text.find("interloop::throws("), text.find("calls_what_throws")) << "innermost first";
  EXPECT_LT(text.find("calls_what_throws"), text.find("caught at")) << "and then who caught it";
}

TEST_F(throw_traces_test, an_exception_that_escapes_a_callback_shows_where_it_was_thrown_and_nothing_of_the_loop) {
  std::string text;
  manual->set_exception_handler([&](std::string_view, const failure& fail) { text = failure_format_traceback(fail); });
  call_soon([] { calls_what_throws(1); });
  manual.run_ready();
  EXPECT_THAT(text, HasSubstr(place(thrown_in_line)));
  EXPECT_THAT(text, HasSubstr("<lambda"));
  for (const char* noise : {"loop::turn", "task_queue", "libc_start", "caught at", "raised at", "__cxa_throw"})
    EXPECT_THAT(text, Not(HasSubstr(noise)));
}

future<int> worker() {
  co_await sleep(1s);
  co_return calls_what_throws(0);
}
future<int> manager() { co_return co_await worker(); }

TEST_F(throw_traces_test, an_exception_that_escapes_a_coroutine_shows_the_throw_and_the_awaits) {
  const future<int> whole = manager();
  manual.advance(1s);
  const std::string text = failure_format_traceback(*whole.get_failure());
  const auto thrown = text.find("thrown at");
  const auto worker_called = text.find("interloop::worker()");
  const auto awaited = text.find("awaited at");
  ASSERT_TRUE(thrown < worker_called && worker_called < awaited && awaited != std::string::npos) << text;
  EXPECT_NE(text.find("interloop::manager()", awaited), std::string::npos) << text;
  EXPECT_THAT(text, Not(HasSubstr("Frame")));
}

TEST_F(throw_traces_test, a_rethrown_exception_keeps_the_place_where_it_was_first_thrown) {
  const auto again = thrown_by([] {
    try {
      throws("first");
    } catch (...) {
      throw;
    }
  });
  const auto once = throw_addresses(again);
  ASSERT_THAT(once, Not(IsEmpty()));
  const auto later = thrown_by([&] { std::rethrow_exception(again); });
  EXPECT_EQ(throw_addresses(later), once);
  EXPECT_EQ(throw_frames(again).front().function, "interloop::throws(char const*)");
}

TEST_F(throw_traces_test, each_nested_exception_shows_where_it_was_thrown) {
  const auto outer = thrown_by([] {
    try {
      throws("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  });
  const std::string text = failure_format_traceback(create_failure(outer));
  const auto cause = text.find("caused by std::runtime_error: inner");
  ASSERT_NE(cause, std::string::npos) << text;
  EXPECT_THAT(text.substr(0, cause), HasSubstr("thrown at "));
  EXPECT_THAT(text, Not(HasSubstr("throw_with_nested"))) << "the function that called it is what matters";
  EXPECT_THAT(text.substr(cause), HasSubstr("\n    thrown at "));
  EXPECT_THAT(text.substr(cause), HasSubstr(place(thrown_in_line)));
  EXPECT_THAT(text.substr(0, cause), Not(HasSubstr("interloop::throws(")));
}

TEST_F(throw_traces_test, interloops_own_frames_are_left_out) {
  const auto failed = as_future([] { return calls_what_throws(1); });
  const auto awaited = [](future<int> first) -> future<int> { co_return calls_what_throws(co_await first); };
  const future<int> zero = create_future<int>();
  const auto escaped = awaited(zero);
  resolve(zero, 0);
  manual.run_ready();
  for (const auto& fail : {failed.get_failure(), escaped.get_failure()}) {
    const std::string text = failure_format_traceback(*fail);
    EXPECT_THAT(text, HasSubstr("calls_what_throws"));
    for (const char* between : {"as_future", "interloop_resumes", "api.hpp", "coroutine.cpp", "coroutine.hpp"})
      EXPECT_THAT(text, Not(HasSubstr(between)));
  }
}

TEST_F(throw_traces_test, frames_of_the_standard_library_and_the_system_are_left_out) {
  std::exception_ptr thrown;
  const std::function<void()> wrapped = [] { calls_what_throws(1); };
  std::thread([&] { thrown = thrown_by([&] { wrapped(); }); }).join();
  const std::string text = failure_format_traceback(create_failure(thrown));
  EXPECT_THAT(text, HasSubstr("calls_what_throws"));
  for (const char* between : {"std::function", "std::thread", "_M_invoke", "start_thread", "clone"})
    EXPECT_THAT(text, Not(HasSubstr(between)));
}

#if !INTERLOOP_TEST_WITHOUT_LIBDW  // the compiler may have inlined it
TEST_F(throw_traces_test, an_exception_thrown_by_a_standard_library_function_names_it) {
  const auto thrown = thrown_by([] { (void)std::vector<int>().at(1); });
  EXPECT_THAT(failure_format_traceback(create_failure(thrown)), HasSubstr("std::vector<"));
}
#endif

TEST_F(throw_traces_test, an_exception_that_was_never_thrown_has_no_place) {
  const failure fail = create_failure(std::runtime_error("made"));
  EXPECT_THAT(throw_addresses(fail.exception()), IsEmpty());
  EXPECT_THAT(throw_frames(fail.exception()), IsEmpty());
  EXPECT_THAT(throw_addresses(nullptr), IsEmpty());
  EXPECT_THAT(failure_format_traceback(fail), HasSubstr("raised at "));
  const auto thrown_now = thrown_by([&] { std::rethrow_exception(fail.exception()); });
  EXPECT_THAT(throw_addresses(thrown_now), IsEmpty());
}

TEST_F(throw_traces_test, exceptions_of_any_type_are_destroyed_once_and_forgotten_with_it) {
  const int alive = test::counted::alive();
  const std::size_t before = count_notes();
  auto object = thrown_by([] { throw test::counted(); });
  auto number = thrown_by([] { throw 42; });
  EXPECT_EQ(count_notes(), before + 2);
  EXPECT_EQ(test::counted::alive(), alive + 1);
  object = nullptr;
  EXPECT_EQ(test::counted::alive(), alive);
  EXPECT_EQ(count_notes(), before + 1);
  number = nullptr;
  EXPECT_EQ(count_notes(), before);
}

TEST_F(throw_traces_test, thousands_may_be_kept_at_a_time) {
  std::vector<std::exception_ptr> kept;
  for (int i = 0; i < 20'000; ++i) kept.push_back(thrown_by([&] { throw i; }));
  EXPECT_EQ(count_notes(), 20'000u + 1u) << "and the one of before main";
  for (const std::exception_ptr& each : kept) ASSERT_THAT(throw_addresses(each), Not(IsEmpty()));
}

TEST_F(throw_traces_test, an_exception_thrown_before_main_is_recorded_too) {
  EXPECT_THAT(throw_addresses(thrown_early), Not(IsEmpty()));
}

TEST_F(throw_traces_test, the_innermost_frames_of_a_very_deep_stack_are_kept) {
  const auto thrown = thrown_by([] { calls_what_throws(1000); });
  EXPECT_THAT(throw_addresses(thrown), SizeIs(128));
  EXPECT_EQ(throw_frames(thrown).front().function, "interloop::throws(char const*)");
}

TEST_F(throw_traces_test, errno_survives_a_throw) {
  const auto thrown = thrown_by([] {
    errno = EXDEV;
    throw 1;
  });
  EXPECT_EQ(errno, EXDEV);
}

TEST_F(throw_traces_test, frames_include_module_and_offset_for_other_tools) {
  const auto frames = throw_frames(thrown_by([] { throws("x"); }));
  ASSERT_THAT(frames, Not(IsEmpty()));
  EXPECT_THAT(frames[0].module, ::testing::EndsWith("throw_traces_test"));
  EXPECT_NE(frames[0].offset, 0u);
  EXPECT_NE(frames[0].address, 0u);
  EXPECT_FALSE(frames[0].inlined);
  EXPECT_EQ(frames[0].line != 0, !frames[0].file.empty());
}

TEST_F(throw_traces_test, an_exception_that_leaves_a_noexcept_function_still_ends_the_program) {
  EXPECT_DEATH([]() noexcept { calls_what_throws(1); }(), "deep inside");
}

TEST_F(throw_traces_test, a_child_process_may_throw) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto thrown = thrown_by([] { throws("in the child"); });
    ::_exit(throw_addresses(thrown).empty() ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(throw_traces_test, libraries_loaded_at_the_same_address_are_distinguished) {
  const auto use = [](const char* path) {
    void* library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) throw std::runtime_error(::dlerror());
    const auto plugin_throws = reinterpret_cast<void (*)()>(::dlsym(library, "plugin_throws"));
    const auto thrown = thrown_by([&] {
      plugin_throws();
      asm volatile("" ::: "memory");
    });
    std::string text = failure_format_traceback(create_failure(thrown));
    return std::pair(text, library);  // what was thrown goes before its library
  };
  for (int round = 0; round < 3; ++round) {
    for (const char* path : {PLUGIN_1, PLUGIN_2}) {
      const auto [text, library] = use(path);
      EXPECT_THAT(text, HasSubstr(path == std::string(PLUGIN_1) ? "plugin 1" : "plugin 2"));
      EXPECT_THAT(text, HasSubstr("in plugin_throws"));
      EXPECT_THAT(text, HasSubstr("libraries_loaded_at_the_same_address"))
          << "and who called it, through frames of two sizes";
      EXPECT_EQ(::dlclose(library), 0);
    }
  }
}

}  // namespace
}  // namespace interloop
