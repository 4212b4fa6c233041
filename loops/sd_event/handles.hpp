// SPDX-License-Identifier: MIT
// sd-event's objects as owned pointers, and its error codes as exceptions.
#pragma once

#include <systemd/sd-event.h>

#include <memory>
#include <string>

namespace interloop::sd_event_adapter {

struct unref {
  void operator()(sd_event* of) const noexcept { sd_event_unref(of); }
  void operator()(sd_event_source* of) const noexcept { sd_event_source_unref(of); }
};
using event = std::unique_ptr<sd_event, unref>;
using source = std::unique_ptr<sd_event_source, unref>;

/// What went wrong, for a negative errno as sd-event returns it.
std::string reason(const char* what, int code);
/// Throws `usage_error` if the code says that something went wrong.
void check(int code, const char* what);

}  // namespace interloop::sd_event_adapter
