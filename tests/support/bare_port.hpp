// SPDX-License-Identifier: MIT
// A port without a native loop: a test overrides what it looks at, and says when the core runs.
#pragma once

#include <interloop/loop_port.hpp>

#include <memory>

namespace interloop::test {

class bare_port : public loop_port {
 public:
  void wake() noexcept override {}
  void set_alarm(time_point) override {}
  void clear_alarm() noexcept override {}
  std::unique_ptr<port_watch> watch(int, interest, watched_fd&) override { throw usage_error("no watches"); }
  void stop() noexcept override {}
  void close(function<void()> released) noexcept override {
    if (released) released();
  }
};

}  // namespace interloop::test
