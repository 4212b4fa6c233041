// SPDX-License-Identifier: MIT
// c-ares on a loop: it says which sockets it has and what it waits for there, and has to be asked for its deadline.
#pragma once

#include <interloop/dns/resolver.hpp>
#include <interloop/glue.hpp>

#include <ares.h>

#include <utility>

namespace interloop::dns {

/// c-ares calls back inside calls of it only. What it calls back here runs no code of users, and does not call c-ares.
class channel {
 public:
  /// \param after   called when c-ares may have done something, inside `call`; does not throw.
  /// \param failed  called when c-ares cannot go on, because a socket cannot be watched, say, inside `call`.
  channel(loop& core, const resolver_options& how, function<void()> after, function<void(const failure&)> failed);
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel();

  /// Calls `fn(ares_channel)`, which calls c-ares or does nothing; `after` is called in a later turn.
  template <class F>
  void call(F fn) {
    glue_.call([&] { fn(native_); });
  }

  /// For code inside `call`.
  [[nodiscard]] ares_channel native() const noexcept { return native_; }

 private:
  void process(int readable, int writable);
  void ask_deadline();

  ares_channel native_ = nullptr;
  glue glue_;
};

}  // namespace interloop::dns
