// SPDX-License-Identifier: MIT
// The servers of the tests: a real PostgreSQL that they start, and listeners that misbehave.
#pragma once

#include <sys/types.h>

#include <string>
#include <thread>

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
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;
  ~postgres_server();

  /// Through its Unix socket; over TCP.
  [[nodiscard]] std::string local() const;
  [[nodiscard]] std::string tcp() const;
  [[nodiscard]] int port() const { return port_; }
  /// The certificate that it shows, which is its own authority, for 127.0.0.1; and another one. Empty without openssl.
  [[nodiscard]] std::string certificate() const { return with_tls_ ? folder_ + "/server.crt" : ""; }
  [[nodiscard]] std::string other_certificate() const { return with_tls_ ? folder_ + "/other.crt" : ""; }

 private:
  std::string folder_;
  int port_;
  bool with_tls_ = false;
  pid_t process_ = -1;
};

/// A listening socket; the kernel accepts its connections, and nobody answers.
class mute_server {
 public:
  mute_server();
  mute_server(const mute_server&) = delete;
  mute_server& operator=(const mute_server&) = delete;
  ~mute_server();
  [[nodiscard]] int port() const { return port_; }
  /// Accepts one connection, which must exist, and closes it.
  void hang_up();

 private:
  int socket_;
  int port_;
};

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

/// A port on which nobody listens.
[[nodiscard]] int free_port();
