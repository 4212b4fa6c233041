// SPDX-License-Identifier: MIT
// Checked builds: which function of a port the core has called in this thread, because a port must not call the core back
// from there: the core is in the middle of something. In other builds all of this does nothing.
#pragma once

#include <interloop/detail/checked.hpp>

namespace interloop {
class loop_port;
}

namespace interloop::detail {

/// One call of the core into a port, as long as this exists: `port_call(port, "wake")->wake()`.
class port_call {
 public:
  /// \param function  the function's name, a literal.
  port_call(loop_port& port, const char* function) noexcept;
  port_call(const port_call&) = delete;
  port_call& operator=(const port_call&) = delete;
  ~port_call();
  loop_port* operator->() const noexcept { return &port_; }

  /// Ends the process, and says why, if this thread is inside a function of `port` that the core has called.
  /// \param called  the function that the port calls now.
  static void require_none(const loop_port& port, const char* called) noexcept;

 private:
  loop_port& port_;
#if INTERLOOP_CHECKED
  const loop_port* outer_port_;
  const char* outer_function_;
#endif
};

#if !INTERLOOP_CHECKED
inline port_call::port_call(loop_port& port, const char*) noexcept : port_(port) {}
inline port_call::~port_call() = default;
inline void port_call::require_none(const loop_port&, const char*) noexcept {}
#endif

}  // namespace interloop::detail
