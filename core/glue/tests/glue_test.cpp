// SPDX-License-Identifier: MIT
// Glue by itself: when the library is asked and the loop is told, what is an error, and how long things live.
#include <interloop/glue.hpp>

#include "fake_library.hpp"
#include "support/loop_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class glue_test : public loop_test {
 protected:
  connection line;
};

TEST_F(glue_test, a_call_returns_what_the_function_returns_and_passes_what_it_throws) {
  glue it(*manual, {});
  int number = 3;
  EXPECT_EQ(&it.call([&]() -> int& { return number; }), &number);
  EXPECT_THROW(it.call([] { throw std::runtime_error("the library failed"); }), std::runtime_error);
}

TEST_F(glue_test, the_library_is_asked_once_after_the_outermost_call_also_if_it_throws) {
  int asked = 0;
  glue it(*manual, {.ask = [&] { ++asked; }});
  it.call([&] {
    it.call([] {});
    it.recheck();
    it.want(line.near(), interest::read);
    EXPECT_EQ(asked, 0);
  });
  EXPECT_EQ(asked, 1);
  EXPECT_THROW(it.call([] { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_EQ(asked, 2);
}

TEST_F(glue_test, what_an_asked_library_does_not_mention_is_no_longer_waited_for) {
  connection other;
  bool first = true;
  int seen = 0;
  std::optional<glue> it;
  it.emplace(*manual, glue_hooks{.ready = [&](int fd, interest, void*) { seen = fd; },
                                 .expired = [&] { seen = -1; },
                                 .ask =
                                     [&] {
                                       it->want(-1, interest::read);  // "no descriptor"
                                       it->want(first ? line.near() : other.near(), interest::read);
                                       it->want(first ? line.near() : other.near(), interest::none);  // they add up
                                       if (first) it->deadline_in(1s);
                                     }});
  it->recheck();
  first = false;
  it->recheck();
  line.serve('x');
  manual.advance(2s);
  EXPECT_EQ(seen, 0);
  other.serve('x');
  manual.step();
  EXPECT_EQ(seen, other.near());
}

TEST_F(glue_test, a_deadline_may_move_either_way_and_its_timer_moves_only_if_it_must) {
  std::vector<time_point> expired;
  glue it(*manual, {.expired = [&] { expired.push_back(manual->now()); }});
  const time_point start = manual->now();
  it.deadline_in(10s);
  const time_point armed = manual.next_alarm();
  it.deadline_in(20s);
  EXPECT_EQ(manual.next_alarm(), armed);
  manual.advance(15s);
  EXPECT_THAT(expired, IsEmpty());
  it.deadline_in(1s);
  manual.advance(30s);
  EXPECT_THAT(expired, ElementsAre(start + 16s));
  it.deadline_in(5s);
  it.no_deadline();
  manual.advance(30s);
  EXPECT_THAT(expired, ElementsAre(start + 16s));
  it.deadline_in((duration::max)());
  manual.advance(1h);
  EXPECT_EQ(expired.size(), 1u);
}

TEST_F(glue_test, a_library_that_tells_of_descriptors_may_be_asked_for_its_deadline) {
  std::vector<duration> left{3s, 2s};
  int expired = 0;
  int seen = 0;
  std::optional<glue> it;
  it.emplace(*manual, glue_hooks{.ready = [&](int, interest, void*) { seen += line.read().has_value(); },
                                 .expired = [&] { ++expired; },
                                 .ask_deadline =
                                     [&] {
                                       if (left.empty()) return;
                                       it->deadline_in(left.front());
                                       left.erase(left.begin());
                                     }});
  it->want(line.near(), interest::read);
  line.serve('x');
  manual.run_ready();
  EXPECT_EQ(seen, 1) << "asking for the deadline keeps the descriptors";
  EXPECT_THAT(left, IsEmpty());
  manual.advance(5s);
  EXPECT_EQ(expired, 1);
}

TEST_F(glue_test, a_descriptor_that_cannot_be_watched_is_said_to_the_library) {
  std::FILE* const file = std::tmpfile();
  std::vector<std::string> failures;
  {
    glue it(*manual, {.failed = [&](const failure& why) { failures.push_back(failure_message(why)); }});
    it.call([&] { it.want(::fileno(file), interest::read); });
    EXPECT_THAT(failures, IsEmpty()) << "not inside the call";
    manual.run_ready();
    EXPECT_THAT(failures, ElementsAre(HasSubstr("regular file")));
  }
  {
    glue it(*manual, {});
    it.want(1'000'000, interest::read);
    it.want(line.near(), interest::none);
    manual.run_ready();
    EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("1000000 is not open")));
    // In another thread's hook that cannot be helped: the library may have closed it meanwhile.
    it.remote().post([](glue& to) { to.want(1'000'000, interest::read_write); });
    manual.run_ready();
  }
  std::fclose(file);
}

TEST_F(glue_test, what_hooks_throw_is_reported_and_the_glue_goes_on) {
  int seen = 0;
  int taken = 0;
  std::optional<glue> it;
  it.emplace(*manual, glue_hooks{.ready =
                                     [&](int fd, interest, void*) {
                                       static_cast<void>(line.read());
                                       it->want(fd, interest::read);
                                       ++seen;
                                       throw std::runtime_error("ready");
                                     },
                                 .expired = [&] { throw std::runtime_error("expired"); },
                                 .drain =
                                     [&] {
                                       if (taken == 2) return false;
                                       ++taken;
                                       throw std::runtime_error("drain");
                                       return true;
                                     }});
  it->call([&] {
    it->want(line.near(), interest::read);
    it->deadline_in(1s);
  });
  manual.run_ready();
  EXPECT_EQ(taken, 2);
  for (int i = 0; i < 2; ++i) {
    line.serve('x');
    manual.run_ready();
  }
  EXPECT_EQ(seen, 2);
  manual.advance(1s);
  EXPECT_EQ(taken_reports().size(), 5u);
  it.reset();
  it.emplace(*manual, glue_hooks{.ask = [] { throw std::runtime_error("ask"); }});
  it->recheck();
  manual.run_ready();
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("ask")));
}

