// SPDX-License-Identifier: MIT
// What a command, or the connection it was sent on, can fail with. Beside these: `interloop::timeout_error`,
// `interloop::cancelled_error`, `interloop::loop_closed`.
#pragma once

#include <interloop/error.hpp>

#include <string_view>

namespace redis {

/// The server answered with an error; the connection goes on. The message is the server's own.
class redis_error : public interloop::error {
 public:
  using error::error;

  /// The first word of the message, which names the kind: `ERR`, `WRONGTYPE`, `NOAUTH`… Valid while this exists.
  [[nodiscard]] std::string_view code() const noexcept {
    const std::string_view text = what();
    return text.substr(0, text.find(' '));
  }
};

/// There is no connection: it was refused, it was lost, or the client was closed. Whether the server has run a command
/// that fails with this cannot be known.
class connection_error : public interloop::error {
 public:
  using error::error;
};

}  // namespace redis
