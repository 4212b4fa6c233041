// SPDX-License-Identifier: MIT
// Where a server is.
#pragma once

#include <sys/socket.h>

#include <string>

namespace interloop::redis {

struct address {
  std::string host;  // numeric, or `localhost`; or the path of a Unix socket
  int port = 0;      // 0 for a Unix socket

  [[nodiscard]] bool local() const noexcept { return port == 0; }
  /// For messages.
  [[nodiscard]] std::string text() const;
  /// For the system. \return its length, or 0 if the host is neither numeric nor a path that fits.
  [[nodiscard]] socklen_t native(sockaddr_storage& into) const;
};

/// Errors: `usage_error` if `port` is not a port.
[[nodiscard]] address tcp_address(const std::string& host, int port);
/// Errors: `usage_error` if the path is empty or too long.
[[nodiscard]] address unix_address(const std::string& path);

}  // namespace interloop::redis