TEST_F(glue_test, ending_destroys_the_hooks_and_calls_go_on) {
  std::optional<glue> it;
  it.emplace(*manual, glue_hooks{.ready = [held = counted()](int, interest, void*) { FAIL(); }});
  it->want(line.near(), interest::write);
  it->call([&] {
    it->end();
    it->want(line.near(), interest::write);
    it->deadline_in(0s);
  });
  EXPECT_EQ(counted::alive(), 0);
  it->end();
  EXPECT_EQ(it->call([] { return 7; }), 7);
  manual.run_ready();
  it.reset();
}

TEST_F(glue_test, ending_while_it_is_asked_leaves_no_timer) {
  std::optional<glue> it;
  it.emplace(*manual, glue_hooks{.ask = [&] {
    it->want(line.near(), interest::read);
    it->deadline_in(1h);
    it->end();
  }});
  it->recheck();
  EXPECT_EQ(manual.next_alarm(), (time_point::max)());
}

TEST_F(glue_test, a_descriptor_that_is_closed_for_good_and_named_again_is_said_to_the_library) {
  std::vector<std::string> failures;
  glue it(*manual, {.failed = [&](const failure& why) { failures.push_back(failure_message(why)); }});
  it.want(line.near(), interest::read);
  it.call([&] {
    const int number = line.near();
    line.close();
    it.want(number, interest::read);
  });
  manual.run_ready();
  EXPECT_THAT(failures, ElementsAre(HasSubstr("is not open")));
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("was closed while it was watched")));
}

TEST_F(glue_test, a_glue_may_outlive_its_loop) {
  std::optional<interloop::testing::manual_loop> loop(std::in_place);
  glue it(**loop, {.ready = [held = counted()](int, interest, void*) {}, .drain = [] { return true; }});
  it.call([&] {
    it.want(line.near(), interest::write);
    it.deadline_in(1s);
  });
  const glue_remote remote = it.remote();
  loop.reset();
  it.call([&] { it.forget(line.near()); });
  EXPECT_FALSE(remote.post([](glue&) {}));
}

}  // namespace
}  // namespace interloop::test
