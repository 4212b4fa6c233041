// SPDX-License-Identifier: MIT
// The conformance suite is itself tested: the small loop passes it, and broken in the way a case is about it fails.
#include "faulty_loop.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using faulty::fault;
using interloop::usage_error;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

struct broken {
  fault how;
  std::vector<std::string_view> cases;
};

// Which fault shows that a case notices what it is about. Most cases notice others too.
const std::vector<broken>& faults() {
  static const std::vector<broken> all{
      {fault::loses_wakes, {"native handlers and callables may cause each other"}},
      {fault::loses_foreign_wakes,
       {"a post from another thread wakes the loop and runs in its thread",
        "posts that came while the loop did not run are not lost", "a post during the last turn of a run is not lost"}},
      {fault::loses_later_wakes, {"a chain of callables runs to its end"}},
      {fault::turns_elsewhere, {"callables run in the loop's thread"}},
      {fault::loses_wakes_in_turns, {"a post from another thread during a turn is not lost"}},
      {fault::owns_every_thread, {"touching the loop from another thread throws wrong_thread"}},
      {fault::claims_every_thread, {"only the loop's thread is taken for it"}},
      {fault::greedy,
       {"a callable that queues itself forever does not starve native handlers",
        "a callable that queues itself forever does not starve descriptors",
        "timers of zero delay that set themselves again do not starve descriptors",
        "timers of zero delay that set themselves again do not starve native handlers"}},
      {fault::idle_only,
       {"native handlers that follow each other without end do not starve the loop",
        "a native watch that stays ready does not starve the loop"}},
      {fault::spins, {"the native loop sleeps while there is nothing to do"}},
      {fault::turns_for_nothing, {"a far timer, an idle watch and a paused watch cause no turns"}},
      {fault::keeps_first_alarm, {"a timer that is made later with an earlier deadline fires first"}},
      {fault::rings_late, {"on a machine that is not busy a timer is not late"}},
      {fault::arms_anew, {"timers fire on a native loop that is run in slices shorter than their delay"}},
      {fault::clock_goes_back, {"the clock never goes back"}},
      {fault::clock_ahead, {"a timer never fires early by the loop's clock"}},
      {fault::clock_stands, {"a timer that is set after a stall counts from the call"}},
      {fault::never_readable,
       {"a descriptor with data is reported as readable", "a paused watch reports nothing until it is resumed",
        "a paused watch reports not even that the peer has closed"}},
      {fault::never_writable,
       {"a descriptor with room is reported as writable until it is full", "one watch serves both directions",
        "a descriptor may be watched from inside a callback", "a peer that closes one half leaves the other writable"}},
      {fault::reports_once,
       {"data that was not read is reported again", "a watch's callback is not called again by a run nested in it"}},
      {fault::reports_always, {"a direction that was not asked for is not reported"}},
      {fault::no_hang_ups,
       {"a peer that closes is reported as readable", "what was sent before the end is reported before the end",
        "a pipe whose writer is gone is reported to its reader",
        "a full pipe whose reader is gone is reported to its writer"}},
      {fault::hang_ups_for_readers, {"a watch for writing alone hears that the peer of a full socket has gone"}},
      {fault::silent_devices, {"a device that cannot be waited for is reported or refused"}},
      {fault::silences_others,
       {"a native watch of the same descriptor works beside the loop's, or one of them is refused"}},
      {fault::keeps_interest,
       {"interest may change inside the callback", "interest may change from outside a callback",
        "a watch may begin paused"}},
      {fault::sets_flags, {"a descriptor's flags are left as they were found"}},
      {fault::closes_descriptors, {"ending a watch leaves the descriptor open"}},
      {fault::dead_numbers,
       {"a descriptor's number may be used again by another watch",
        "a descriptor's number may be used again inside the callback",
        "a descriptor may be watched again after its watch ended",
        "a number that is watched again after its descriptor was closed serves the new file",
        "a watch may be bound to another descriptor, and to another file of the same number",
        "a watch may be bound anew in its callback",
        "a watch may be bound anew to a file that has its number and its inode",
        "a watch follows its number to a new file where its interest is set, even the same one",
        "a watch may be assigned to the handle of one whose descriptor was closed before"}},
      {fault::reports_the_first, {"fifty descriptors are reported each"}},
      {fault::never_alive,
       {"timers keep the loop running, and then it ends", "a watch keeps the loop running until it ends",
        "a hold keeps the loop running until it is released"}},
      {fault::always_alive,
       {"a run with no work ends", "queued callables keep the loop running, and then it ends",
        "a last timer that is cancelled does not keep the loop running",
        "a pending future does not keep the loop running", "a loop that ended can be run again"}},
      {fault::ignores_stop,
       {"run ends at a stop, and what is pending is there in the next run",
        "a stop that another thread posts ends the run"}},
      {fault::runs_not, {"a stop before a run makes that run return at once, and no later one"}},
      {fault::close_keeps_alarm, {"closing disarms the alarm"}},
      {fault::close_keeps_running,
       {"closing the loop ends the run although the application keeps the native loop busy"}},
      {fault::close_forgets, {"closing leaves nothing of the loop in the native loop"}},
      {fault::works_once, {"a native loop may get another loop after the first was closed"}},
      {fault::releases_never, {"closing twice does nothing"}},
      {fault::releases_twice, {"closing says once that the native loop has released everything"}},
      {fault::not_nested,
       {"a nested run goes on with what was queued before, in order",
        "a nested run serves a timer that was set before it", "a nested run inside a timer serves the next timer",
        "a nested run inside a timer serves those that are due with it, in order",
        "a nested run serves descriptors and posts", "nested runs may be nested again",
        "a nested run may close the loop", "after a nested run timers fire as before"}},
      {fault::forgets_nested_alarm, {"a nested run inside a watch's callback serves callables and timers"}},
      {fault::deaf_to_exceptions,
       {"a failure that nobody looked at goes to the exception handler",
        "a watch whose descriptor is closed for good ends where its interest is set, which is reported",
        "a descriptor that is closed before the native loop has seen it does not affect other watches"}},
      {fault::robs_its_parent,
       {"a forked child that destroys the loop leaves its parent's as it is",
        "a forked child that closes the loop leaves its parent's as it is",
        "a forked child that runs the loop leaves its parent's wake-ups alone"}},
      {fault::runs_inline,
       {"a callable never runs inside the call that queued it", "what is queued runs before a timer of zero delay",
        "a timer of zero delay runs in a later turn", "a timer of negative delay runs in a later turn",
        "a timer of the most negative delay runs in a later turn", "a delay that is not a number counts as zero",
        "a delay too long for the clock never fires and does not affect other timers",
        "cancelling twice or after the timer fired does nothing",
        "a post by the loop's own thread runs in a later turn",
        "a future's callbacks run in a later turn and get the same value",
        "a callback that is added to a completed future runs in a later turn",
        "a failed future calls its errback, in a later turn", "a coroutine resumes in a turn, not inside resolve",
        "a sleep ends when its time has come, not before",
        "gathered futures give their results in their order, failures in their places"}},
      {fault::runs_twice, {"of a thousand timers those that are not cancelled fire once each"}},
      {fault::runs_last_first,
       {"callables run in the order in which they were queued",
        "what a callable queues runs after what was queued before", "large callables keep their place among small ones",
        "a hundred timers with one deadline run in the order they were made",
        "timers run in the order of their deadlines",
        "timers that are overdue together run in the order of their deadlines",
        "timers of zero delay run in the order they were made", "posts of each of several threads keep their order",
        "posts by the loop's own thread keep their order in and out of turns",
        "callbacks run in turn with what else is queued"}},
      {fault::runs_later,
       {"a watch may pause itself inside its callback", "a watch may end itself in its callback",
        "a watch's handle may be destroyed in its callback"}},
      {fault::runs_never,
       {"dropping a timer's handle does not cancel it", "a callable that queues itself forever does not starve timers",
        "a posted callable that posts itself forever does not starve timers",
        "cancelling a coroutine cancels what it awaits",
        "a sleeping coroutine that is cancelled wakes and may clean up"}},
      {fault::runs_when_destroyed,
       {"a timer cancels another that is due at the same time",
        "cancelling the earliest timer leaves the next one to fire", "a watch may end another that is ready too",
        "a watch that was ended reports nothing", "a watch that was stopped takes no new interest",
        "closing ends everything that is pending", "destroying the loop's owner ends everything that is pending",
        "destroying the native loop ends everything that is pending", "closing the loop in a callback ends the run"}},
      {fault::never_destroys,
       {"a callable runs once and is destroyed once",
        "a cancelled timer does not fire and its callable is destroyed at once",
        "cancelling a timer in its own callback does nothing",
        "a timer's handle may outlive the loop",
        "a handle for posting may outlive the loop",
        "what threads post while the loop closes runs or is destroyed exactly once",
        "a callable that throws is destroyed once",
        "a handle that is moved goes on watching, and one that is assigned over ends",
        "a watch's handle may outlive the loop",
        "a watch may be stopped after its descriptor was closed, in the same callback",
        "dropping the last handle of a pending future destroys its callbacks without calling them",
        "closing destroys a queued callable without calling it",
        "closing destroys a posted callable without calling it",
        "closing destroys a timer's callable without calling it",
        "closing destroys a watch's callback without calling it",
        "closing destroys the callbacks of a pending future without calling them",
        "closing destroys the callbacks of a completed future without calling them",
        "a callable may destroy the loop's owner",
        "a timer may destroy the loop's owner",
        "a watch's callback may destroy the loop's owner",
        "handles may be destroyed after the loop and in any order"}},
      {fault::swallows_exceptions,
       {"an exception in a callable goes to the handler and the next ones run",
        "an exception of any type goes to the handler",
        "an exception in a timer goes to the handler and the next timers fire",
        "an exception in a posted callable goes to the handler and the next ones run",
        "an exception in a watch's callback goes to the handler and the watch goes on",
        "an exception in a future's callback goes to the handler and the next callbacks run",
        "an exception thrown by the exception handler itself does not stop the loop"}},
      {fault::accepts_everything,
       {"a post after the loop closed throws loop_closed and destroys the callable",
        "a second watch on one descriptor is refused", "a descriptor that is not open is refused",
        "a regular file is refused", "an empty callback is refused",
        "a future that is completed twice throws invalid_state", "a closed loop refuses every call with loop_closed",
        "run inside a turn is refused instead of hanging"}},
      {fault::ignores_close,
       {"closing destroys a suspended coroutine", "a callable may close the loop", "a timer may close the loop",
        "a posted callable may close the loop", "a watch's callback may close the loop",
        "a future's callback may close the loop", "what a destructor queues while the loop closes is refused",
        "a closed loop does not keep the native loop running"}},
  };
  return all;
}

