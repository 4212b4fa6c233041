// SPDX-License-Identifier: MIT
// The errors of sessions. Others are `interloop::timeout_error`, `usage_error`, `cancelled_error` and `loop_closed`. No
// message contains a secret.
#pragma once

#include <interloop/error.hpp>
#include <interloop/wamp/value.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace interloop::wamp {

/// There is no session: the router was not reached, or the session has ended. A call that fails with exactly this was not
/// sent.
class connection_error : public error {
 public:
  using error::error;
  ~connection_error() override;
};

/// The session ended while the operation was under way: it is unknown whether the router has acted on it.
class connection_lost : public connection_error {
 public:
  using connection_error::connection_error;
  ~connection_lost() override;
};

/// The peer sent something that the protocol does not allow; the message says what. The session ends with it. Also thrown
/// for a message that is longer than the peer accepts, which is then not sent and ends nothing.
class protocol_error : public connection_error {
 public:
  using connection_error::connection_error;
  ~protocol_error() override;
};

/// The router answered HELLO with ABORT: a realm that does not exist, a wrong password…
class join_refused : public connection_error {
 public:
  join_refused(std::string uri, const std::string& message);
  join_refused(const join_refused&) noexcept = default;
  ~join_refused() override;

  /// The router's reason, for instance `wamp.error.no_such_realm`.
  [[nodiscard]] const std::string& uri() const noexcept { return *uri_; }
  /// Whether the same attempt will be refused again: it is about the realm or the identity.
  [[nodiscard]] bool for_good() const noexcept;

 private:
  std::shared_ptr<const std::string> uri_;
};

/// A result, an argument or an event is not of the type that was asked for; the message says what it is.
class value_error : public error {
 public:
  using error::error;
  ~value_error() override;
};

/// An error of the application, which has a URI: what a call fails with if the procedure, or the router, answers ERROR;
/// and what a procedure throws to answer so. Copies share the contents.
class application_error : public error {
 public:
  /// \param uri   for instance `com.shop.error.sold_out`.
  /// \param args  usually a text for people, first.
  /// Errors: `usage_error` if `uri` is not a URI.
  explicit application_error(std::string uri, list args = {}, dict kwargs = {});
  /// The same with one text.
  application_error(std::string uri, const char* message) : application_error(std::move(uri), list{value(message)}) {}
  application_error(std::string uri, const std::string& message)
      : application_error(std::move(uri), list{value(message)}) {}
  application_error(const application_error&) noexcept = default;
  ~application_error() override;

  [[nodiscard]] const std::string& uri() const noexcept;
  [[nodiscard]] const list& args() const noexcept;
  [[nodiscard]] const dict& kwargs() const noexcept;
  /// The remote's traceback, if it sent one (`traceback` among `kwargs`, as Autobahn does); otherwise empty.
  [[nodiscard]] std::string traceback() const;

  /// Not for users: an error as it came, whose URI is not looked at.
  struct received {};
  application_error(received, std::string uri, list args, dict kwargs);

 private:
  struct contents;
  explicit application_error(std::shared_ptr<const contents> all);
  std::shared_ptr<const contents> contents_;
};

}  // namespace interloop::wamp
