// SPDX-License-Identifier: MIT
// A real DNS server for tests: dnsmasq, on a free port of 127.0.0.1.
#pragma once

#include "clients/support/server_process.hpp"

#include <string>
#include <vector>

/// Runs from construction to destruction, and ends with the test program in any case. It has the records of its
/// arguments only: any name that does not end in `.example` is refused.
class dnsmasq {
 public:
  /// Whether dnsmasq is installed.
  [[nodiscard]] static bool available();

  /// Returns when it answers.
  /// \param hosts    lines as in /etc/hosts.
  /// \param options  as on its command line.
  /// Errors: `std::runtime_error` if it does not start.
  dnsmasq(const std::string& hosts, const std::vector<std::string>& options);

  /// `127.0.0.1:port`.
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  /// Ends it immediately, like a crash; starts it again on the same port.
  void kill() { process_.end(); }
  void start();

 private:
  test_servers::temporary_folder folder_;
  int port_;
  std::vector<std::string> words_;
  test_servers::server_process process_;
};
