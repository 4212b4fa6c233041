// SPDX-License-Identifier: MIT
// Things that happen once per process: setup, exit, fork, signals. Each test runs the program in process.cpp.
#include "support/blocking.hpp"
#include "support/sanitizers.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct ended {
  int status = -1;                       // as from exit(); 1000 + the signal that killed it
  std::string out;                       // standard output
  std::string err;                       // standard error
  std::chrono::nanoseconds exit_took{};  // from the last line of output to the end
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
};

class process_test : public ::testing::TestWithParam<std::string> {
 protected:
  /// \param settings  NAME=value for the environment.
  static ended run(const std::string& what, const std::vector<std::string>& settings = {}) {
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (::pipe(out.data()) != 0 || ::pipe(err.data()) != 0) throw std::runtime_error("pipe");
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(out[1], 1);
      ::dup2(err[1], 2);
      for (const int fd : {out[0], out[1], err[0], err[1]}) ::close(fd);
      for (const std::string& each : settings) ::putenv(const_cast<char*>(each.c_str()));
      ::alarm(100);  // a hang ends with SIGALRM
      ::execl(PROCESS, PROCESS, what.c_str(), GetParam().c_str(), nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);
    ended end;
    auto last = std::chrono::steady_clock::now();
    std::thread errors([&] { read_all(err[0], end.err, nullptr); });
    read_all(out[0], end.out, &last);
    errors.join();
    int status = 0;
    ::waitpid(child, &status, 0);
    end.exit_took = std::chrono::steady_clock::now() - last;
    end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    return end;
  }

  // In a forked child, LeakSanitizer reports objects that only the parent's other threads refer to, and ThreadSanitizer
  // advises against new threads, and sleeps for a second at each exit.
  static std::vector<std::string> for_forks() {
    const auto with = [](const char* name, const char* option) {
      const char* set = std::getenv(name);
      return std::string(name) + '=' + (set ? std::string(set) + ':' : std::string()) + option;
    };
    return {with("ASAN_OPTIONS", "detect_leaks=0"), with("TSAN_OPTIONS", "die_after_fork=0:atexit_sleep_ms=0")};
  }

  static void expect_lines(const std::string& what, const std::vector<std::string>& lines) {
    const ended end = run(what);
    EXPECT_EQ(end.lines(), lines);
    EXPECT_EQ(end.status, 0);
    EXPECT_EQ(end.err, "");
  }

 private:
  static void read_all(int fd, std::string& into, std::chrono::steady_clock::time_point* last) {
    std::array<char, 4096> buffer;
    for (ssize_t got; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) {
      into.append(buffer.data(), static_cast<std::size_t>(got));
      if (last) *last = std::chrono::steady_clock::now();
    }
    ::close(fd);
  }
};
INTERLOOP_ON_EACH_LOOP(process_test);

constexpr const char* no_loop =
    "interloop::usage_error: no loop was set up: call setup<…_loop>() once, or no_setup(loop) if the application runs "
    "its own loop";
constexpr const char* forked =
    "interloop::error: this process was forked, and the loop's thread exists only in its parent; call setup(), or make "
    "a loop_thread, after the fork";
constexpr const char* in_own_thread =
    "interloop::usage_error: waiting on the loop's own thread would deadlock; co_await the future, or wait in another "
    "thread";

TEST_P(process_test, if_many_threads_call_setup_at_once_one_makes_the_loop) {
  expect_lines("setup_from_many_threads", {"one loop"});
}

TEST_P(process_test, later_setups_do_nothing_even_if_they_name_another_loop) {
  expect_lines("setup_again_is_nothing", {"the first"});
}

TEST_P(process_test, a_setup_that_fails_may_be_tried_again) {
  expect_lines("setup_factory_fails", {"std::runtime_error: not now", no_loop, "nothing"});
}

TEST_P(process_test, a_setup_inside_the_factory_of_setup_counts_as_a_later_one) {
  expect_lines("setup_in_its_own_factory", {"nothing"});
}

TEST_P(process_test, before_setup_a_call_throws_and_says_what_to_do) {
  expect_lines("before_setup", {no_loop, no_loop});
}

TEST_P(process_test, after_no_setup_the_applications_loop_is_used_and_setup_does_nothing) {
  expect_lines("no_setup_wins", {in_own_thread, "the application's loop"});
}

TEST_P(process_test, no_setup_after_setup_throws) {
  expect_lines("no_setup_after_setup", {"interloop::usage_error: no_setup: setup() was called before and runs its own "
                                        "loop; call no_setup() before setup()"});
}

TEST_P(process_test, no_setup_with_a_second_loop_throws) {
  expect_lines(
      "no_setup_twice",
      {"interloop::usage_error: no_setup: it was called with another loop before; a process can have only one"});
}

TEST_P(process_test, a_second_no_setup_is_refused_even_if_the_first_loop_is_gone) {
  expect_lines(
      "no_setup_again_after_the_loop_has_gone",
      {"interloop::usage_error: no_setup: it was called with another loop before; a process can have only one"});
}

TEST_P(process_test, when_main_returns_the_process_ends_promptly) {
  const ended end = run("returns");
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.out + end.err, "done\n");
  EXPECT_LT(end.exit_took, 5s) << "generous, for sanitizers and busy machines; a timeout of any kind would be longer";
}

