// SPDX-License-Identifier: MIT
#include "handles.hpp"

#include <interloop/error.hpp>

#include <cerrno>
#include <cstring>

namespace interloop::sd_event_adapter {

std::string reason(const char* what, int code) {
  switch (-code) {
    case ECHILD:
      return std::string("sd_event: ") + what + ": after fork, an sd_event works in the parent only";
    case ESTALE:
      return std::string("sd_event: ") + what + ": sd_event_exit has ended this sd_event for good";
    case EEXIST:
      return std::string("sd_event: ") + what + ": another source of this sd_event has it";
    default:
      return std::string("sd_event: ") + what + ": " + std::strerror(-code);
  }
}
void check(int code, const char* what) {
  if (code < 0) throw usage_error(reason(what, code));
}

}  // namespace interloop::sd_event_adapter
