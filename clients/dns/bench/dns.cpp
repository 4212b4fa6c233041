// SPDX-License-Identifier: MIT
// What do 1,000 lookups of an address cost by interloop::dns, compared with c-ares over poll by hand?
//
// A real server on the loopback interface answers them; its time is the same for both.
#include "dns.hpp"

#include <interloop/dns.hpp>

#include "bench/loops.hpp"

namespace bench {
namespace {

template <class On>
void interloop_dns(benchmark::State& state) {
  On on;
  interloop::dns::resolver resolver(interloop::with_config(on.core()),
                                    {.servers = dns_server().address(), .at_once = lookups_at_once, .search = false});
  for (auto _ : state) {
    std::size_t right = 0, ended = 0;
    const auto end = [&] {
      if (++ended == lookups) on.core().stop();
    };
    for (std::size_t i = 0; i < lookups; ++i)
      interloop::add_callbacks(
          resolver.a(looked_up),
          [&, end](const std::vector<interloop::dns::address_record>& found) {
            right += found.size() == 1 && found[0].ip.bytes()[3] == 1;
            end();
          },
          [end](const interloop::failure&) { end(); });
    on.core().run();
    require_all(right);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(lookups));
}

[[maybe_unused]] const bool added = on_each_kind("interloop_dns", []<class On>() { return &interloop_dns<On>; });

}  // namespace
}  // namespace bench
