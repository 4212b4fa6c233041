// SPDX-License-Identifier: MIT
// A machine that pauses makes any callback slow, so tests look for what must be reported, and ignore the rest.
#include <interloop/slow_callback.hpp>

#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Holds the loop for at least three milliseconds.
void hold_on() {
  const auto end = std::chrono::steady_clock::now() + 3ms;
  while (std::chrono::steady_clock::now() < end) continue;
}
constexpr auto threshold = 2ms;

future<int> holds(loop&, future<int> first) {
  const int value = co_await first;
  hold_on();
  co_return value;
}

class slow_callback_test : public test::loop_test {
 protected:
  void watch() {
    set_slow_callback(*manual, threshold, [this](const slow_callback& slow) { found.push_back(slow); });
  }
  /// The report that says this; a failure if there is none.
  slow_callback the(const std::string& part) {
    for (const slow_callback& each : found)
      if (each.what.find(part) != std::string::npos) return each;
    ADD_FAILURE() << "no report of " << part << " among " << found.size();
    for (const slow_callback& each : found) ADD_FAILURE() << each.what;
    return {};
  }
  [[nodiscard]] bool any(const std::string& part) const {
    for (const slow_callback& each : found)
      if (each.what.find(part) != std::string::npos) return true;
    return false;
  }
  std::vector<slow_callback> found;
};

struct named_for_the_queue {
  void operator()() const { hold_on(); }
};
struct named_for_the_inbox {
  void operator()() const { hold_on(); }
};
struct named_for_the_timer {
  void operator()() const { hold_on(); }
};
struct named_with_an_argument {
  void operator()(int) const { hold_on(); }
};
struct named_for_the_watch {
  void operator()(interest) const { hold_on(); }
};
struct quick {
  void operator()() const {}
};

TEST_F(slow_callback_test, every_kind_of_callback_is_found_and_named) {
  watch();
  io.call_soon(named_for_the_queue());
  io.call_soon(named_with_an_argument(), 1);
  std::thread([remote = manual->remote()] { remote.post(named_for_the_inbox()); }).join();
  io.call_later(1ms, named_for_the_timer());
  const unsigned line = __LINE__ + 1;
  const auto answer = io.create_future<int>();
  add_callbacks(answer, [](int) { hold_on(); });
  const auto first = io.create_future<int>();
  const auto result = holds(*manual, first);
  resolve(answer, 1);
  resolve(first, 2);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    const fd_watch writable = manual->watch(ends[1], interest::write, named_for_the_watch());
    manual.step();
    manual.step();
  }
  ::close(ends[0]);
  ::close(ends[1]);
  manual.advance(1s);
  for (const char* each : {"callback interloop::named_for_the_queue", "callback interloop::named_with_an_argument",
                           "posted callback interloop::named_for_the_inbox", "timer interloop::named_for_the_timer",
                           "watch interloop::named_for_the_watch of descriptor "}) {
    const slow_callback slow = the(each);
    EXPECT_GE(slow.held, threshold);
    EXPECT_THAT(slow.what, HasSubstr("slow_callback_test.cpp:" + std::to_string(slow.where.line()) + ")"));
    EXPECT_NE(slow.where.line(), 0U) << slow.what;
  }
  const slow_callback of_future = the("slow_callback_test.cpp:" + std::to_string(line) + ", interloop::");
  EXPECT_EQ(of_future.where.line(), line);
  const slow_callback of_coroutine = the("coroutine interloop::holds(");
  EXPECT_THAT(of_coroutine.what, HasSubstr("slow_callback_test.cpp:"));
  EXPECT_NE(of_coroutine.where.line(), 0U);
  EXPECT_EQ(result.value(), 2);
}

TEST_F(slow_callback_test, the_slow_one_among_many_quick_ones) {
  watch();
  for (int i = 0; i < 100; ++i) io.call_soon(quick());
  io.call_soon(named_for_the_queue());
  for (int i = 0; i < 100; ++i) io.call_soon(quick());
  manual.run_ready();
  EXPECT_EQ(the("named_for_the_queue").calls, 1U);
}

TEST_F(slow_callback_test, calls_from_one_place_share_a_reading_of_the_clock) {
  int calls = 0;
  watch();
  for (int i = 0; i < 100; ++i) {
    io.call_soon([&calls] {
      if (++calls == 50) hold_on();
    });
  }
  manual.run_ready();
  const slow_callback slow = the("callback ");
  EXPECT_LE(slow.calls, 8U);
  EXPECT_GE(slow.held, threshold);
}

TEST_F(slow_callback_test, one_type_of_callable_from_several_places_is_told_apart) {
  watch();
  const std::function<void()> quick_one = [] {};
  const std::function<void()> slow_one = [] { hold_on(); };
  for (int i = 0; i < 3; ++i) io.call_soon(quick_one);
  io.call_soon(slow_one);
  const unsigned line = __LINE__ - 1;
  for (int i = 0; i < 3; ++i) io.call_soon(quick_one);
  manual.run_ready();
  const slow_callback slow = the("slow_callback_test.cpp:" + std::to_string(line));
  EXPECT_EQ(slow.where.line(), line);
  EXPECT_EQ(slow.calls, 1U);
}

