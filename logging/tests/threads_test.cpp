// SPDX-License-Identifier: MIT
// Many threads, one output: every line is there, whole, and the lines of each thread are in order.
#include <interloop/logger.hpp>

#include <gtest/gtest.h>
#include <unistd.h>
#include <interloop/logging/async_sink.hpp>
#include <interloop/logging/line_sink.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "logging/tests/log_capture.hpp"
#include "support/sanitizers.hpp"

namespace interloop {
namespace {

constexpr int threads = 16;
// Sanitizers make this ten times slower or worse, and find their errors early.
constexpr int lines = test::with_asan || test::with_tsan ? 5'000 : 100'000;

class threads_test : public test::logging_test {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("TMPDIR");
    std::string name = std::string(folder ? folder : "/tmp") + "/interloop_threads_XXXXXX";
    descriptor_ = ::mkstemp(name.data());
    ASSERT_GE(descriptor_, 0);
    path_ = name;
  }
  void TearDown() override {
    ::close(descriptor_);
    std::remove(path_.c_str());
  }

  void log_from_all_threads(int each = lines) {
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([t, each] {
        const logger log = make_logger("thread");
        for (int i = 0; i < each; ++i) log.info("thread {t} line {i} {end}", "t"_a = t, "i"_a = i, "end"_a = "end");
      });
    for (std::thread& one : all) one.join();
    flush_logs();
  }

  // Returns the number of lines, or -1 with a test failure at the first torn or misplaced one.
  int count_whole_lines() {
    std::ifstream in(path_);
    std::array<int, threads> next{};
    int count = 0;
    for (std::string line; std::getline(in, line); ++count) {
      int t = -1;
      int i = -1;
      int size = 0;
      const bool whole =
          line.size() > 25 && std::sscanf(line.c_str() + 25, "thread %d line %d end%n", &t, &i, &size) == 2;
      if (!whole || size + 25 != static_cast<int>(line.size()) || t < 0 || t >= threads) {
        ADD_FAILURE() << "torn: " << line;
        return -1;
      }
      if (i != next[static_cast<std::size_t>(t)]++) {
        ADD_FAILURE() << "out of order: " << line;
        return -1;
      }
    }
    return count;
  }

  int descriptor_ = -1;
  std::string path_;
};

TEST_F(threads_test, no_line_is_torn_or_lost_in_a_descriptor) {
  add_log_sink(std::make_shared<line_sink>(descriptor_));
  log_from_all_threads();
  EXPECT_EQ(count_whole_lines(), threads * lines);
}

TEST_F(threads_test, no_line_is_torn_or_lost_in_a_file) {
  std::FILE* const file = std::fopen(path_.c_str(), "w");
  ASSERT_TRUE(file);
  {
    testing::fresh_logging until_it_is_closed;
    start_logging(file);
    log_from_all_threads();
  }
  std::fclose(file);
  EXPECT_EQ(count_whole_lines(), threads * lines);
}

TEST_F(threads_test, an_asynchronous_sink_accounts_for_every_line) {
  const auto queue = std::make_shared<async_sink>(std::make_shared<line_sink>(descriptor_), threads * lines);
  add_log_sink(queue);
  log_from_all_threads(lines / 10);
  EXPECT_EQ(queue->dropped(), 0U);
  EXPECT_EQ(count_whole_lines(), threads * (lines / 10));
}

TEST_F(threads_test, sinks_and_levels_change_while_others_log) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> all;
  for (int t = 0; t < 4; ++t)
    all.emplace_back([&, t] {
      const logger log = make_logger("changing " + std::to_string(t));
      while (!stop) {
        log.info("x {t}", "t"_a = t);
        log.debug("log_category"_a = "none", "t"_a = t);
      }
    });
  for (int i = 0; i < 500; ++i) {
    const auto sink = std::make_shared<test::log_capture>();
    add_log_sink(sink, i % 2 ? log_level::info : log_level::trace);
    set_global_log_level(i % 3 ? log_level::debug : log_level::error);
    make_logger("changing 1").set_level(log_level::trace);
    set_log_sink_level(sink, log_level::info);
    make_logger("changing 1").follow_global_level();
    remove_log_sink(sink);
  }
  stop = true;
  for (std::thread& each : all) each.join();
}

}  // namespace
}  // namespace interloop
