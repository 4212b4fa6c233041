// SPDX-License-Identifier: MIT
// What the fixture for tests of libraries runs, and what it reports, on every loop.
#include <interloop/testing/every_loop.hpp>

#include <gmock/gmock.h>
#include <interloop/interloop.hpp>

#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using interloop::api;
using interloop::future;
using interloop::usage_error;
using interloop::testing::every_loop;
using interloop::testing::limit_passed;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using texts = std::vector<std::string>;

future<std::string> greet(api async) {
  co_await async.sleep(1ms);
  co_return "hello";
}
future<void> fail_after_a_while(api async) {
  co_await async.sleep(1ms);
  throw std::domain_error("no luck");
}
future<int> wait_for_it(api, future<int> what) { co_return co_await what; }

template <class Exception, class F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const Exception& thrown) {
    return thrown.what();
  }
  return "nothing was thrown";
}

struct pipe_ends {
  pipe_ends() {
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  ~pipe_ends() {
    for (const int each : ends) ::close(each);
  }
  int ends[2];
};

class every_loop_fixture : public testing::TestWithParam<std::string> {
 protected:
  void TearDown() override {
    loop_.reset();
    EXPECT_EQ(reports_, texts());
  }
  every_loop& loop() { return *loop_; }
  texts reports_at_the_end() {
    loop_->close();
    return std::exchange(reports_, {});
  }

  texts reports_;
  std::optional<every_loop> loop_{std::in_place, [this](const std::string& what) { reports_.push_back(what); },
                                  GetParam()};
};

INSTANTIATE_TEST_SUITE_P(loops, every_loop_fixture, testing::ValuesIn(interloop::testing::loop_names()),
                         [](const auto& each) { return each.param; });

TEST_P(every_loop_fixture, runs_until_a_future_is_completed_and_returns_its_value) {
  EXPECT_EQ(loop().run(greet(loop().async())), "hello");
  EXPECT_EQ(loop().run(greet(interloop::with_config(loop().core()))), "hello");
  EXPECT_EQ(loop().kind(), GetParam());
}

TEST_P(every_loop_fixture, throws_the_futures_exception) {
  EXPECT_EQ(message_of<std::domain_error>([&] { loop().run(fail_after_a_while(loop().async())); }), "no luck");
  const auto failed = fail_after_a_while(loop().async());
  loop().finish(failed);
  EXPECT_TRUE(failed.get_failure()->is<std::domain_error>());
}

TEST_P(every_loop_fixture, gives_up_after_the_limit_and_says_what_is_pending) {
  auto never = std::make_optional(loop().async().create_future<int>());
  const auto waiting = wait_for_it(loop().async(), *never);
  EXPECT_THAT(message_of<limit_passed>([&] { loop().run(waiting, 1ms); }),
              AllOf(StartsWith("the future was not completed within 1 ms on " + GetParam() + ". Pending:\n"),
                    HasSubstr("coroutine wait_for_it"), HasSubstr("every_loop_fixture_test.cpp")));
  interloop::resolve(*never, 3);
  EXPECT_EQ(loop().run(waiting), 3);
}

TEST_P(every_loop_fixture, runs_until_something_is_true) {
  bool called = false;
  loop().core().call_later(1ms, [&] { called = true; });
  loop().run_until([&] { return called; });
  EXPECT_TRUE(called);
  EXPECT_THAT(message_of<limit_passed>([&] { loop().run_until([] { return false; }, 1ms); }),
              HasSubstr("what was waited for did not happen"));
}

TEST_P(every_loop_fixture, selects_its_loop_as_long_as_it_exists) {
  const interloop::loop* const before = nullptr;
  EXPECT_EQ(interloop::config().loop, &loop().core());
  loop().close();
  EXPECT_EQ(interloop::config().loop, before);
}

TEST_P(every_loop_fixture, reports_what_is_left_pending) {
  EXPECT_EQ(loop().pending(), "");
  auto never = loop().async().create_future<int>();
  const auto waiting = wait_for_it(loop().async(), never);
  const auto timer = loop().core().call_later(24h, [] {});
  loop().settle();
  EXPECT_THAT(loop().pending(), HasSubstr("wait_for_it"));
  const auto found = reports_at_the_end();
  ASSERT_EQ(found.size(), 1u) << testing::PrintToString(found);
  EXPECT_THAT(found[0], AllOf(StartsWith("left pending on " + GetParam() + ":\n"), HasSubstr("coroutine wait_for_it"),
                              HasSubstr("timer")));
}

TEST_P(every_loop_fixture, reports_a_watch_that_is_left) {
  const pipe_ends watched;
  loop().ignore_open_descriptors();
  const auto watch = loop().core().watch(watched.ends[0], interloop::interest::read, [](auto) {});
  const auto found = reports_at_the_end();
  ASSERT_EQ(found.size(), 1u) << testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr("watch"));
}