TEST_P(process_test, when_main_returns_with_work_pending_the_process_ends_promptly) {
  const ended end = run("returns_with_work_pending");
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.out + end.err, "done\n");
  EXPECT_LT(end.exit_took, 5s);
}

TEST_P(process_test, a_process_may_exit_while_detached_threads_call_in) {
  for (int i = 0; i < 10; ++i) {
    const ended end = run("exits_under_threads_that_call_in", for_forks());
    EXPECT_EQ(end.status, 0);
    EXPECT_EQ(end.out + end.err, "done\n");
  }
}

TEST_P(process_test, a_process_may_exit_in_the_loops_thread) {
  const ended end = run("exits_in_the_loops_thread", for_forks());
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.out + end.err, "done\n");
}

TEST_P(process_test, a_stashed_failure_is_logged_at_exit_once_unless_it_was_retrieved) {
  const ended end = run("exits_with_a_stashed_failure");
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.out, "std::runtime_error: stashed and seen\n");
  const auto first = end.err.find("std::runtime_error: stashed and forgotten");
  ASSERT_NE(first, std::string::npos) << end.err;
  EXPECT_EQ(end.err.find("stashed and forgotten", first + 30), std::string::npos) << end.err;
  EXPECT_EQ(end.err.find("stashed and seen"), std::string::npos) << end.err;
}

TEST_P(process_test, a_stashed_failure_is_logged_at_exit_even_if_its_loop_is_gone) {
  const ended end = run("exits_with_a_stashed_failure_of_a_loop_that_has_gone");
  EXPECT_EQ(end.status, 0);
  EXPECT_NE(end.err.find("std::runtime_error: stashed and forgotten"), std::string::npos) << end.err;
}

TEST_P(process_test, an_uncaught_exception_still_terminates) {
  const ended end = run("throws");
  EXPECT_EQ(end.status, 1000 + SIGABRT);
  EXPECT_EQ(end.out, "done\n");
  EXPECT_NE(end.err.find("nobody catches this"), std::string::npos) << end.err;
}

TEST_P(process_test, an_idle_loop_thread_is_not_scheduled) {
  const ended end = run("idles");
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.out, "0\n");
}

TEST_P(process_test, in_a_forked_child_every_call_is_an_error_and_the_child_can_exit) {
  const ended end = run("forks", for_forks());
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.err, "") << "failures are the parent's to report";
  const std::vector<std::string> lines = end.lines();
  ASSERT_EQ(lines.size(), 11U) << end.out;
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(lines[i], forked) << i;
  EXPECT_NE(lines[6].find("usage_error: retrieve_result: no result is stashed"), std::string::npos) << lines[6];
  EXPECT_EQ(lines[7], "nothing") << "there is nothing to cancel in the child";
  EXPECT_EQ(lines[8], "child 0");
  EXPECT_EQ(lines[9], "std::runtime_error: the parent's");
  EXPECT_EQ(lines[10], "std::runtime_error: the parent's stash");
}

TEST_P(process_test, a_forked_child_may_have_loops_of_its_own) {
  const ended end = run("forks_and_starts_again", for_forks());
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.err, "");
  EXPECT_EQ(end.lines(), (std::vector<std::string>{"1", "2", "3", "nothing", "child 0", "nothing"}));
}

TEST_P(process_test, a_fork_at_any_moment_leaves_no_lock_behind) {
  if (interloop::test::with_asan)
    GTEST_SKIP() << "AddressSanitizer's allocator has a lock that a fork may leave behind";
  const ended end = run("forks_under_threads_that_call_in", for_forks());
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.err, "");
  EXPECT_EQ(end.out, "0\n");
}

TEST_P(process_test, a_child_may_post_and_close_even_if_other_threads_of_its_parent_held_locks) {
  const ended end = run("forks_under_threads_that_post", for_forks());
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.err, "");
  EXPECT_EQ(end.out, "0\n");
}

const std::vector<std::string> interrupted{
    "interloop::interrupted_error: the wait was interrupted by a signal; the operation continues",
    "interloop::interrupted_error: the wait was interrupted by a signal; the operation continues",
    "interloop::interrupted_error: the wait was interrupted by a signal; the operation is being cancelled",
    "cancelled 1"};

TEST_P(process_test, a_signal_handler_with_interrupt_wait_interrupts_the_wait) {
  expect_lines("interrupts_a_wait", interrupted);
}

TEST_P(process_test, a_restarting_signal_handler_with_interrupt_wait_interrupts_the_wait) {
  expect_lines("interrupts_a_restarting_wait", interrupted);
}

TEST_P(process_test, a_signal_interrupts_a_wait_that_still_spins) {
  expect_lines("interrupts_a_wait_that_spins", {"interrupted"});
}

const std::vector<std::string> cancelled{"interloop::operation_cancelled: the operation was cancelled"};

TEST_P(process_test, a_signal_handler_without_interrupt_wait_does_not_end_the_wait) {
  expect_lines("waits_on_after_a_signal", cancelled);
}

TEST_P(process_test, a_restarting_signal_handler_without_interrupt_wait_does_not_end_the_wait) {
  expect_lines("waits_on_after_a_restarting_signal", cancelled);
}

}  // namespace
