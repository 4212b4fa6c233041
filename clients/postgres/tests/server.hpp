// SPDX-License-Identifier: MIT
// The servers of the tests: a real PostgreSQL that they start, and listeners that misbehave.
#pragma once

#include "clients/support/loopback.hpp"
#include "clients/support/mute_server.hpp"
#include "clients/support/server_process.hpp"

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

/// A server with a cluster of its own in a temporary folder; it ends with this object, and with the test program in any
/// case. Runs as another user if the tests run as root, which PostgreSQL refuses to. Everybody is trusted, except the user
/// `guarded`, whose password is `Pa55word-of-guarded`.
class postgres_server {
 public:
  /// Whether it is installed.
  [[nodiscard]] static bool available();
  /// One for the whole program, started by the first call.
  static postgres_server& shared();

  /// Returns when it accepts connections. Throws `std::runtime_error`.
  postgres_server();

  /// Ends it immediately, like a crash of its machine; starts it again on the same port.
  void kill() { process_.crash(); }
  void start();

  /// Through its Unix socket; over TCP.
  [[nodiscard]] std::string local() const;
  [[nodiscard]] std::string tcp() const;
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] pid_t process() const { return process_.id(); }
  /// The certificate that it shows, which is its own authority, for 127.0.0.1; and another one. Empty without openssl.
  [[nodiscard]] std::string certificate() const { return with_tls_ ? folder_.file("server.crt") : ""; }
  [[nodiscard]] std::string other_certificate() const { return with_tls_ ? folder_.file("other.crt") : ""; }

 private:
  [[nodiscard]] bool runs(const std::string& statements) const;

  test_servers::temporary_folder folder_;
  int port_;
  bool with_tls_ = false;
  std::vector<std::string> words_;
  test_servers::how_to_start how_;
  test_servers::server_process process_;
};

using test_servers::free_port;
using test_servers::mute_server;

/// Welcomes one client as a server does, answers the next thing that it says with `answer`, and is then silent.
class odd_server {
 public:
  explicit odd_server(std::string answer);
  odd_server(const odd_server&) = delete;
  odd_server& operator=(const odd_server&) = delete;
  ~odd_server();
  [[nodiscard]] int port() const { return port_; }

 private:
  int socket_;
  int port_;
  std::thread thread_;
};