struct said {
  fault how;
  std::string_view name;  // of a case
  std::string_view text;  // a part of what it says
};

// A failure says where to look in the port.
const std::vector<said>& messages() {
  static const std::vector<said> all{
      {fault::keeps_first_alarm, "a timer that is made later with an earlier deadline fires first",
       "set_alarm() has to replace what is armed"},
      {fault::rings_late, "on a machine that is not busy a timer is not late", "look at set_alarm()"},
      {fault::rings_late, "on a machine that is not busy a timer is not late",
       "put ability::punctual in harness::lacks"},
      {fault::close_keeps_alarm, "closing disarms the alarm", "called turn() or alarm() after its close()"},
      {fault::claims_every_thread, "only the loop's thread is taken for it", "look at the port's in_loop_thread()"},
      {fault::clock_goes_back, "the clock never goes back", "look at the port's now()"},
      {fault::loses_later_wakes, "a chain of callables runs to its end", "wake()"},
      {fault::loses_wakes_in_turns, "a post from another thread during a turn is not lost",
       "the flag by which wake() merges calls has to be cleared before turn()"},
      {fault::loses_wakes_in_turns, "a post during the last turn of a run is not lost", "run() returns"},
      {fault::close_leaks, "callables run in the loop's thread", "(anon_inode:[eventfd]); look at close()"},
      {fault::close_forgets, "closing leaves nothing of the loop in the native loop",
       "close() takes everything out of the native loop, but this is left: an event"},
      {fault::close_keeps_running, "closing the loop ends the run although the application keeps the native loop busy",
       "close() has to end the run"},
  };
  return all;
}

