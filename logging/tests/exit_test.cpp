// SPDX-License-Identifier: MIT
// Logging while a process ends: the output of exit_program, for each way of ending.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <utility>

namespace {

// The program's exit status, and its output without times.
std::pair<int, std::string> run(const std::string& how) {
  std::FILE* const program = ::popen((std::string(PROGRAM) + " " + how + " 2>&1").c_str(), "r");
  if (!program) return {-1, "popen failed"};
  std::string text;
  std::array<char, 4096> line{};
  while (std::fgets(line.data(), line.size(), program)) {
    const std::string one = line.data();
    text += one.size() > 25 && one[10] == 'T' ? one.substr(25) : one;
  }
  return {::pclose(program), text};
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

const std::string all = "0\n1\n2\nfrom a destructor after main\n";

TEST(exit_test, a_destructor_that_runs_last_can_log) { EXPECT_EQ(run("plain"), std::pair(0, all)); }

TEST(exit_test, a_sink_may_also_log_after_exit_was_called) { EXPECT_EQ(run("exit"), std::pair(0, all)); }

TEST(exit_test, queued_messages_and_later_ones_are_written) {
  const auto [status, text] = run("async");
  EXPECT_EQ(status, 0);
  EXPECT_EQ(count(text, "0\n"), 2);
  EXPECT_EQ(count(text, "2\n"), 2);
  EXPECT_EQ(count(text, "from a destructor after main\n"), 2);
}

TEST(exit_test, a_sink_that_is_stuck_does_not_keep_the_process) { EXPECT_EQ(run("stuck").first, 0); }

TEST(exit_test, threads_may_log_until_the_end) { EXPECT_EQ(run("threads"), std::pair(0, all)); }

TEST(exit_test, text_buffered_in_a_file_whose_descriptor_is_full_is_written) {
  auto [status, text] = run("full");
  text.erase(0, text.find_first_not_of('\n'));
  EXPECT_EQ(std::pair(status, text), std::pair(0, all));
}

}  // namespace
