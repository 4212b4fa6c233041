// SPDX-License-Identifier: MIT
// A user of the installed component: a numeric address needs no server.

#include HEADER

#include <cstdio>
#include <interloop/dns.hpp>
#include <interloop/interloop.hpp>

int main() {
  interloop::LOOP_CLASS owner;
  interloop::dns::resolver resolver(interloop::with_config(*owner), {.servers = "192.0.2.1"});
  const auto found = resolver.addresses("127.0.0.1", 53);
  interloop::add_callbacks(
      found, [&](const auto&) { owner->stop(); }, [&](const interloop::failure&) { owner->stop(); });
  owner->run();
  std::puts(found.value().at(0).text() == "127.0.0.1:53" ? "ok" : "another address");
}