const conformance::test_case& case_named(std::string_view name) {
  for (const conformance::test_case& each : conformance::cases())
    if (each.name == name) return each;
  throw std::logic_error("no case is named " + std::string(name));
}

conformance::outcome run_broken(const conformance::test_case& which, fault how) {
  const auto between = std::make_shared<faulty::breaker>(how);
  const conformance::outcome ended = which.run(faulty::harness(how, between));
  between->forget();
  return ended;
}

class a_broken_loop_fails : public ::testing::Test {
 public:
  a_broken_loop_fails(const conformance::test_case& which, fault how) : which_(which), how_(how) {}
  void TestBody() override {
    const conformance::outcome ended = run_broken(which_, how_);
    if (ended.what == conformance::outcome::kind::skipped) GTEST_SKIP() << ended.message;
    EXPECT_EQ(ended.what, conformance::outcome::kind::failed) << "the case does not notice what is wrong";
  }

 private:
  const conformance::test_case& which_;
  fault how_;
};

const bool registered = [] {
  register_cases("LoopOnPoll", faulty::harness(fault::none, std::make_shared<faulty::breaker>(fault::none)));
  for (const broken& each : faults())
    for (const std::string_view name : each.cases)
      for (const conformance::test_case& which : conformance::cases())
        if (which.name == name)
          ::testing::RegisterTest(
              "BrokenLoop", conformance::identifier(name).c_str(), nullptr, nullptr, __FILE__, __LINE__,
              [&which, how = each.how]() -> ::testing::Test* { return new a_broken_loop_fails(which, how); });
  return true;
}();

