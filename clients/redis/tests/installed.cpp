// SPDX-License-Identifier: MIT
// A user of the installed component: without a server, it is told so.

#include HEADER

#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/redis.hpp>

int main() {
  interloop::LOOP_CLASS owner;
  interloop::redis::client client(interloop::with_config(*owner));
  const auto connecting = client.connect_unix("/no/such/socket");
  interloop::add_callbacks(connecting, [&] { owner->stop(); }, [&](const interloop::failure&) { owner->stop(); });
  owner->run();
  std::puts(connecting.get_failure()->is<interloop::redis::connection_error>() ? "ok" : "another failure");
}
