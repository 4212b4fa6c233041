// SPDX-License-Identifier: MIT
#include "address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <interloop/error.hpp>

#include <cstdint>
#include <cstring>

namespace interloop::streams {

std::string address::text() const {
  if (local()) return host;
  if (host.find(':') != std::string::npos) return "[" + host + "]:" + std::to_string(port);
  return host + ":" + std::to_string(port);
}

std::string native_address::text() const {
  char buffer[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, buffer, sizeof buffer);
  if (storage.ss_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, buffer, sizeof buffer);
  return buffer;
}

std::optional<native_address> address::native() const {
  native_address made;
  if (local()) {
    auto& path = reinterpret_cast<sockaddr_un&>(made.storage);
    path.sun_family = AF_UNIX;
    std::memcpy(path.sun_path, host.data(), host.size());
    made.length = sizeof path;
    return made;
  }
  auto& four = reinterpret_cast<sockaddr_in&>(made.storage);
  if (::inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(static_cast<std::uint16_t>(port));
    made.length = sizeof four;
    return made;
  }
  made = {};
  auto& six = reinterpret_cast<sockaddr_in6&>(made.storage);
  const auto zone = host.find('%');  // of a link-local address
  if (::inet_pton(AF_INET6, host.substr(0, zone).c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(static_cast<std::uint16_t>(port));
    if (zone != std::string::npos) six.sin6_scope_id = ::if_nametoindex(host.c_str() + zone + 1);
    made.length = sizeof six;
    return made;
  }
  return std::nullopt;
}

address tcp_address(const std::string& host, int port) {
  if (host.empty() || host.find('\0') != std::string::npos)
    throw usage_error("connect: a host is a numeric address or a name, not empty and without a zero byte");
  if (port < 1 || port > 65535)
    throw usage_error("connect: a port is a number from 1 to 65535, not " + std::to_string(port));
  return {host, port};
}

address unix_address(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path) || path.find('\0') != std::string::npos)
    throw usage_error("connect: the path of a Unix socket has from 1 to " +
                      std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes, and no zero byte; this one has " +
                      std::to_string(path.size()));
  return {path, 0};
}

}  // namespace interloop::streams
