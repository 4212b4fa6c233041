// SPDX-License-Identifier: MIT
// The demonstration's program without the loop: each main selects one, makes a `program` and runs the loop. It is the
// callee, or the caller, of one procedure.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/wamp.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace demo {

struct options {
  std::string role;        // callee or caller
  std::string url;         // of the router
  std::int64_t calls = 0;  // how many the caller makes
  int window = 64;         // how many are in flight
};

class program {
 public:
  /// Starts what the command line asks for, on the selected loop.
  /// \param finished  called once, in the loop's thread: ends the native loop's run.
  program(int argc, char** argv, interloop::function<void()> finished);

  /// Writes one line, `name=value` pairs separated by blanks; returns the exit status.
  [[nodiscard]] int report();

 private:
  using clock = std::chrono::steady_clock;

  interloop::future<void> be_called(interloop::api loop);
  interloop::future<void> call(interloop::api loop);
  interloop::future<void> lane(interloop::api loop, interloop::wamp::session session);

  options given_;
  std::int64_t started_ = 0;
  std::int64_t done_ = 0;
  std::int64_t wrong_ = 0;
  std::vector<clock::duration> latencies_;
  clock::duration took_{};
  double cpu_seconds_ = 0;
  bool failed_ = false;
};

}  // namespace demo
