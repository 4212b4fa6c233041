// SPDX-License-Identifier: MIT
// In checked builds, looking at a future whose loop another thread runs is refused, like completing it; if no thread
// runs the loop, or it is closed, looking is allowed.
#include "support/blocking.hpp"

#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;

namespace {

future<int> waits_for(api, future<int>* theirs) { co_return co_await *theirs; }
future<int> takes_over(api, future<int>* theirs) { co_return co_await std::move(*theirs); }

// Which ways of looking at the future are refused with `wrong_thread`.
std::vector<std::string> refused(future<int>& theirs) {
  interloop::testing::manual_loop mine;
  const api async = with_config(mine);
  std::vector<std::string> all;
  const auto look = [&](const char* what, const std::function<void()>& fn) {
    try {
      fn();
    } catch (const wrong_thread& why) {
      all.emplace_back(what);
      EXPECT_NE(std::string(why.what()).find(what), std::string::npos) << why.what();
    } catch (const invalid_state&) {  // there is no value yet
    }
  };
  const auto look_of = [&](auto coroutine) {
    const future<int> made = coroutine(async, &theirs);
    if (is_called(made)) static_cast<void>(made.value());
  };
  look("is_called", [&] { static_cast<void>(is_called(theirs)); });
  look("get_failure", [&] { static_cast<void>(theirs.get_failure()); });
  look("value", [&] { static_cast<void>(theirs.value()); });
  look("take", [&] { static_cast<void>(theirs.take()); });
  look("co_await", [&] { look_of(waits_for); });
  look("co_await", [&] { look_of(takes_over); });
  return all;
}

std::vector<std::string> everything() {
#if INTERLOOP_CHECKED
  return {"is_called", "get_failure", "value", "take", "co_await", "co_await"};
#else
  return {};
#endif
}

class reading_elsewhere_test : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(loops, reading_elsewhere_test, ::testing::ValuesIn(blocking_test::loop_names()),
                         [](const auto& each) { return each.param; });

#if INTERLOOP_CHECKED
TEST_P(reading_elsewhere_test, a_future_of_a_loop_that_a_thread_runs_is_refused) {
  const auto thread = blocking_test::start_loop(GetParam());
  std::optional<future<int>> theirs;
  wait_for(*thread, 60s, [&] { theirs = create_future<int>(); })();
  EXPECT_EQ(refused(*theirs), everything());
  wait_for(*thread, 60s, [&] {
    EXPECT_TRUE(*theirs);
    EXPECT_FALSE(is_called(*theirs)) << "the loop's own thread may look";
    theirs.reset();
  })();
}

TEST(reading_elsewhere_of_native_loops, a_future_of_a_loop_that_is_in_a_turn_is_refused) {
  for (const std::string& name : test::loop_names()) {
    SCOPED_TRACE(name);
    test::make_loop(name);  // what belongs to the process is then made here
    future<int> theirs;
    event inside;
    event looked;
    std::thread other([&] {
      const auto native = test::make_loop(name);
      loop& core = native->core();
      theirs = with_config(core).create_future<int>();
      bool over = false;
      core.call_soon([&] {
        inside.set();
        looked.wait();
        over = true;
      });
      native->run_until([&] { return over; }, 60s);
      EXPECT_FALSE(is_called(theirs));
      theirs = {};
    });
    inside.wait();
    EXPECT_EQ(refused(theirs), everything());
    looked.set();
    other.join();
  }
}
#endif

TEST_P(reading_elsewhere_test, outcomes_can_be_read_after_the_loops_thread_has_ended) {
  auto thread = blocking_test::start_loop(GetParam());
  std::optional<future<int>> pending;
  std::optional<future<int>> done;
  wait_for(*thread, 60s, [&] {
    pending = create_future<int>();
    done = create_future_success(7);
  })();
  thread.reset();
  EXPECT_TRUE(is_called(*pending));
  EXPECT_TRUE(pending->get_failure()->is<loop_closed>());
  EXPECT_EQ(done->value(), 7);
  EXPECT_EQ(done->take(), 7);
}

TEST_P(reading_elsewhere_test, outcomes_can_be_read_when_nobody_runs_the_loop_any_more) {
  std::optional<interloop::loop_owner> own;
  std::optional<future<int>> theirs;
  std::thread([&] {
    loop& core = own.emplace(blocking_test::own_loop(GetParam()));
    theirs = with_config(core).create_future<int>();
    core.call_soon([&] {
      resolve(*theirs, 7);
      core.stop();
    });
    core.run();
  }).join();
  EXPECT_TRUE(is_called(*theirs));
  EXPECT_EQ(theirs->value(), 7);
  interloop::testing::manual_loop mine;
  EXPECT_EQ(waits_for(with_config(mine), &*theirs).value(), 7);
}

}  // namespace
