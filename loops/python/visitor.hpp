// SPDX-License-Identifier: MIT
// The GIL for C++ threads, which otherwise might use the interpreter while it ends.
#pragma once

#include "gil.hpp"

#include <optional>

namespace interloop::python {

/// Holds the GIL while the interpreter can be used. If a thread asks for the GIL after the interpreter has begun to
/// end, Python ends the thread by unwinding its stack, and noexcept functions then end the process. So the end waits
/// for threads that are inside, and afterwards only threads that have the GIL may enter.
class visitor {
 public:
  visitor() noexcept;
  visitor(const visitor&) = delete;
  visitor& operator=(const visitor&) = delete;
  ~visitor();
  /// Whether it holds the GIL.
  explicit operator bool() const noexcept { return locked_.has_value(); }

  /// Call this, under the GIL, before there are visitors: it registers with the interpreter. False: a Python exception
  /// is set.
  static bool expect();

 private:
  bool counted_ = false;
  std::optional<gil> locked_;
};

}  // namespace interloop::python
