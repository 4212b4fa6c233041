// SPDX-License-Identifier: MIT
#include "mute_server.hpp"

#include "loopback.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace test_servers {

mute_server::mute_server() : socket_(listen_on_free_port(port_)) {}

mute_server::~mute_server() {
  if (connection_ >= 0) ::close(connection_);
  ::close(socket_);
}

void mute_server::accept() {
  if (connection_ >= 0) ::close(connection_);
  connection_ = ::accept(socket_, nullptr, nullptr);
  if (connection_ < 0) throw std::runtime_error("no connection to accept");
}

void mute_server::say(std::string_view text) const {
  if (::send(connection_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("nothing can be said");
}

std::string mute_server::hear(std::size_t count) const {
  std::string heard(count, '\0');
  if (::recv(connection_, heard.data(), count, MSG_WAITALL) != static_cast<ssize_t>(count))
    throw std::runtime_error("nothing is heard");
  return heard;
}

void mute_server::hang_up() {
  if (connection_ < 0) accept();
  ::close(std::exchange(connection_, -1));
}

}  // namespace test_servers
