// SPDX-License-Identifier: MIT
// The errors of commands, and of their connection. Others are `interloop::timeout_error`, `interloop::cancelled_error`
// and `interloop::loop_closed`.
#pragma once

#include <interloop/error.hpp>

#include <string_view>

namespace redis {

/// The server answered with an error; the connection stays open. The message is the server's own.
class redis_error : public interloop::error {
 public:
  using error::error;

  /// The first word of the message, which names the kind: `ERR`, `WRONGTYPE`, `NOAUTH`… Valid while this exists.
  [[nodiscard]] std::string_view code() const noexcept {
    const std::string_view text = what();
    return text.substr(0, text.find(' '));
  }
};

/// There is no connection: it was refused or lost, or the client was closed. It is unknown whether the server has run a
/// command that fails with this.
class connection_error : public interloop::error {
 public:
  using error::error;
};

}  // namespace redis
