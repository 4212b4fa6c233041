// SPDX-License-Identifier: MIT
// A DNS server for the example: a few A records, over UDP on the loopback interface, on any loop.
#pragma once

#include <interloop/interloop.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dns {

using records = std::map<std::string, std::vector<std::string>>;  // name to IPv4 addresses

/// Answers from construction to destruction, both in the loop's thread. A mute server listens and never answers.
class server {
 public:
  server(records known, bool mute);
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  /// "127.0.0.1:port", with a free port.
  [[nodiscard]] std::string address() const;

 private:
  void serve();
  /// The answer to one message, or nothing if that is not a question.
  [[nodiscard]] std::string answer(std::string_view message) const;

  records known_;
  bool mute_;
  int socket_;
  interloop::fd_watch watch_;
};

}  // namespace dns