TEST(Suite, EveryCaseHasItsFault) {
  const auto has_fault = [](std::string_view name) {
    int times = 0;
    for (const broken& each : faults())
      times += static_cast<int>(std::count(each.cases.begin(), each.cases.end(), name));
    return times;
  };
  for (const conformance::test_case& each : conformance::cases()) {
    EXPECT_EQ(has_fault(each.name), 1) << "for a case without one: " << each.name;
  }
  std::size_t listed = 0;
  for (const broken& each : faults()) listed += each.cases.size();
  EXPECT_EQ(listed, conformance::cases().size()) << "a name in the table is no case's";
}

// In the table of docs/writing-an-adapter.md, what stands in quotes at the beginning of a row are names of cases.
TEST(Suite, TheDocumentationNamesCasesThatExist) {
  std::ifstream file(ADAPTER_DOCS);
  ASSERT_TRUE(file);
  int named = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| \"")) continue;
    const std::string cell = line.substr(0, line.find(" |", 1));
    for (std::size_t begin = 0; (begin = cell.find('"', begin)) != std::string::npos; ++begin) {
      const std::size_t end = cell.find('"', begin + 1);
      const std::string name = cell.substr(begin + 1, end - begin - 1);
      const std::size_t dots = name.find(" …");
      const auto is_meant = [&](const conformance::test_case& each) {
        return dots == std::string::npos ? each.name == name : each.name.starts_with(name.substr(0, dots));
      };
      EXPECT_TRUE(std::any_of(conformance::cases().begin(), conformance::cases().end(), is_meant)) << name;
      ++named;
      begin = end;
    }
  }
  EXPECT_GT(named, 20);
}

TEST(Suite, NoTwoCasesHaveTheSameName) {
  std::set<std::string> seen;
  for (const conformance::test_case& each : conformance::cases())
    EXPECT_TRUE(seen.insert(conformance::identifier(each.name)).second) << each.name;
}

TEST(Suite, ACaseThatNeedsWhatALoopLacksIsSkippedWithTheReason) {
  auto lacking = faulty::harness(fault::none, std::make_shared<faulty::breaker>(fault::none));
  lacking.lacks[conformance::ability::nests] = "it does not nest";
  int skipped = 0;
  for (const conformance::test_case& each : conformance::cases()) {
    if (each.name.find("nested") == std::string_view::npos) continue;
    const conformance::outcome ended = each.run(lacking);
    if (ended.what == conformance::outcome::kind::skipped && ended.message == "it does not nest") ++skipped;
  }
  EXPECT_GE(skipped, 10);
}

TEST(Suite, AFailureSaysWhereAndWhat) {
  const conformance::outcome ended =
      run_broken(case_named("a callable never runs inside the call that queued it"), fault::runs_inline);
  EXPECT_THAT(ended.message, HasSubstr("conformance_order.cpp:"));
  EXPECT_THAT(ended.message, HasSubstr("expected that a callable queued from outside waits for a turn"));
}

class a_failure_says_where_to_look : public ::testing::TestWithParam<said> {};
TEST_P(a_failure_says_where_to_look, in_the_port) {
  const conformance::outcome ended = run_broken(case_named(GetParam().name), GetParam().how);
  EXPECT_EQ(ended.what, conformance::outcome::kind::failed);
  EXPECT_THAT(ended.message, HasSubstr(std::string(GetParam().text)));
}
INSTANTIATE_TEST_SUITE_P(Suite, a_failure_says_where_to_look, ::testing::ValuesIn(messages()));

TEST(Suite, EachAbilityHasItsName) {
  using conformance::ability;
  EXPECT_EQ(conformance::to_string(ability::nests), "nests");
  EXPECT_EQ(conformance::to_string(ability::punctual), "punctual");
  for (const auto each : {ability::nests, ability::calls_natively, ability::sleeps, ability::punctual})
    EXPECT_EQ(conformance::to_ability(conformance::to_string(each)), each);
  EXPECT_THROW(static_cast<void>(conformance::to_ability("flies")), usage_error);
}

