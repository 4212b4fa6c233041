// SPDX-License-Identifier: MIT
#define CARES_NO_DEPRECATED  // its successors of these functions came with 1.28

#include "answers.hpp"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace interloop::dns {
namespace {

// An address record takes at least this many bytes of a message: a reference to its name, type, class, time to live,
// length, and the address.
constexpr int smallest_a = 16, smallest_aaaa = 28;

template <class Raw>
using owned = std::unique_ptr<Raw, void (*)(void*)>;

std::chrono::seconds time_to_live(int ttl) { return std::chrono::seconds(std::max(ttl, 0)); }

template <std::size_t Size>
std::array<std::uint8_t, Size> bytes_at(const void* from) {
  std::array<std::uint8_t, Size> bytes;
  std::memcpy(bytes.data(), from, Size);
  return bytes;
}

/// Keeps the records sorted, and those of one priority in the order of the answer.
template <class Record>
void add_by_priority(std::vector<Record>& records, Record record) {
  const auto place =
      std::upper_bound(records.begin(), records.end(), record,
                       [](const Record& one, const Record& other) { return one.priority < other.priority; });
  records.insert(place, std::move(record));
}

}  // namespace

int read_a(const unsigned char* message, int size, std::vector<address_record>& to) {
  std::vector<ares_addrttl> found(static_cast<std::size_t>(size / smallest_a + 1));
  int count = static_cast<int>(found.size());
  if (const int code = ares_parse_a_reply(message, size, nullptr, found.data(), &count); code != ARES_SUCCESS)
    return code;
  for (int i = 0; i < count; ++i) {
    const ares_addrttl& each = found[static_cast<std::size_t>(i)];
    to.push_back({address::v4(bytes_at<4>(&each.ipaddr)), time_to_live(each.ttl)});
  }
  return to.empty() ? ARES_ENODATA : ARES_SUCCESS;
}

int read_aaaa(const unsigned char* message, int size, std::vector<address_record>& to) {
  std::vector<ares_addr6ttl> found(static_cast<std::size_t>(size / smallest_aaaa + 1));
  int count = static_cast<int>(found.size());
  if (const int code = ares_parse_aaaa_reply(message, size, nullptr, found.data(), &count); code != ARES_SUCCESS)
    return code;
  for (int i = 0; i < count; ++i) {
    const ares_addr6ttl& each = found[static_cast<std::size_t>(i)];
    to.push_back({address::v6(bytes_at<16>(&each.ip6addr)), time_to_live(each.ttl)});
  }
  return to.empty() ? ARES_ENODATA : ARES_SUCCESS;
}

int read_srv(const unsigned char* message, int size, std::vector<service_record>& to) {
  ares_srv_reply* first = nullptr;
  if (const int code = ares_parse_srv_reply(message, size, &first); code != ARES_SUCCESS) return code;
  const owned<ares_srv_reply> found(first, &ares_free_data);
  for (const ares_srv_reply* each = first; each; each = each->next)
    add_by_priority(to, {each->host, each->port, each->priority, each->weight});
  return to.empty() ? ARES_ENODATA : ARES_SUCCESS;
}

int read_mx(const unsigned char* message, int size, std::vector<mail_record>& to) {
  ares_mx_reply* first = nullptr;
  if (const int code = ares_parse_mx_reply(message, size, &first); code != ARES_SUCCESS) return code;
  const owned<ares_mx_reply> found(first, &ares_free_data);
  for (const ares_mx_reply* each = first; each; each = each->next) add_by_priority(to, {each->host, each->priority});
  return to.empty() ? ARES_ENODATA : ARES_SUCCESS;
}

int read_txt(const unsigned char* message, int size, std::vector<std::string>& to) {
  ares_txt_ext* first = nullptr;
  if (const int code = ares_parse_txt_reply_ext(message, size, &first); code != ARES_SUCCESS) return code;
  const owned<ares_txt_ext> found(first, &ares_free_data);
  for (const ares_txt_ext* each = first; each; each = each->next) {
    if (each->record_start || to.empty()) to.emplace_back();
    to.back().append(reinterpret_cast<const char*>(each->txt), each->length);
  }
  return to.empty() ? ARES_ENODATA : ARES_SUCCESS;
}

int read_ptr(const unsigned char* message, int size, std::vector<std::string>& to) {
  hostent* host = nullptr;
  // The address is only copied into the result, where it is not wanted.
  if (const int code = ares_parse_ptr_reply(message, size, nullptr, 0, AF_INET, &host); code != ARES_SUCCESS)
    return code;
  const std::unique_ptr<hostent, decltype(&ares_free_hostent)> found(host, &ares_free_hostent);
  for (char** each = host->h_aliases; each && *each; ++each) to.emplace_back(*each);
  if (to.empty() && host->h_name) to.emplace_back(host->h_name);
  return to.empty() ? ARES_ENODATA : ARES_SUCCESS;
}

int read_addresses(const ares_addrinfo& found, std::uint16_t port, std::vector<endpoint>& to) {
  for (const ares_addrinfo_node* each = found.nodes; each; each = each->ai_next) {
    if (each->ai_family == AF_INET) {
      sockaddr_in at;
      std::memcpy(&at, each->ai_addr, sizeof at);
      to.push_back({address::v4(bytes_at<4>(&at.sin_addr)), port});
    } else if (each->ai_family == AF_INET6) {
      sockaddr_in6 at;
      std::memcpy(&at, each->ai_addr, sizeof at);
      to.push_back({address::v6(bytes_at<16>(&at.sin6_addr), at.sin6_scope_id), port});
    }
  }
  return to.empty() ? ARES_ENODATA : ARES_SUCCESS;
}

std::string reverse_name(const address& of) {
  std::string name;
  const auto bytes = of.bytes();
  for (auto each = bytes.rbegin(); each != bytes.rend(); ++each) {
    if (of.is_v6()) {
      constexpr std::string_view digits = "0123456789abcdef";
      name += {digits[*each & 15u], '.', digits[*each >> 4], '.'};
    } else {
      name += std::to_string(*each) + ".";
    }
  }
  return name + (of.is_v6() ? "ip6.arpa" : "in-addr.arpa");
}

}  // namespace interloop::dns
