// SPDX-License-Identifier: MIT
#include "port_call.hpp"

#if INTERLOOP_CHECKED
#include <interloop/detail/report.hpp>
#include <interloop/loop_port.hpp>

#include <cstdlib>
#include <string>
#include <utility>

namespace interloop::detail {
namespace {

constinit thread_local const loop_port* current = nullptr;
constinit thread_local const char* current_function = nullptr;

}  // namespace

port_call::port_call(loop_port& port, const char* function) noexcept
    : port_(port),
      outer_port_(std::exchange(current, &port)),
      outer_function_(std::exchange(current_function, function)) {}

port_call::~port_call() {
  current = outer_port_;
  current_function = outer_function_;
}

void port_call::require_none(const loop_port& port, const char* called) noexcept {
  if (current != &port) return;
  say("interloop: the port \"" + std::string(port.name()) + "\" calls " + called + " inside its own " +
      current_function +
      "(), which the core has called. A port calls the core only from handlers that its native loop runs: here, make "
      "the "
      "native loop run such a handler soon.\n");
  std::abort();
}

}  // namespace interloop::detail
#endif
