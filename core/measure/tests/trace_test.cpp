// SPDX-License-Identifier: MIT
#include <interloop/statistics.hpp>
#include <interloop/trace.hpp>

#include "support/loop_test.hpp"

#include "traced.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class trace_test : public test::loop_test {
 protected:
  test::traced file;
};

future<int> inner(loop&, future<int> first) { co_return co_await first + 1; }
future<int> outer(loop& core, future<int> first) { co_return co_await inner(core, first) + 1; }
future<int> at_once(loop&) { co_return 1; }

TEST_F(trace_test, callbacks_and_what_queued_them) {
  start_trace(*manual, file.path());
  io.call_soon([this] {
    io.call_soon([] {});
    io.call_soon([](int) {}, 1);
  });
  const std::string line = std::to_string(__LINE__ - 2);
  io.call_later(1ms, [this] { io.call_soon([] {}); });
  manual.advance(1s);
  const trace_result went = stop_trace(*manual);
  EXPECT_EQ(went.error, "");
  EXPECT_EQ(went.lost, 0U);
  auto found = file.checked();
  EXPECT_EQ(found["callback"], 4);
  EXPECT_EQ(found["timer"], 1);
  EXPECT_EQ(found["flows"], 3) << "the first was queued by nobody";
  EXPECT_GE(found["turn"], 2);
  EXPECT_EQ(found["events"], static_cast<long>(went.events));
  EXPECT_EQ(found["lost"], 0);
  EXPECT_THAT(file.text(), HasSubstr("\"name\":\"loop manual\""));
  EXPECT_THAT(file.text(), HasSubstr("trace_test.cpp:" + line)) << "with an argument";
}

TEST_F(trace_test, coroutines_are_asynchronous_slices_and_resumed_by_who_completes) {
  start_trace(*manual, file.path());
  const auto first = io.create_future<int>();
  const auto before = outer(*manual, first);  // begins outside of a turn
  future<int> inside;
  io.call_soon([&] {
    inside = outer(*manual, first);
    static_cast<void>(at_once(*manual));  // never suspended: not seen
  });
  io.call_soon([&] { resolve(first, 40); });
  manual.run_ready();
  EXPECT_EQ(before.value(), 42);
  EXPECT_EQ(inside.value(), 42);
  EXPECT_EQ(stop_trace(*manual).lost, 0U);
  auto found = file.checked();
  EXPECT_EQ(found["coroutines"], 4);
  EXPECT_EQ(found["future"], 1) << "of `first`, for which two coroutines waited";
  EXPECT_EQ(found["coroutine"], 2) << "the outer ones";
  EXPECT_EQ(found["flows"], 3);
  EXPECT_THAT(file.text(), HasSubstr("coroutine interloop::outer("));
  EXPECT_THAT(file.text(), HasSubstr("trace_test.cpp:"));
}

TEST_F(trace_test, a_coroutine_that_is_pending_when_the_trace_begins_or_ends) {
  const auto first = io.create_future<int>();
  const auto second = io.create_future<int>();
  const auto ends = inner(*manual, first);
  const auto stays = inner(*manual, second);
  start_trace(*manual, file.path());
  resolve(first, 1);
  manual.run_ready();
  EXPECT_EQ(statistics(*manual).pending_futures, 2U) << "bookmarks are not counted";
  EXPECT_EQ(stop_trace(*manual).lost, 0U);
  EXPECT_EQ(file.checked()["coroutines"], 2);
  resolve(second, 1);
  manual.run_ready();
}

TEST_F(trace_test, posts_come_from_other_threads) {
  start_trace(*manual, file.path());
  manual.run_ready();
  io.call_soon([] {});
  manual.run_ready();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([remote = manual->remote()] {
      for (int j = 0; j < 50; ++j) remote.post([] {});
    });
  for (std::thread& each : threads) each.join();
  manual.run_ready();
  EXPECT_EQ(stop_trace(*manual).lost, 0U);
  auto found = file.checked();
  EXPECT_EQ(found["post"], 400) << "a slice where it was posted and one where it ran";
  EXPECT_EQ(found["flows_between_threads"], 200);
}

TEST_F(trace_test, what_waits_when_the_trace_begins_has_no_source) {
  const loop_remote remote = manual->remote();
  remote.post([] {});
  io.call_soon([] {});
  start_trace(*manual, file.path());
  manual.run_ready();
  std::thread([&] { remote.post([] {}); }).join();
  io.call_soon([this] { io.call_soon([] {}); });
  manual.run_ready();
  static_cast<void>(stop_trace(*manual));
  auto found = file.checked();
  EXPECT_EQ(found["flows"], 1);
  EXPECT_EQ(found["flows_between_threads"], 1);
}

TEST_F(trace_test, nested_turns_lie_in_their_callbacks) {
  start_trace(*manual, file.path());
  io.call_soon([this] {
    io.call_soon([this] {
      io.call_soon([] {});
      manual.step();
      io.call_soon([] {});
    });
    manual.step();
    io.call_soon([] {});
  });
  for (int i = 0; i < 3; ++i) io.call_soon([] {});
  manual.run_ready();
  EXPECT_EQ(stop_trace(*manual).lost, 0U);
  auto found = file.checked();
  EXPECT_EQ(found["callback"], 8);
  EXPECT_EQ(found["flows"], 4);
}

