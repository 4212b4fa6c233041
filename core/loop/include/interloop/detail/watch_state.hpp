// SPDX-License-Identifier: MIT
// The core's side of a watched descriptor, which ports call back. Row 1.
#pragma once

#include <interloop/function.hpp>
#include <interloop/interest.hpp>

#include <cstdint>
#include <memory>

namespace interloop {

class fd_watch;
class loop;
class port_watch;

namespace detail {

/// The core's side of a watch: referenced by its handle and by the event being dispatched.
class watch_state {
 public:
  watch_state(loop& core, int fd, interest wanted, function<void(interest)> on_ready);

  /// For ports: the descriptor is ready. In the loop's thread, while the `port_watch` exists.
  void ready(interest directions) noexcept;
  /// For ports: whether its callback is running. A nested run of the native loop need not look at the descriptor until
  /// the callback has returned.
  [[nodiscard]] bool running() const noexcept { return running_ > 0; }
  /// For ports: whether the descriptor was closed, so that its number belongs to another file or none. Costs a system
  /// call.
  [[nodiscard]] bool is_lost() const noexcept;
  /// For ports: tells that the descriptor cannot be waited for, most likely because it was closed. Ends the watch, and
  /// with it the `port_watch`; the loop's exception handler is told.
  void lost() noexcept;

 private:
  friend class interloop::loop;
  friend class interloop::fd_watch;

  loop* core_;
  int fd_;
  std::uint64_t device_ = 0;  // of the watched file, because its number may become another file's
  std::uint64_t inode_ = 0;
  interest interest_;
  unsigned references_ = 1;
  unsigned running_ = 0;
  bool active_ = true;
  function<void(interest)> on_ready_;
  std::unique_ptr<port_watch> native_;
};

}  // namespace detail
}  // namespace interloop
