// SPDX-License-Identifier: MIT
// A real WAMP router for tests and benchmarks: Crossbar, which wamp_router.py runs.
#pragma once

#include "server_process.hpp"

#include <map>
#include <string>
#include <string_view>

namespace test_servers {

/// Crossbar, on free ports of 127.0.0.1 and a Unix socket. See wamp_router.py for its realms and users.
class wamp_router {
 public:
  /// Whether Crossbar is installed: `make setup` does that.
  [[nodiscard]] static bool available();

  /// The router with peers, for everything that does not stop it. It is the one that ctest has started for all tests, or
  /// else one that this starts now, and that ends with this program. Throws `std::runtime_error`.
  [[nodiscard]] static const wamp_router& shared();

  /// A router of its own, without peers, which ends with this object. Returns when it answers. Throws
  /// `std::runtime_error` if it does not within a minute.
  wamp_router() : wamp_router(false) {}

  /// What wamp_router.py says: `tcp`, `tls`, `unix`, `authority`; `ticket`, `secret`, `private_key`.
  [[nodiscard]] const std::string& value(const std::string& name) const { return addresses_.at(name); }
  /// `ws://127.0.0.1:PORT/ws`, and so on: `ws`, `wss`, `rs`, `rss`, and by the Unix socket `unix` and `ws+unix`.
  [[nodiscard]] std::string url(std::string_view scheme) const;

  /// Ends it immediately, like a crash: nothing is said to its clients.
  void kill() { process_.end(); }
  /// After `kill`: on the same ports and socket.
  void start();

 private:
  struct already_running {};
  explicit wamp_router(bool with_peers);
  explicit wamp_router(already_running);

  temporary_folder folder_;
  bool with_peers_ = false;
  std::map<std::string, std::string> addresses_;
  server_process process_;
};

}  // namespace test_servers
