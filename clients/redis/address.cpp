// SPDX-License-Identifier: MIT
#include "address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <interloop/error.hpp>

#include <cstdint>
#include <cstring>

namespace interloop::redis {

std::string address::text() const {
  if (local()) return host;
  if (host.find(':') != std::string::npos) return "[" + host + "]:" + std::to_string(port);
  return host + ":" + std::to_string(port);
}

socklen_t address::native(sockaddr_storage& into) const {
  into = {};
  if (local()) {
    auto& path = reinterpret_cast<sockaddr_un&>(into);
    path.sun_family = AF_UNIX;
    if (host.size() >= sizeof path.sun_path) return 0;
    std::memcpy(path.sun_path, host.data(), host.size());
    return sizeof path;
  }
  auto& four = reinterpret_cast<sockaddr_in&>(into);
  if (::inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(static_cast<std::uint16_t>(port));
    return sizeof four;
  }
  into = {};
  auto& six = reinterpret_cast<sockaddr_in6&>(into);
  const auto zone = host.find('%');  // of a link-local address
  if (::inet_pton(AF_INET6, host.substr(0, zone).c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(static_cast<std::uint16_t>(port));
    if (zone != std::string::npos) six.sin6_scope_id = ::if_nametoindex(host.c_str() + zone + 1);
    return sizeof six;
  }
  return 0;
}

address tcp_address(const std::string& host, int port) {
  if (port < 1 || port > 65535)
    throw usage_error("connect: a port is a number from 1 to 65535, not " + std::to_string(port));
  return {host, port};
}

address unix_address(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    throw usage_error("connect_unix: the path of a socket has from 1 to " +
                      std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes, not " + std::to_string(path.size()));
  return {path, 0};
}

}  // namespace interloop::redis
