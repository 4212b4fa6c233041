// SPDX-License-Identifier: MIT
// Looks names up.
#pragma once

#include <interloop/api.hpp>
#include <interloop/dns/address.hpp>
#include <interloop/dns/records.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace interloop::dns {

/// A resolver's settings.
struct resolver_options {
  /// The servers to ask, in this order: `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:53`, separated by commas. Empty:
  /// those of /etc/resolv.conf.
  std::string servers{};
  /// How long a server may take before the next one is asked. Each further round of all servers waits twice as long.
  std::chrono::milliseconds try_for{2'000};
  /// How many rounds there are. A lookup that no server answers thus fails after about `try_for` times the number of
  /// servers times 2^tries - 1, at most. For a limit of a lookup as a whole, use `with_timeout`.
  int tries = 3;
  /// How many lookups are under way at once; others wait for their turn. More answers at once than this would not fit
  /// into a socket's buffer, and those that do not are lost.
  std::size_t at_once = 100;
  /// `addresses` looks into /etc/hosts first, if the system's settings say so.
  bool hosts_file = true;
  /// `addresses` tries the search domains of /etc/resolv.conf.
  bool search = true;
  /// Ask by TCP, always. Otherwise TCP is used for answers that are too long for a datagram.
  bool tcp = false;
};

/// Which addresses `resolver::addresses` looks for.
enum class family { any, v4, v6 };

class lookups;

/// Looks names up at the system's DNS servers, or others. Nothing blocks, except that small local files are read:
/// /etc/resolv.conf when it is made, /etc/hosts by `addresses`.
///
/// Every function that returns a future may be called while others are pending. The futures fail with `lookup_error`.
/// Cancelling a future gives that lookup up: if it was waiting for its turn, no server is asked; if it was the only one
/// that is wanted, the sockets are closed in the next turn; otherwise its answer is dropped when it comes, because c-ares cannot
/// end one query of several. While a lookup is under way, the loop is kept running, if it is one that ends when idle;
/// between lookups there are neither sockets nor timers.
///
/// May be destroyed at any time, even inside callbacks of its own futures: pending lookups then fail with `lookup_error`,
/// whose code is `ARES_EDESTRUCTION`.
///
/// Thread safety: the loop's thread only. The loop must outlive the resolver's use; once it is closed, the functions
/// throw `loop_closed`, but the resolver may still be destroyed.
/// Errors of every lookup, besides: `usage_error` for a name that is empty or contains a zero byte; `loop_closed`.
class resolver {
 public:
  /// \param loop  where everything happens; by default the current loop.
  /// Errors: `usage_error` for settings that cannot be used; `lookup_error` if c-ares cannot start (no memory, say).
  explicit resolver(api loop = with_config(), const resolver_options& options = {});
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;
  ~resolver();

  /// The addresses of a host to connect to, in the order in which to try them, as `getaddrinfo` gives them: a numeric
  /// address is itself; /etc/hosts and search domains count, as the options say; both families are asked for. They are
  /// sorted by RFC 6724.
  /// \param port  put into each endpoint.
  /// Source: `ares_getaddrinfo`.
  [[nodiscard]] future<std::vector<endpoint>> addresses(const std::string& host, std::uint16_t port = 0,
                                                        family wanted = family::any);

  // ---- The records of exactly this name, from a server, in the order of its answer ----

  /// IPv4 addresses. Aliases (CNAME) are followed.
  [[nodiscard]] future<std::vector<address_record>> a(const std::string& name);
  /// IPv6 addresses. Aliases (CNAME) are followed.
  [[nodiscard]] future<std::vector<address_record>> aaaa(const std::string& name);
  /// Hosts of a service: `_xmpp-server._tcp.example.org`. Lowest priority first.
  [[nodiscard]] future<std::vector<service_record>> srv(const std::string& name);
  /// Hosts that take mail. Lowest priority first.
  [[nodiscard]] future<std::vector<mail_record>> mx(const std::string& name);
  /// Texts: one per record, whose parts are joined. May contain any byte.
  [[nodiscard]] future<std::vector<std::string>> txt(const std::string& name);
  /// The names of an address (PTR).
  [[nodiscard]] future<std::vector<std::string>> names(const address& of);

  /// Cancels all lookups that are pending: their futures fail with `cancelled_error`. The resolver can be used again.
  void cancel();

  /// How many lookups are pending, those that wait for their turn included.
  [[nodiscard]] std::size_t pending() const noexcept;

 private:
  std::unique_ptr<lookups> lookups_;
};

}  // namespace interloop::dns
