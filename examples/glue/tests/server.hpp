// SPDX-License-Identifier: MIT
// A server that a test starts, and that ends with the test.
#pragma once

#include "clients/support/loopback.hpp"
#include "clients/support/server_process.hpp"

#include <string>
#include <utility>
#include <vector>

namespace glued {

using test_servers::free_port;

/// Whether a program is on PATH, or where Debian puts daemons.
[[nodiscard]] inline bool installed(const std::string& program) { return !test_servers::program(program).empty(); }

/// A program of that name, with its output thrown away.
class server {
 public:
  explicit server(std::vector<std::string> command) {
    command.front() = test_servers::program(command.front());
    process_ = test_servers::server_process(std::move(command));
  }

  /// Returns when `socket`, a path or a port of 127.0.0.1, can be connected to. Throws after ten seconds.
  template <class Socket>
  void wait_for(const Socket& socket) {
    process_.wait_until([&] { return test_servers::accepts(socket); }, 10);
  }

 private:
  test_servers::server_process process_;
};

}  // namespace glued
