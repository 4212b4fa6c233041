// SPDX-License-Identifier: MIT
// A server in the test's own loop, which says what a test tells it, right or wrong: on 127.0.0.1, or a Unix socket.
#pragma once

#include <interloop/interloop.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace wamp_test {

/// Takes one connection at a time; a new one is in the place of the last.
class peer {
 public:
  /// \param path  of a Unix socket; empty: a free port of 127.0.0.1.
  explicit peer(interloop::api loop, const std::string& path = {});
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer();

  [[nodiscard]] std::string at() const { return "127.0.0.1:" + std::to_string(port_); }

  /// Called when something has come, with all that was not erased yet.
  std::function<void(std::string& heard)> on_heard;
  std::string heard;
  bool ended = false;   // the client has ended the connection
  int connections = 0;  // so far
  bool reads = true;    // set it before the connection comes

  /// Sends everything, soon.
  void say(std::string_view text);
  /// What is said by `say` is sent before.
  void end();
  /// Ends it so that the client gets an error.
  void reset();
  /// Reads after all.
  void read_on();

  // ---- The protocols ----

  /// Answers RawSocket's handshake with this second byte, and WebSocket's with this subprotocol.
  void greet_rawsocket(unsigned char answer);
  void greet_websocket(std::string subprotocol, std::string behind = {});
  /// Takes the client's next frame of WebSocket out of `heard`, unmasked: its first byte and the payload. False if it is
  /// not whole. Throws `std::runtime_error` if it is not masked.
  [[nodiscard]] bool take_frame(unsigned& first, std::string& payload);

 private:
  void accept();
  void receive();
  void send();
  void drop();
  void set_interest();

  interloop::api loop_;
  int listener_ = -1, port_ = 0, connection_ = -1;
  bool ending_ = false;
  std::string unsent_;
  interloop::fd_watch listening_, watch_;
};

}  // namespace wamp_test
