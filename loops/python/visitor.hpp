// SPDX-License-Identifier: MIT
// The GIL for threads of C++'s own, which nothing else keeps from meeting the interpreter's end.
#pragma once

#include "gil.hpp"

#include <optional>

namespace interloop::python {

/// Holds the GIL while the interpreter can be used. Of a thread that asks for the GIL when the interpreter has begun to
/// end, Python makes an end: it unwinds the stack, by which functions that throw nothing end the process. So the end
/// waits for who is inside, and lets nobody in any more but threads that have the GIL.
class visitor {
 public:
  visitor() noexcept;
  visitor(const visitor&) = delete;
  visitor& operator=(const visitor&) = delete;
  ~visitor();
  /// Whether it holds the GIL.
  explicit operator bool() const noexcept { return locked_.has_value(); }

  /// To be called, under the GIL, before there are visitors: tells the interpreter. False: a Python exception is set.
  static bool expect();

 private:
  bool counted_ = false;
  std::optional<gil> locked_;
};

}  // namespace interloop::python
