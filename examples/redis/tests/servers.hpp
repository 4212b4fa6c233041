// SPDX-License-Identifier: MIT
// The servers of the tests: a real redis-server that they start, and listeners that misbehave. All on 127.0.0.1.
#pragma once

#include <sys/types.h>

/// A redis-server without persistence on a free port; it ends with this object, and with the test program in any case.
class redis_server {
 public:
  /// Whether redis-server is installed.
  [[nodiscard]] static bool available();

  /// Returns when it answers. Throws `std::runtime_error` if it does not within ten seconds.
  redis_server();
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;
  ~redis_server() { kill(); }

  [[nodiscard]] int port() const { return port_; }
  /// Ends it immediately, like a crash.
  void kill();

 private:
  int port_;
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

/// A port on which nobody listens.
[[nodiscard]] int free_port();
