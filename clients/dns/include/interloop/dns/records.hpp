// SPDX-License-Identifier: MIT
// What a DNS server answers, as values.
#pragma once

#include <interloop/dns/address.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace interloop::dns {

/// A or AAAA: an address of a name.
struct address_record {
  address ip;
  std::chrono::seconds ttl{};  // how long the answer may be kept

  friend bool operator==(const address_record&, const address_record&) noexcept = default;
};

/// SRV: where a service is. Lower priorities are to be tried first; among equal ones, hosts are to be chosen at random,
/// in proportion to their weights. Source: RFC 2782.
struct service_record {
  std::string host;
  std::uint16_t port = 0;
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;

  friend bool operator==(const service_record&, const service_record&) noexcept = default;
};

/// MX: which host takes the mail of a domain. Lower priorities are to be tried first. Source: RFC 5321.
struct mail_record {
  std::string host;
  std::uint16_t priority = 0;

  friend bool operator==(const mail_record&, const mail_record&) noexcept = default;
};

}  // namespace interloop::dns
