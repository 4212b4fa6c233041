// SPDX-License-Identifier: MIT
// Connections to the router whose bytes a test writes itself, right or wrong. They block, at most a minute.
#pragma once

#include "clients/support/wamp_router.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wamp_test {

/// By TCP, or by the Unix socket. Throws `std::runtime_error` if nothing comes for a minute.
class raw_connection {
 public:
  /// \param where  of the router: `unix`, `tcp`, or `small`, which takes 4,096 bytes.
  raw_connection(const test_servers::wamp_router& router, const std::string& where);
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;
  ~raw_connection();

  /// If the router has ended the connection, nothing is sent.
  void write(std::string_view bytes) const;
  /// Fewer bytes if the router ends the connection before.
  [[nodiscard]] std::string read(std::size_t size) const;

 private:
  int socket_ = -1;
};

/// The router's messages as a test compares them: `WELCOME`, `RESULT 7`, `ERROR 7 wamp.error.canceled`; with the request,
/// if the client has chosen it.
[[nodiscard]] std::string summary(std::string_view json);

/// Whole messages, in JSON.
class raw_talk {
 public:
  virtual ~raw_talk() = default;
  virtual void say(std::string_view message) = 0;
  /// The next message; if the connection is ended instead, `closed`, and behind that WebSocket's code.
  [[nodiscard]] virtual std::string hear() = 0;
  [[nodiscard]] std::string hear_summary();
};

class raw_rawsocket final : public raw_talk {
 public:
  /// \param length  the client's length, as its first half byte says: 15 is 16 MiB.
  explicit raw_rawsocket(const test_servers::wamp_router& router, const std::string& where = "unix",
                         unsigned length = 15);
  void say(std::string_view message) override { say(0, message); }
  /// \param kind  0: a message, 1: ping, 2: pong.
  void say(char kind, std::string_view payload);
  [[nodiscard]] std::string hear() override;

 private:
  raw_connection connection_;
};

class raw_websocket final : public raw_talk {
 public:
  raw_websocket(const test_servers::wamp_router& router, const std::string& subprotocols,
                const std::string& more_headers = {});
  /// The router's answer: its first line, and its headers.
  [[nodiscard]] const std::string& answer() const { return answer_; }
  void say(std::string_view message) override;
  [[nodiscard]] std::string hear() override;

 private:
  raw_connection connection_;
  std::string answer_;
};

}  // namespace wamp_test
