// SPDX-License-Identifier: MIT
// The library that docs/testing-your-library.md tests.
#pragma once

#include <interloop/interloop.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace greeter {

/// Greets, after a while. Errors: `std::invalid_argument` for an empty name.
inline interloop::future<std::string> greet(interloop::api async, std::string name) {
  co_await async.sleep(std::chrono::milliseconds(5));
  if (name.empty()) throw std::invalid_argument("whom?");
  co_return "Hello, " + name + "!";
}

}  // namespace greeter
