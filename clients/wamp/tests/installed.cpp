// SPDX-License-Identifier: MIT
// A user of the installed component: without a router, it is told so.

#include HEADER

#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/wamp.hpp>

int main() {
  interloop::LOOP_CLASS owner;
  const auto joining = interloop::wamp::join(interloop::with_config(*owner), "unix:/no/such/socket", "realm1");
  interloop::add_callbacks(
      joining, [&](const interloop::wamp::session&) { owner->stop(); },
      [&](const interloop::failure&) { owner->stop(); });
  owner->run();
  std::puts(joining.get_failure()->is<interloop::wamp::connection_error>() ? "ok" : "another failure");
}
