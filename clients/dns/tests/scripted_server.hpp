// SPDX-License-Identifier: MIT
// A DNS server that does what a test tells it, right or wrong: on 127.0.0.1, in the test's loop.
#pragma once

#include <interloop/interloop.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// From construction to destruction, calls a function for each datagram. It takes connections, too, and closes each
/// after the first bytes have come.
class scripted_server {
 public:
  /// \param script  gets a question, and returns the datagrams to send back.
  using script = std::function<std::vector<std::string>(std::string_view question)>;

  scripted_server(interloop::api loop, script answer);
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;
  ~scripted_server();

  /// `127.0.0.1:port`.
  [[nodiscard]] std::string address() const;
  /// How many datagrams, and how many connections, have come.
  [[nodiscard]] int asked() const { return asked_; }
  [[nodiscard]] int connected() const { return connected_; }

 private:
  void serve();
  void accept();

  interloop::api loop_;
  script answer_;
  int asked_ = 0, connected_ = 0;
  int socket_, listener_, connection_ = -1;
  interloop::fd_watch watch_, listening_, reading_;
};

// ---- Answers, made of a question ----

/// The right one: an address, 192.0.2.7.
[[nodiscard]] std::string right_answer(std::string_view question);
/// An answer without records, with this error code and these flags (0x02: truncated).
[[nodiscard]] std::string empty_answer(std::string_view question, char code, char flags = 0);
