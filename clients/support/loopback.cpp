// SPDX-License-Identifier: MIT
#include "loopback.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <random>
#include <stdexcept>

namespace test_servers {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int listen_on_free_port(int& port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (made < 0 || ::bind(made, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(made, 1024) != 0 ||
      ::getsockname(made, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no listening socket");
  port = ntohs(address.sin_port);
  return made;
}

int accept_next(int listener) {
  pollfd waiting{listener, POLLIN, 0};
  while (::poll(&waiting, 1, -1) < 0 && errno == EINTR) continue;
  return ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
}

int free_port() {
  std::random_device any;
  std::uniform_int_distribution<int> below(10'000, 32'767);
  for (int attempt = 0; attempt < 100; ++attempt) {
    const int one = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int port = below(any);
    const sockaddr_in address = loopback(port);
    const bool free = ::bind(one, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                      ::bind(other, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(one);
    ::close(other);
    if (free) return port;
  }
  throw std::runtime_error("no free port");
}

namespace {

template <class Address>
bool accepts(int family, const Address& address) {
  const int probe = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool there = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return there;
}

}  // namespace

bool accepts(int port) { return accepts(AF_INET, loopback(port)); }

bool accepts(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the path is too long: " + path);
  path.copy(address.sun_path, path.size());
  return accepts(AF_UNIX, address);
}

}  // namespace test_servers
