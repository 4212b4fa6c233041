// SPDX-License-Identifier: MIT
// A server that a test starts, and that ends with the test.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace glued {

/// Whether a program is on PATH, or where Debian puts daemons.
[[nodiscard]] bool installed(const std::string& program);

/// A port of 127.0.0.1 on which nobody listens.
[[nodiscard]] int free_port();

/// A process with its output thrown away. It ends with this object, and with the test program in any case.
class server {
 public:
  explicit server(const std::vector<std::string>& command);
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

 private:
  pid_t process_;
};

/// Returns when `socket`, a path or a port of 127.0.0.1, can be connected to. Throws after ten seconds.
void wait_for_server(const std::string& path);
void wait_for_server(int port);

}  // namespace glued
