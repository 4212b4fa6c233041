// SPDX-License-Identifier: MIT
// Where a server is.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

namespace interloop::streams {

/// An address as the system has it.
struct native_address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] bool local() const noexcept { return storage.ss_family == AF_UNIX; }
  /// Without the port, for messages.
  [[nodiscard]] std::string text() const;
};

struct address {
  std::string host;  // a numeric address, or a name; or the path of a Unix socket
  int port = 0;      // 0 for a Unix socket

  [[nodiscard]] bool local() const noexcept { return port == 0; }
  /// For messages.
  [[nodiscard]] std::string text() const;
  /// For the system. Nothing if the host is a name, which is to be looked up; `localhost` is 127.0.0.1 without that.
  [[nodiscard]] std::optional<native_address> native() const;
};

/// Errors: `usage_error` if the host is empty or contains a zero byte, or `port` is not a port.
[[nodiscard]] address tcp_address(const std::string& host, int port);
/// Errors: `usage_error` if the path is empty or too long.
[[nodiscard]] address unix_address(const std::string& path);

}  // namespace interloop::streams
