// SPDX-License-Identifier: MIT
// Who owns a loop. The headers in adapters/ have a class for each native loop, which derives from this one.
#pragma once

#include <utility>

namespace interloop {

class loop;
struct riding;  // what a port rides on: see loop_port.hpp

/// Owns a loop on a port, and closes it when destroyed. <interloop/loop.hpp> describes what the loop can do.
///
/// Thread safety: the loop's thread only, except that a loop may be made before its thread runs.
class loop_owner {
 public:
  /// \param on  the port, and the native loop if the owner made it: kept until the loop is closed and no longer runs.
  explicit loop_owner(riding on);
  loop_owner(loop_owner&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  loop_owner& operator=(loop_owner&& other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~loop_owner();

  operator loop&() const noexcept { return *core_; }
  loop* operator->() const noexcept { return core_; }
  loop& operator*() const noexcept { return *core_; }

 private:
  loop* core_;
};

}  // namespace interloop
