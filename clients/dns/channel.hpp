// SPDX-License-Identifier: MIT
// c-ares on a loop: its sockets are watched, and its clock is a timer.
#pragma once

#include <interloop/dns/resolver.hpp>
#include <interloop/interloop.hpp>

#include <ares.h>

#include <exception>
#include <map>
#include <utility>

namespace interloop::dns {

/// c-ares reports which sockets it has and what it waits for there, and says when it wants to look at its clock. It calls
/// back inside calls of it only. What it calls back here runs no code of users, and does not call c-ares.
class channel {
 public:
  /// \param after  called after c-ares may have done something, outside of it; may call it, and does not throw.
  channel(loop& core, const resolver_options& how, function<void()> after);
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel();

  [[nodiscard]] ares_channel native() const noexcept { return native_; }

  /// Must be called for each call into c-ares, before or after it, except inside `after`. Many of them in one turn cost
  /// one look at its clock. Errors: `std::bad_alloc`.
  void touch();

  /// Why c-ares cannot go on: a socket could not be watched, say. Null if it can. What it has then must be cancelled.
  [[nodiscard]] std::exception_ptr take_problem() noexcept { return std::exchange(problem_, nullptr); }

 private:
  void watch(int fd, bool readable, bool writable) noexcept;
  void process(int readable, int writable);
  void look();

  loop& core_;
  function<void()> after_;
  ares_channel native_ = nullptr;
  std::map<int, fd_watch> watches_;
  timer clock_;
  bool touched_ = false;
  std::exception_ptr problem_;
};

}  // namespace interloop::dns
