// SPDX-License-Identifier: MIT
// [whole]
// A library: it names no loop, so it runs on every one.
#pragma once

// [library]
#include <interloop/interloop.hpp>

/// Calls `operation` until it succeeds, and waits twice as long after each failure.
template <class Operation>
auto retry(interloop::api async, int attempts, Operation operation) -> decltype(operation()) {
  for (auto pause = std::chrono::milliseconds(10);; pause *= 2) {
    try {
      co_return co_await operation();
    } catch (const std::exception&) {
      if (--attempts == 0) throw;
    }
    co_await async.sleep(pause);
  }
}
// [/library]

#include <stdexcept>
#include <string>

/// An operation for the programs beside this file: it fails twice, then answers.
inline interloop::future<std::string> fetch() {
  static int calls = 0;
  if (++calls < 3) throw std::runtime_error("connection refused");
  co_return "answer " + std::to_string(calls);
}
// [/whole]