TEST_P(every_loop_fixture, what_is_still_queued_runs_before_anything_is_reported) {
  auto held = std::make_optional(loop().core().hold());
  loop().core().call_soon([&] { loop().core().call_soon([&] { held.reset(); }); });
  EXPECT_THAT(reports_at_the_end(), IsEmpty());
}

TEST_P(every_loop_fixture, reports_exceptions_that_nobody_handled) {
  loop().core().call_soon([] { throw std::domain_error("escaped"); });
  {
    const auto dropped = fail_after_a_while(loop().async());
    loop().run(loop().async().sleep(5ms));
  }
  EXPECT_THAT(reports_at_the_end(),
              ElementsAre(AllOf(StartsWith("an exception that nobody handled, on " + GetParam()), HasSubstr("escaped")),
                          AllOf(HasSubstr("no luck"), HasSubstr("fail_after_a_while"))));
}

TEST_P(every_loop_fixture, a_test_that_expects_such_an_exception_takes_it) {
  loop().core().call_soon([] { throw std::domain_error("escaped"); });
  loop().settle();
  EXPECT_THAT(loop().taken_exceptions(), ElementsAre(HasSubstr("std::domain_error: escaped")));
  EXPECT_THAT(loop().taken_exceptions(), IsEmpty());
}

TEST_P(every_loop_fixture, reports_descriptors_that_are_left_open) {
  const pipe_ends left;
  EXPECT_THAT(reports_at_the_end(), ElementsAre(AllOf(StartsWith("descriptors left open on " + GetParam() + ":\n" +
                                                                 std::to_string(left.ends[0]) + " pipe:"),
                                                      HasSubstr("\n" + std::to_string(left.ends[1]) + " pipe:"))));
}

TEST_P(every_loop_fixture, reports_a_descriptor_whose_number_was_open_for_another_file) {
  const pipe_ends other;
  const pipe_ends replaced;
  loop().ignore_open_descriptors();
  ::dup2(other.ends[0], replaced.ends[0]);
  EXPECT_THAT(reports_at_the_end(), ElementsAre(HasSubstr("\n" + std::to_string(replaced.ends[0]) + " pipe:")));
}

TEST_P(every_loop_fixture, a_descriptor_that_the_process_keeps_can_be_ignored) {
  const pipe_ends kept;
  loop().ignore_open_descriptors();
  EXPECT_THAT(reports_at_the_end(), IsEmpty());
}

TEST_P(every_loop_fixture, futures_may_outlive_it) {
  auto pending = std::make_optional(loop().async().create_future<int>());
  auto failed = std::make_optional(loop().async().create_future<int>());
  interloop::reject(*failed, std::domain_error("late"));
  loop().settle();
  EXPECT_EQ(reports_at_the_end().size(), 1u);
  failed.reset();  // which reports a failure that nobody looked at, to a fixture that is closed
  pending.reset();
}

TEST_P(every_loop_fixture, cannot_be_run_inside_a_callback) {
  std::string why;
  loop().core().call_soon([&] { why = message_of<usage_error>([&] { loop().settle(); }); });
  loop().settle();
  EXPECT_EQ(why, "an every_loop cannot be run inside a callback: use co_await there");
}

