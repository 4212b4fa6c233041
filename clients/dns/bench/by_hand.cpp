// SPDX-License-Identifier: MIT
// The same with c-ares alone: a loop over poll that asks it for its sockets and its time limit.
#define CARES_NO_DEPRECATED

#include "dns.hpp"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>
#include <sys/time.h>

#include <cstdint>

namespace bench {
namespace {

struct progress {
  std::size_t asked = 0, ended = 0, right = 0;
};

void answered(void* given, int status, int, unsigned char* message, int size) {
  auto& of = *static_cast<progress*>(given);
  ares_addrttl found[4];
  int count = 4;
  ++of.ended;
  of.right += status == ARES_SUCCESS && ares_parse_a_reply(message, size, nullptr, found, &count) == ARES_SUCCESS &&
              count == 1 && reinterpret_cast<const std::uint8_t*>(&found[0].ipaddr)[3] == 1;
}

void wait_and_process(ares_channel channel) {
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  const auto bits = static_cast<unsigned>(ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM));
  pollfd polled[ARES_GETSOCK_MAXNUM];
  nfds_t count = 0;
  for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    const bool reads = bits & (1u << i), writes = bits & (1u << (i + ARES_GETSOCK_MAXNUM));
    if (reads || writes)
      polled[count++] = {sockets[i], static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), 0};
  }
  timeval room{};
  const bool limited = ares_timeout(channel, nullptr, &room) != nullptr;
  ::poll(polled, count, limited ? static_cast<int>(room.tv_sec * 1'000 + room.tv_usec / 1'000 + 1) : -1);
  bool any = false;
  for (nfds_t i = 0; i < count; ++i) {
    if (!polled[i].revents) continue;
    any = true;
    ares_process_fd(channel, polled[i].revents & ~POLLOUT ? polled[i].fd : ARES_SOCKET_BAD,
                    polled[i].revents & POLLOUT ? polled[i].fd : ARES_SOCKET_BAD);
  }
  if (!any) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void by_hand(benchmark::State& state) {
  ares_library_init(ARES_LIB_INIT_ALL);
  ares_channel channel = nullptr;
  ares_options none{};
  if (ares_init_options(&channel, &none, 0) != ARES_SUCCESS ||
      ares_set_servers_ports_csv(channel, dns_server().address().c_str()) != ARES_SUCCESS)
    throw std::runtime_error("c-ares does not start");
  for (auto _ : state) {
    progress now;
    while (now.ended < lookups) {
      for (; now.asked < lookups && now.asked - now.ended < lookups_at_once; ++now.asked)
        ares_query(channel, looked_up, ns_c_in, ns_t_a, &answered, &now);
      wait_and_process(channel);
    }
    require_all(now.right);
  }
  ares_destroy(channel);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(lookups));
}

BENCHMARK(by_hand);

}  // namespace
}  // namespace bench
