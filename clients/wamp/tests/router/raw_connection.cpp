// SPDX-License-Identifier: MIT
#include "raw_connection.hpp"

#include "clients/support/loopback.hpp"
#include "clients/wamp/message.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace wamp_test {
namespace {

namespace wamp = interloop::wamp;

// The size in that many bytes, the highest first.
std::string big_endian(std::size_t number, unsigned bytes) {
  std::string made;
  while (bytes-- > 0) made += static_cast<char>(number >> (8 * bytes) & 0xffU);
  return made;
}

std::size_t from_big_endian(std::string_view bytes) {
  std::size_t number = 0;
  for (const char each : bytes) number = number << 8U | static_cast<unsigned char>(each);
  return number;
}

int connected(const test_servers::wamp_router& router, const std::string& where) {
  const bool local = where == "unix";
  const int made = ::socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval minute{60, 0};
  ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute);
  ::setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &minute, sizeof minute);
  int failed = 0;
  if (local) {
    sockaddr_un there{};
    there.sun_family = AF_UNIX;
    router.value(where).copy(there.sun_path, sizeof there.sun_path - 1);
    failed = ::connect(made, reinterpret_cast<const sockaddr*>(&there), sizeof there);
  } else {
    const sockaddr_in there = test_servers::loopback(std::stoi(router.value(where)));
    failed = ::connect(made, reinterpret_cast<const sockaddr*>(&there), sizeof there);
  }
  if (failed) throw std::runtime_error("no connection with the router");
  return made;
}

}  // namespace

// ---- Bytes ----

raw_connection::raw_connection(const test_servers::wamp_router& router, const std::string& where)
    : socket_(connected(router, where)) {}

raw_connection::~raw_connection() { ::close(socket_); }

void raw_connection::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) throw std::runtime_error("the router reads nothing");
    if (sent < 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string raw_connection::read(std::size_t size) const {
  std::string all(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::recv(socket_, all.data() + filled, size - filled, 0);
    if (got < 0 && errno == EAGAIN) throw std::runtime_error("the router says nothing");
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  all.resize(filled);
  return all;
}

// ---- Messages ----

std::string summary(std::string_view json) {
  using enum wamp::message_type;
  const wamp::message got = wamp::read_message(wamp::serializer::json, json);
  std::string text = wamp::name_of_message(static_cast<std::uint64_t>(got.type));
  const bool answers = got.type == result || got.type == published || got.type == subscribed || got.type == registered;
  if (got.type == error) text += " " + std::to_string(got.ids[1]);
  if (answers) text += " " + std::to_string(got.ids[0]);
  return got.uri.empty() ? text : text + " " + got.uri;
}

std::string raw_talk::hear_summary() {
  const std::string heard = hear();
  return heard.starts_with("[") ? summary(heard) : heard;
}

raw_rawsocket::raw_rawsocket(const test_servers::wamp_router& router, const std::string& where, unsigned length)
    : connection_(router, where) {
  const char json = 1;
  connection_.write({"\x7f", 1});
  connection_.write(big_endian(length << 4U | json, 1) + std::string(2, '\0'));
  if (connection_.read(4).size() != 4) throw std::runtime_error("the router does not speak RawSocket");
}

void raw_rawsocket::say(char kind, std::string_view payload) {
  connection_.write(kind + big_endian(payload.size(), 3) + std::string(payload));
}

std::string raw_rawsocket::hear() {
  const std::string head = connection_.read(4);
  if (head.empty()) return "closed";
  const std::string payload = connection_.read(from_big_endian(head.substr(1)));
  return (head[0] == 0 ? "" : "frame " + std::to_string(head[0]) + ": ") + payload;
}

raw_websocket::raw_websocket(const test_servers::wamp_router& router, const std::string& subprotocols,
                             const std::string& more_headers)
    : connection_(router, "tcp") {
  connection_.write(
      "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
      (subprotocols.empty() ? "" : "Sec-WebSocket-Protocol: " + subprotocols + "\r\n") + more_headers + "\r\n");
  while (!answer_.ends_with("\r\n\r\n")) {
    const std::string next = connection_.read(1);
    if (next.empty()) throw std::runtime_error("the router does not speak WebSocket");
    answer_ += next;
  }
}

void raw_websocket::say(std::string_view message) {
  const std::size_t size = message.size();
  const std::string length = size < 126 ? big_endian(0x80U | size, 1) : "\xfe" + big_endian(size, 2);
  connection_.write("\x81" + length + std::string(4, '\0') + std::string(message));  // a mask that changes nothing
}

std::string raw_websocket::hear() {
  const std::string head = connection_.read(2);
  if (head.empty()) return "closed";
  std::size_t size = from_big_endian(head.substr(1));
  if (size == 126) size = from_big_endian(connection_.read(2));
  const std::string payload = connection_.read(size);
  if (head[0] == '\x88') return "closed " + std::to_string(from_big_endian(payload.substr(0, 2)));
  return payload;
}

}  // namespace wamp_test
