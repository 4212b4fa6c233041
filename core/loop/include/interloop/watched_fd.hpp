// SPDX-License-Identifier: MIT
// For ports: the core's side of a watched descriptor, to which a port reports.
#pragma once

#include <interloop/detail/layout.hpp>
#include <interloop/function.hpp>
#include <interloop/interest.hpp>

#include <cstdint>
#include <memory>
#include <source_location>

namespace interloop {

class loop;
class port_watch;

/// A descriptor that a port watches: `loop_port::watch` gets it, and reports to it while the `port_watch` that it
/// returned exists. Any report may destroy that `port_watch`, and run any user code: do not use the `port_watch`
/// afterwards.
///
/// Thread safety: the loop's thread only; not inside a function of the port that the core has called.
class watched_fd {
 public:
  watched_fd(const watched_fd&) = delete;
  watched_fd& operator=(const watched_fd&) = delete;

  /// The descriptor is ready in these directions; those that are not wanted are ignored. Never throws.
  void ready(interest directions) noexcept;

  /// The descriptor cannot be waited for, most likely because it was closed. Ends the watch, and with it the
  /// `port_watch`; the loop's exception handler gets a report.
  void lost() noexcept;

  /// Whether its callback is running. A nested run of the native loop need not look at the descriptor until the callback
  /// has returned.
  [[nodiscard]] bool running() const noexcept { return running_ > 0; }

  /// Whether the descriptor was closed, so that its number belongs to another file or none. Costs a system call.
  [[nodiscard]] bool is_lost() const noexcept;

 private:
  friend class loop;
  friend class fd_watch;
  template <class>
  friend struct detail::look_access;

  watched_fd(loop& core, int fd, interest wanted, function<void(interest)> on_ready, std::source_location where);

  loop* core_;
  int fd_;
  std::uint64_t device_ = 0;  // of the watched file, because its number may become another file's
  std::uint64_t inode_ = 0;
  interest interest_;
  unsigned references_ = 1;  // of the handle, the event being dispatched, and a report to come
  unsigned running_ = 0;
  bool active_ = true;
  bool given_up_ = false;  // its owner stopped it, or dropped the handle
  function<void(interest)> on_ready_;
  const std::source_location where_;  // it was made
  std::unique_ptr<port_watch> native_;
};

}  // namespace interloop
