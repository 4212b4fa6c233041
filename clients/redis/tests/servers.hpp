// SPDX-License-Identifier: MIT
// The servers of the tests: a real redis-server that they start, and one that does what a test tells it. All on
// 127.0.0.1 or a Unix socket.
#pragma once

#include "clients/support/certificates.hpp"
#include "clients/support/loopback.hpp"
#include "clients/support/mute_server.hpp"
#include "clients/support/server_process.hpp"

#include <string>
#include <string_view>
#include <vector>

using test_servers::free_port;
using test_servers::mute_server;
using test_servers::server_process;
using test_servers::temporary_folder;

/// A redis-server without persistence on a free port and a Unix socket; it ends with this object, and with the test
/// program in any case.
class redis_server {
 public:
  /// Whether redis-server is installed.
  [[nodiscard]] static bool available();

  /// Returns when it answers. Throws `std::runtime_error` if it does not within ten seconds.
  /// \param options  more options of redis-server; where one is `{port}`, it stands for the port, which is then TLS's.
  explicit redis_server(std::vector<std::string> options = {});

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string path() const { return folder_.file("socket"); }
  /// Ends it immediately, like a crash.
  void kill() { process_.end(); }
  /// After `kill`: on the same port and socket, without data.
  void start();

 private:
  [[nodiscard]] bool answers() const;

  temporary_folder folder_;
  std::vector<std::string> options_;
  int port_ = 0;
  server_process process_;
};

/// Certificates, made by `openssl`: `authority.pem`, and for the server `server.pem` and `server.key`, for the name
/// `redis.test` and the address 127.0.0.1. False if openssl is not installed.
[[nodiscard]] inline bool make_certificates(const temporary_folder& in) {
  return test_servers::make_certificates(in, "redis.test");
}
