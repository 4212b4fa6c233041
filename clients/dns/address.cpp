// SPDX-License-Identifier: MIT
#include <interloop/dns/address.hpp>
#include <interloop/error.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace interloop::dns {

address address::v4(const std::array<std::uint8_t, 4>& bytes) noexcept {
  address made;
  std::copy(bytes.begin(), bytes.end(), made.bytes_.begin());
  return made;
}

address address::v6(const std::array<std::uint8_t, 16>& bytes, std::uint32_t scope) noexcept {
  address made;
  made.v6_ = true;
  made.bytes_ = bytes;
  made.scope_ = scope;
  return made;
}

address address::parse(const std::string& text) {
  std::array<std::uint8_t, 4> four;
  if (::inet_pton(AF_INET, text.c_str(), four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen;
  if (::inet_pton(AF_INET6, text.c_str(), sixteen.data()) == 1) return v6(sixteen);
  throw usage_error("dns: '" + text + "' is not an IPv4 or IPv6 address; to look up a name, use resolver::addresses");
}

std::string address::text() const {
  char text[INET6_ADDRSTRLEN];
  std::string said = ::inet_ntop(v6_ ? AF_INET6 : AF_INET, bytes_.data(), text, sizeof text);
  if (scope_ != 0) said.append("%").append(std::to_string(scope_));
  return said;
}

::socklen_t endpoint::to_sockaddr(::sockaddr_storage& to) const noexcept {
  to = {};
  if (ip.is_v6()) {
    ::sockaddr_in6 made{};
    made.sin6_family = AF_INET6;
    made.sin6_port = htons(port);
    made.sin6_scope_id = ip.scope();
    std::memcpy(&made.sin6_addr, ip.bytes().data(), sizeof made.sin6_addr);
    std::memcpy(&to, &made, sizeof made);
    return sizeof made;
  }
  ::sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  std::memcpy(&made.sin_addr, ip.bytes().data(), sizeof made.sin_addr);
  std::memcpy(&to, &made, sizeof made);
  return sizeof made;
}

std::string endpoint::text() const {
  std::string said(ip.is_v6() ? 1 : 0, '[');
  said.append(ip.text()).append(ip.is_v6() ? "]:" : ":");
  return said.append(std::to_string(port));
}

}  // namespace interloop::dns
