// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <interloop/coroutine.hpp>
#include <interloop/error.hpp>

#ifdef INTERLOOP_WITH_DNS
#include <interloop/dns/resolver.hpp>
#endif

#include <cstdint>
#include <utility>

namespace interloop::streams {

#ifdef INTERLOOP_WITH_DNS

bool reads_names() noexcept { return true; }

future<std::vector<native_address>> look_up(api loop, address host, std::string servers) {
  dns::resolver resolver(loop, {.servers = std::move(servers)});
  const auto found = co_await resolver.addresses(host.host, static_cast<std::uint16_t>(host.port));
  std::vector<native_address> all(found.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i].length = found[i].to_sockaddr(all[i].storage);
  if (all.empty()) throw error(host.host + ": the name has no address");
  co_return all;
}

#else

bool reads_names() noexcept { return false; }

future<std::vector<native_address>> look_up(api loop, address host, std::string) {
  return loop.create_future_error<std::vector<native_address>>(
      usage_error("'" + host.host +
                  "' is not a numeric address, and this build of interloop cannot look names up: build it with the "
                  "component dns (c-ares), or look the name up first"));
}

#endif

}  // namespace interloop::streams
