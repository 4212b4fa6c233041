// SPDX-License-Identifier: MIT
// Reads servers' messages. Each function appends what a message has to `to`, and returns one of c-ares' codes:
// ARES_ENODATA if it has nothing of the kind, ARES_EBADRESP if it cannot be read. Errors: `std::bad_alloc`.
#pragma once

#include <interloop/dns/address.hpp>
#include <interloop/dns/records.hpp>

#include <string>
#include <vector>

struct ares_addrinfo;

namespace interloop::dns {

int read_a(const unsigned char* message, int size, std::vector<address_record>& to);
int read_aaaa(const unsigned char* message, int size, std::vector<address_record>& to);
int read_srv(const unsigned char* message, int size, std::vector<service_record>& to);
int read_mx(const unsigned char* message, int size, std::vector<mail_record>& to);
int read_txt(const unsigned char* message, int size, std::vector<std::string>& to);
int read_ptr(const unsigned char* message, int size, std::vector<std::string>& to);

/// What c-ares has found, with this port.
int read_addresses(const ares_addrinfo& found, std::uint16_t port, std::vector<endpoint>& to);

/// The name under which servers have the names of an address: 1.2.0.192.in-addr.arpa.
[[nodiscard]] std::string reverse_name(const address& of);

}  // namespace interloop::dns
