// SPDX-License-Identifier: MIT
// The errors of commands, and of their connection. Others are `interloop::timeout_error`, `interloop::cancelled_error`
// and `interloop::loop_closed`. No message contains a password.
#pragma once

#include <interloop/error.hpp>

#include <string_view>

namespace interloop::redis {

/// The server answered with an error; the connection stays open. The message is the server's own.
class error_reply : public error {
 public:
  using error::error;
  ~error_reply() override;

  /// The first word of the message, which names the kind: `ERR`, `WRONGTYPE`, `NOAUTH`… Valid while this exists.
  [[nodiscard]] std::string_view code() const noexcept {
    const std::string_view text = what();
    return text.substr(0, text.find(' '));
  }
};

/// There is no connection: it was refused, or could not be secured, or the client was closed. A command that fails with
/// exactly this was not sent.
class connection_error : public error {
 public:
  using error::error;
  ~connection_error() override;
};

/// The connection was lost while the command was under way: it is unknown whether the server has run it. It was not sent
/// a second time.
class connection_lost : public connection_error {
 public:
  using connection_error::connection_error;
  ~connection_lost() override;
};

}  // namespace interloop::redis
