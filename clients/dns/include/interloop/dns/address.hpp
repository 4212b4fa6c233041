// SPDX-License-Identifier: MIT
// Addresses as values.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace interloop::dns {

/// An IPv4 or an IPv6 address. Addresses are ordered: IPv4 before IPv6, then by their bytes.
class address {
 public:
  /// 0.0.0.0.
  address() noexcept = default;
  /// An IPv4 address, in network order: `address::v4({192, 0, 2, 1})`.
  [[nodiscard]] static address v4(const std::array<std::uint8_t, 4>& bytes) noexcept;
  /// An IPv6 address, in network order.
  /// \param scope  the number of the interface that a link-local address belongs to; 0: none.
  [[nodiscard]] static address v6(const std::array<std::uint8_t, 16>& bytes, std::uint32_t scope = 0) noexcept;

  /// The address that a text says: `192.0.2.1`, `2001:db8::1`. Errors: `usage_error` for every other text, and for names
  /// too.
  [[nodiscard]] static address parse(const std::string& text);

  [[nodiscard]] bool is_v6() const noexcept { return v6_; }
  /// 4 or 16 bytes, in network order. Valid while this exists.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return {bytes_.data(), v6_ ? 16u : 4u}; }
  [[nodiscard]] std::uint32_t scope() const noexcept { return scope_; }

  /// `192.0.2.1`, `2001:db8::1`; with a scope, `fe80::1%2`.
  [[nodiscard]] std::string text() const;

  friend auto operator<=>(const address&, const address&) noexcept = default;

 private:
  bool v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t scope_ = 0;
};

/// An address and a port: what one connects to.
struct endpoint {
  address ip;
  std::uint16_t port = 0;

  /// Writes it as the argument of `connect` and `bind`. \return the length, and the family is in `to.ss_family`.
  ::socklen_t to_sockaddr(::sockaddr_storage& to) const noexcept;

  /// `192.0.2.1:80`, `[2001:db8::1]:80`.
  [[nodiscard]] std::string text() const;

  friend auto operator<=>(const endpoint&, const endpoint&) noexcept = default;
};

}  // namespace interloop::dns