TEST_F(slow_callback_test, a_timer_with_a_large_callable_has_its_place_too) {
  watch();
  const std::array<char, 24> full{};  // leaves no room for the place in the timer
  io.call_later(1ms, [full] { hold_on(), static_cast<void>(full); });
  const unsigned line = __LINE__ - 1;
  manual.advance(1s);
  EXPECT_EQ(the("slow_callback_test.cpp:" + std::to_string(line)).where.line(), line);
}

TEST_F(slow_callback_test, nothing_below_the_threshold_and_nothing_when_it_is_off) {
  set_slow_callback(*manual, 24h, [this](const slow_callback& slow) { found.push_back(slow); });
  io.call_soon(named_for_the_queue());
  manual.run_ready();
  EXPECT_TRUE(found.empty());
  watch();
  set_slow_callback(*manual, 0s);
  io.call_soon(named_for_the_queue());
  manual.run_ready();
  EXPECT_TRUE(found.empty());
}

TEST_F(slow_callback_test, switched_on_and_off_by_callbacks) {
  io.call_soon([this] { watch(); });
  io.call_soon(named_for_the_queue());  // in a turn that had begun before
  manual.run_ready();
  EXPECT_FALSE(any("named_for_the_queue"));
  io.call_soon([this] { set_slow_callback(*manual, 0s); });
  io.call_soon(named_for_the_queue());
  manual.run_ready();
  EXPECT_FALSE(any("named_for_the_queue"));
  io.call_soon([this] {
    set_slow_callback(*manual, 0s);
    watch();
  });
  io.call_soon(named_for_the_timer());
  manual.run_ready();
  io.call_soon(named_for_the_queue());
  manual.run_ready();
  the("named_for_the_queue");
}

TEST_F(slow_callback_test, the_handler_is_not_reported_itself) {
  int calls = 0;
  set_slow_callback(*manual, threshold, [&](const slow_callback& slow) {
    found.push_back(slow);
    ++calls;
    hold_on();
  });
  io.call_soon(named_for_the_queue());
  manual.run_ready();  // throws if it goes on and on
  the("named_for_the_queue");
  EXPECT_FALSE(any("slow_meter"));
}

TEST_F(slow_callback_test, a_handler_that_throws) {
  set_slow_callback(*manual, threshold, [](const slow_callback&) { throw std::runtime_error("not now"); });
  io.call_soon(named_for_the_queue());
  manual.run_ready();
  EXPECT_THAT(taken_reports(), ::testing::Contains("the handler of slow callbacks threw: std::runtime_error: not now"));
}

TEST_F(slow_callback_test, a_handler_may_replace_itself_and_close_the_loop) {
  const test::counted life;
  set_slow_callback(*manual, threshold, [this, life](const slow_callback&) {
    set_slow_callback(*manual, 24h, [](const slow_callback&) {});
    manual->close();
  });
  io.call_soon(named_for_the_queue());
  manual.run_ready();
  EXPECT_TRUE(manual->closed());
  EXPECT_THROW(set_slow_callback(*manual, threshold), loop_closed);
}

TEST_F(slow_callback_test, a_slow_callback_that_closes_the_loop) {
  watch();
  io.call_soon([this] {
    hold_on();
    manual->close();
  });
  manual.run_ready();
  EXPECT_TRUE(found.empty());
}

TEST_F(slow_callback_test, turns_inside_a_callback_do_not_count_as_its_time) {
  struct outer {
    testing::manual_loop* manual;
    void operator()() const { manual->step(); }
  };
  set_slow_callback(*manual, 1h, [](const slow_callback&) {});  // so that nothing else is reported
  watch();
  io.call_soon(outer{&manual});
  io.call_soon(named_for_the_queue());
  manual.run_ready();
  the("named_for_the_queue");
}

TEST_F(slow_callback_test, without_a_handler_it_is_a_line_on_stderr) {
  set_slow_callback(*manual, threshold);
  io.call_soon(named_for_the_queue());
  ::testing::internal::CaptureStderr();
  manual.run_ready();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::ContainsRegex("interloop: callback interloop::named_for_the_queue "
                                       "\\(.*slow_callback_test.cpp:[0-9]+\\) held the loop manual for "
                                       "[0-9.e+]+ ms\n"));
}

class slow_loops_test : public ::testing::TestWithParam<std::string> {};

TEST_P(slow_loops_test, found_on_every_loop) {
  const auto under_test = test::make_loop(GetParam());
  loop& core = under_test->core();
  bool told = false;
  set_slow_callback(core, threshold, [&](const slow_callback& slow) {
    if (slow.what.starts_with("timer interloop::named_for_the_timer (")) told = true;
  });
  core.call_later(1ms, named_for_the_timer());
  test::run_until(core, [&] { return told; });
  set_slow_callback(core, 0s);
}

INSTANTIATE_TEST_SUITE_P(every, slow_loops_test, ::testing::ValuesIn(test::loop_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace interloop
