// SPDX-License-Identifier: MIT
// LISTEN: what other sessions say with NOTIFY.
#pragma once

#include <interloop/channel.hpp>

#include <memory>
#include <string>
#include <utility>

namespace interloop::postgres {

class session;

/// What NOTIFY sent.
struct notification {
  std::string channel;
  std::string payload;
  int sender = 0;  ///< the process id of the session that sent it
};

/// The notifications of one channel, in their order: what `connection::listen` gives. Destroying it ends the listening,
/// when it was the last for the channel. Move-only.
///
/// Notifications that nobody takes are kept, without a limit. Thread safety: the loop's thread only. May outlive the
/// connection.
class subscription {
 public:
  /// None.
  subscription() noexcept = default;
  subscription(subscription&&) noexcept = default;
  subscription& operator=(subscription&& other) noexcept {
    subscription old(std::move(*this));
    session_ = std::move(other.session_);
    name_ = std::move(other.name_);
    arrived_ = std::move(other.arrived_);
    return *this;
  }
  ~subscription();

  /// `while (auto heard = co_await all.next())`: waits for a notification. When the connection is lost or closed, what
  /// has arrived can still be taken; then it throws `connection_error`.
  /// Errors: `usage_error` if it is empty.
  [[nodiscard]] receiving<notification> next();

 private:
  friend class session;
  subscription(std::shared_ptr<session> from, std::string name, std::shared_ptr<channel<notification>> arrived) noexcept
      : session_(std::move(from)), name_(std::move(name)), arrived_(std::move(arrived)) {}

  std::shared_ptr<session> session_;
  std::string name_;
  std::shared_ptr<channel<notification>> arrived_;
};

}  // namespace interloop::postgres
