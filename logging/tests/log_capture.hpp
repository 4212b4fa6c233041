// SPDX-License-Identifier: MIT
// Keeps logged events for tests, in a logging system that starts anew with each test.
#pragma once

#include <interloop/logger.hpp>
#include <interloop/logging/sink.hpp>
#include <interloop/logging/start.hpp>
#include <interloop/testing/fresh_logging.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace interloop::test {

/// Keeps events, and their texts by themselves.
class log_capture : public log_sink {
 public:
  void write(const log_event& event) override {
    const std::lock_guard lock(mutex_);
    texts_.emplace_back(event.text());
    events_.emplace_back(event);
  }
  std::vector<std::string> texts() {
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  const log_event& last() {
    const std::lock_guard lock(mutex_);
    return events_.back().event();
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
  std::vector<kept_log_event> events_;
};

class logging_test : public ::testing::Test {
 protected:
  /// Captures from now on.
  std::shared_ptr<log_capture> capture(log_threshold level = log_level::trace) {
    auto made = std::make_shared<log_capture>();
    add_log_sink(made, level);
    return made;
  }

 private:
  interloop::testing::fresh_logging fresh_;
};

}  // namespace interloop::test
