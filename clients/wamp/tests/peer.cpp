// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include "clients/support/loopback.hpp"
#include "clients/wamp/transport/upgrade.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace wamp_test {

using interloop::interest;

peer::peer(interloop::api loop, const std::string& path) : loop_(loop) {
  if (path.empty()) {
    listener_ = test_servers::listen_on_free_port(port_);
  } else {
    sockaddr_un here{};
    here.sun_family = AF_UNIX;
    path.copy(here.sun_path, sizeof here.sun_path - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 || ::listen(listener_, 8) != 0)
      throw std::runtime_error("no Unix socket");
  }
  listening_ = loop_.watch(listener_, interest::read, [this](interest) { accept(); });
}

peer::~peer() {
  drop();
  listening_.stop();
  ::close(listener_);
}

void peer::accept() {
  const int made = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (made < 0) return;
  drop();
  connection_ = made;
  ++connections;
  heard.clear();
  ended = false;
  watch_ = loop_.watch(connection_, reads ? interest::read : interest::none, [this](interest ready) {
    if (has(ready, interest::write)) send();
    if (connection_ >= 0 && has(ready, interest::read)) receive();
  });
}

void peer::drop() {
  watch_.stop();
  if (connection_ >= 0) ::close(std::exchange(connection_, -1));
  unsent_.clear();
  ending_ = false;
}

void peer::set_interest() {
  watch_.set_interest((reads && !ended ? interest::read : interest::none) |
                      (unsent_.empty() ? interest::none : interest::write));
}

void peer::receive() {
  char buffer[16384];
  const ssize_t got = ::recv(connection_, buffer, sizeof buffer, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    ended = true;
    return set_interest();
  }
  heard.append(buffer, static_cast<std::size_t>(got));
  if (const auto call = on_heard) call(heard);  // a copy, as it may be replaced inside
}

void peer::say(std::string_view text) {
  unsent_ += text;
  send();
}

void peer::send() {
  while (connection_ >= 0 && !unsent_.empty()) {
    const ssize_t sent = ::send(connection_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) unsent_.clear();
    if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
  }
  if (connection_ < 0) return;
  if (unsent_.empty() && ending_) return drop();
  set_interest();
}

void peer::end() {
  ending_ = true;
  send();
}

void peer::reset() {
  const linger now{1, 0};
  ::setsockopt(connection_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  drop();
}

void peer::read_on() {
  reads = true;
  set_interest();
}

void peer::greet_rawsocket(unsigned char answer) {
  on_heard = [this, answer](std::string& all) {
    if (all.size() < 4) return;
    all.erase(0, 4);
    const char bytes[] = {0x7f, static_cast<char>(answer), 0, 0};
    say({bytes, 4});
    on_heard = nullptr;  // this
  };
}

void peer::greet_websocket(std::string subprotocol, std::string behind) {
  on_heard = [this, subprotocol = std::move(subprotocol), behind = std::move(behind)](std::string& all) {
    const auto end = all.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const auto at = all.find("Sec-WebSocket-Key: ") + 19;
    const std::string key = all.substr(at, all.find("\r\n", at) - at);
    const std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        interloop::wamp::websocket::accept_of(key) + "\r\nSec-WebSocket-Protocol: " + subprotocol + "\r\n\r\n" + behind;
    all.erase(0, end + 4);
    say(answer);
    on_heard = nullptr;  // this
  };
}

bool peer::take_frame(unsigned& first, std::string& payload) {
  if (heard.size() < 2) return false;
  const auto at = [this](std::size_t i) { return static_cast<unsigned char>(heard[i]); };
  if ((at(1) & 0x80) == 0) throw std::runtime_error("a frame of the client is not masked");
  std::size_t size = at(1) & 0x7f;
  const std::size_t more = size < 126 ? 0 : size == 126 ? 2 : 8;
  if (heard.size() < 2 + more + 4) return false;
  if (more > 0) size = 0;
  for (std::size_t i = 0; i < more; ++i) size = size << 8 | at(2 + i);
  const std::size_t header = 2 + more + 4;
  if (heard.size() < header + size) return false;
  first = at(0);
  payload = heard.substr(header, size);
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(payload[i] ^ heard[header - 4 + i % 4]);
  heard.erase(0, header + size);
  return true;
}

}  // namespace wamp_test
