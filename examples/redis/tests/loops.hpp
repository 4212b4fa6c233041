// SPDX-License-Identifier: MIT
// The loops that were built, so that each test runs on all of them.
#pragma once

#include <interloop/loop.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

/// A native loop with interloop on it. Destroying it closes both.
class test_loop {
 public:
  virtual ~test_loop() = default;
  virtual interloop::loop& get() = 0;
};

struct loop_kind {
  std::string name;
  std::unique_ptr<test_loop> (*make)();

  friend void PrintTo(const loop_kind& kind, std::ostream* out) { *out << kind.name; }  // for GoogleTest
};

/// Each loops_<name>.cpp that is linked in adds one.
inline std::vector<loop_kind>& loop_kinds() {
  static std::vector<loop_kind> kinds;
  return kinds;
}

template <class Loop>
bool add_loop_kind(const char* name) {
  loop_kinds().push_back({name, [] { return std::unique_ptr<test_loop>(std::make_unique<Loop>()); }});
  return true;
}