TEST_F(trace_test, an_exception_ends_its_slice) {
  start_trace(*manual, file.path());
  io.call_soon([] { throw std::runtime_error("x"); });
  io.call_soon([] {});
  io.call_later(0s, [] { throw std::runtime_error("y"); });
  manual.run_ready();
  EXPECT_EQ(taken_reports().size(), 2U);
  static_cast<void>(stop_trace(*manual));
  EXPECT_EQ(file.checked()["callback"], 2);
}

TEST_F(trace_test, stopped_and_started_inside_a_turn) {
  start_trace(*manual, file.path());
  test::traced second;
  const auto pending = io.create_future<int>();
  future<int> waits;
  io.call_soon([&] {
    waits = inner(*manual, pending);
    EXPECT_EQ(stop_trace(*manual).lost, 0U);
    start_trace(*manual, second.path());
    io.call_soon([] {});
  });
  io.call_soon([&] { resolve(pending, 1); });
  manual.run_ready();
  auto first = file.checked();
  EXPECT_EQ(first["coroutines"], 1);
  EXPECT_EQ(first["callback"], 1);
  io.call_soon([] {});
  manual.run_ready();
  static_cast<void>(stop_trace(*manual));
  auto found = second.checked();
  EXPECT_EQ(found["callback"], 1) << "only from the next turn on";
  EXPECT_EQ(found["coroutines"], 0);
}

TEST_F(trace_test, closing_the_loop_finishes_the_file) {
  start_trace(*manual, file.path());
  const auto never = io.create_future<int>();
  future<int> waits;
  io.call_soon([&] {
    waits = inner(*manual, never);
    manual->close();
  });
  io.call_soon([] {});
  manual.run_ready();
  auto found = file.checked();
  EXPECT_EQ(found["callback"], 1);
  EXPECT_EQ(found["coroutines"], 1);
  EXPECT_EQ(stop_trace(*manual).events, 0U);
  EXPECT_THROW(start_trace(*manual, file.path()), loop_closed);
}

TEST_F(trace_test, closing_outside_of_a_turn) {
  start_trace(*manual, file.path());
  io.call_soon([] {});
  manual.run_ready();
  manual->close();
  EXPECT_EQ(file.checked()["callback"], 1);
}

TEST_F(trace_test, many_events_and_nothing_lost_without_being_counted) {
  start_trace(*manual, file.path(), {1});  // as little memory as there may be
  constexpr long many = 100'000;
  long left = many;
  struct chain {
    loop* core;
    long* left;
    void operator()() const {
      if (--*left > 0) core->call_soon(*this);
    }
  };
  io.call_soon(chain{&*manual, &left});
  while (left > 0) manual.step();
  const trace_result went = stop_trace(*manual);
  EXPECT_GE(went.events + went.lost, static_cast<std::uint64_t>(many));
  EXPECT_EQ(went.error, "");
  auto found = file.checked();
  EXPECT_EQ(found["lost"], static_cast<long>(went.lost));
  EXPECT_EQ(found["callback"] + found["turn"], static_cast<long>(went.events));
  EXPECT_EQ(found["events"], static_cast<long>(went.events));
}

TEST_F(trace_test, two_loops_in_one_file) {
  testing::manual_loop other;
  start_trace(*manual, file.path());
  start_trace(*other, file.path());
  io.call_soon([] {});
  other->call_soon([remote = manual->remote()] { remote.post([] {}); });
  manual.run_ready();
  other.run_ready();
  manual.run_ready();
  static_cast<void>(stop_trace(*other));
  static_cast<void>(stop_trace(*manual));
  auto found = file.checked();
  EXPECT_EQ(found["callback"], 2);
  EXPECT_EQ(found["post"], 2);
}

TEST_F(trace_test, bad_input) {
  EXPECT_THROW(start_trace(*manual, "/no/such/folder/trace.json"), std::system_error);
  start_trace(file.path());  // of the current loop
  EXPECT_THROW(start_trace(*manual, file.path()), usage_error);
  static_cast<void>(stop_trace());
  EXPECT_EQ(stop_trace(*manual).events, 0U);
}

TEST_F(trace_test, a_full_disk_is_reported) {
  start_trace(*manual, "/dev/full");
  io.call_soon([] {});
  manual.run_ready();
  EXPECT_THAT(stop_trace(*manual).error, HasSubstr("/dev/full"));
}

TEST_F(trace_test, the_file_is_complete_while_it_is_written_and_when_the_process_is_killed) {
  const pid_t child = ::fork();
  if (child == 0) {
    start_trace(*manual, file.path());
    for (int i = 0; i < 5000; ++i) io.call_soon([] {});
    manual.run_ready();
    ::sleep(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_GE(file.checked()["events"], 0);
}

TEST_F(trace_test, a_forked_child_leaves_the_file_alone) {
  start_trace(*manual, file.path());
  io.call_soon([] {});
  manual.run_ready();
  const pid_t child = ::fork();
  if (child == 0) {
    for (int i = 0; i < 5000; ++i) io.call_soon([] {});
    manual.run_ready();
    static_cast<void>(stop_trace(*manual));
    manual->close();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  static_cast<void>(stop_trace(*manual));
  EXPECT_EQ(file.checked()["callback"], 1);
}

}  // namespace
}  // namespace interloop
