// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace test_servers {

/// A listening socket; the kernel accepts its connections, and nobody answers unless the test does.
class mute_server {
 public:
  mute_server();
  mute_server(const mute_server&) = delete;
  mute_server& operator=(const mute_server&) = delete;
  ~mute_server();

  [[nodiscard]] int port() const { return port_; }
  /// Accepts one connection, which must exist, in place of an earlier one.
  void accept();
  /// Sends to that connection.
  void say(std::string_view text) const;
  /// Receives that many bytes.
  [[nodiscard]] std::string hear(std::size_t count) const;
  /// Accepts one connection, unless there is one, and closes it.
  void hang_up();

 private:
  int socket_;
  int port_;
  int connection_ = -1;
};

}  // namespace test_servers