TEST(Suite, EnvironmentVariablesAreSetWhileACaseRunsAndAsBeforeAfterwards) {
  ::setenv("INTERLOOP_SUITE_TEST", "before", 1);
  ::unsetenv("INTERLOOP_SUITE_TEST_NEW");
  std::string seen;
  auto on = faulty::harness(fault::none, std::make_shared<faulty::breaker>(fault::none));
  on.environment = {{"INTERLOOP_SUITE_TEST", "during"}, {"INTERLOOP_SUITE_TEST_NEW", "new"}};
  on.make = [&seen, make = on.make] {
    seen = std::string(std::getenv("INTERLOOP_SUITE_TEST")) + ' ' + std::getenv("INTERLOOP_SUITE_TEST_NEW");
    return make();
  };
  EXPECT_EQ(case_named("an empty callback is refused").run(on).what, conformance::outcome::kind::passed);
  EXPECT_EQ(seen, "during new");
  EXPECT_STREQ(std::getenv("INTERLOOP_SUITE_TEST"), "before");
  EXPECT_EQ(std::getenv("INTERLOOP_SUITE_TEST_NEW"), nullptr);
}

// `run_all` with these arguments, on a loop with this fault; what it prints goes to `printed`.
int run_all(fault how, std::vector<const char*> arguments, std::string& printed) {
  arguments.insert(arguments.begin(), "program");
  ::testing::internal::CaptureStdout();
  const auto between = std::make_shared<faulty::breaker>(how);
  const int status =
      conformance::run_all(faulty::harness(how, between), static_cast<int>(arguments.size()), arguments.data());
  printed = ::testing::internal::GetCapturedStdout();
  return status;
}

TEST(RunAll, RunsTheCasesWithOneOfTheArgumentsInTheirName) {
  std::string printed;
  EXPECT_EQ(run_all(fault::none, {"closing twice", "empty callback"}, printed), 0);
  EXPECT_EQ(printed,
            "an empty callback is refused ... passed\n"
            "closing twice does nothing ... passed\n"
            "faulty: 2 passed, 0 failed, 0 skipped\n");
}

TEST(RunAll, SaysWhatHasFailedAndReturnsOne) {
  std::string printed;
  EXPECT_EQ(run_all(fault::releases_never, {"closing twice"}, printed), 1);
  EXPECT_THAT(printed, HasSubstr("closing twice does nothing ... FAILED\n    "));
  EXPECT_THAT(printed, HasSubstr("faulty: 0 passed, 1 failed, 0 skipped\nfailed: closing twice does nothing\n"));
}

TEST(RunAll, ReturnsTwoIfNoCaseHasSuchAName) {
  std::string printed;
  EXPECT_EQ(run_all(fault::none, {"no such case"}, printed), 2);
}

TEST(RunAll, ListsTheNames) {
  std::string printed;
  EXPECT_EQ(run_all(fault::none, {"--list"}, printed), 0);
  EXPECT_EQ(static_cast<std::size_t>(std::count(printed.begin(), printed.end(), '\n')), conformance::cases().size());
  EXPECT_THAT(printed, HasSubstr("\nclosing twice does nothing\n"));
}

class SuiteDeathTest : public ::testing::Test {
 protected:
  SuiteDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(SuiteDeathTest, ACaseThatHangsIsNamedAndEndsTheProcess) {
  auto on = faulty::harness(fault::hangs, std::make_shared<faulty::breaker>(fault::hangs));
  on.limit = 100ms;
  EXPECT_DEATH(case_named("a chain of callables runs to its end").run(on),
               "on faulty, the case \"a chain of callables runs to its end\" hangs. It waits for: ");
}

#if INTERLOOP_CHECKED
TEST_F(SuiteDeathTest, APortThatTurnsInsideItsWakeEndsTheProcessWithASentence) {
  EXPECT_DEATH(
      run_broken(case_named("a chain of callables runs to its end"), fault::wakes_inline),
      "the port \"faulty\" calls turn\\(\\) or alarm\\(\\) inside its own wake\\(\\), which the core has called");
}

TEST_F(SuiteDeathTest, APortThatRingsInsideItsSetAlarmEndsTheProcessWithASentence) {
  EXPECT_DEATH(
      run_broken(case_named("timers run in the order of their deadlines"), fault::alarms_inline),
      "the port \"faulty\" calls turn\\(\\) or alarm\\(\\) inside its own set_alarm\\(\\), which the core has called");
}
#endif

}  // namespace