TEST_P(every_loop_fixture, does_not_wait_for_another_loops_future) {
  every_loop other([this](const std::string& what) { reports_.push_back(what); }, GetParam());
  const auto theirs = other.async().sleep(1ms);
  EXPECT_THROW(loop().run(theirs), usage_error);
  other.run(theirs);
}

TEST_P(every_loop_fixture, is_closed_once) {
  loop().close();
  loop().close();
  EXPECT_EQ(message_of<usage_error>([&] { static_cast<void>(loop().core()); }),
            "core of an every_loop that is closed: make another one");
}

TEST_P(every_loop_fixture, a_test_may_close_the_loop_itself) {
  loop().core().close();
  EXPECT_THAT(reports_at_the_end(), IsEmpty());
}

TEST_P(every_loop_fixture, what_other_threads_post_is_waited_for) {
  bool called = false;
  std::thread other([&called, remote = loop().core().remote()] { remote.post([&called] { called = true; }); });
  loop().run_until([&] { return called; });
  other.join();
}

TEST_P(every_loop_fixture, a_timer_does_not_overtake_an_answer_from_outside) {
  // On the manual loop, too, whose clock would otherwise jump to the timer at once.
  const pipe_ends line;
  loop().ignore_open_descriptors();
  bool answered = false;
  bool too_late = false;
  auto limit = loop().core().call_later(30s, [&] { too_late = true; });
  std::optional<interloop::fd_watch> watch;
  watch.emplace(loop().core().watch(line.ends[0], interloop::interest::read, [&](auto) {
    answered = true;
    watch.reset();
  }));
  std::thread peer([&] { static_cast<void>(::write(line.ends[1], "x", 1)); });
  loop().run_until([&] { return answered || too_late; }, 60s);
  peer.join();
  EXPECT_TRUE(answered);
  EXPECT_FALSE(too_late);
  limit.cancel();
}

TEST(every_loop_choice, callbacks_that_queue_each_other_forever_are_reported) {
  texts reports;
  every_loop loop([&](const std::string& what) { reports.push_back(what); }, "manual");
  std::function<void()> again = [&] { loop.core().call_soon(again); };
  again();
  EXPECT_THAT(message_of<limit_passed>([&] { loop.settle(1ms); }), HasSubstr("callbacks keep queueing others"));
  loop.close();
  EXPECT_THAT(reports, ElementsAre(HasSubstr("callbacks keep queueing others")));
}

TEST(every_loop_choice, the_manual_loops_clock_jumps) {
  every_loop loop([](const std::string& what) { ADD_FAILURE() << what; }, "manual");
  EXPECT_TRUE(loop.jumps());
  const auto before = loop.core().now();
  loop.run(loop.async().sleep(1000h));
  EXPECT_EQ(loop.core().now() - before, 1000h);
}

TEST(every_loop_choice, its_clock_runs_on_while_a_descriptor_is_watched) {
  every_loop loop([](const std::string& what) { ADD_FAILURE() << what; }, "manual");
  const pipe_ends quiet;
  loop.ignore_open_descriptors();
  auto watch = std::make_optional(loop.core().watch(quiet.ends[0], interloop::interest::read, [](auto) {}));
  loop.run(loop.async().sleep(1ms));
  watch.reset();
}

TEST(every_loop_choice, a_program_with_several_loops_has_to_name_one) {
  if (interloop::testing::known_loops().linked.size() < 2) GTEST_SKIP() << "only one loop was built";
  EXPECT_THAT(message_of<usage_error>([] { every_loop([](const std::string&) {}); }),
              AllOf(StartsWith("this program is linked with several loops (manual, "), HasSubstr("name the one")));
}

TEST(every_loop_choice, a_loop_that_is_not_there_is_an_error_that_lists_those_that_are) {
  EXPECT_THAT(message_of<usage_error>([] { every_loop([](const std::string&) {}, "nosuchloop"); }),
              AllOf(StartsWith("this program has no loop 'nosuchloop'; it has "), HasSubstr("manual")));
}

TEST(every_loop_choice, a_reporter_is_required) { EXPECT_THROW(every_loop({}, "manual"), usage_error); }

}  // namespace
