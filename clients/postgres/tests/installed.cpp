// SPDX-License-Identifier: MIT
// A user of the installed component: there is no server in that folder.

#include HEADER

#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/postgres.hpp>
#include <string>

int main() {
  interloop::LOOP_CLASS owner;
  const auto made = interloop::postgres::connect(interloop::with_config(*owner), "host=/nowhere");
  interloop::add_callbacks(
      made, [&](const auto&) { owner->stop(); }, [&](const interloop::failure&) { owner->stop(); });
  owner->run();
  const interloop::failure* why = made.get_failure();
  std::puts(why && why->message().find("/nowhere") != std::string::npos ? "ok" : "another outcome");
}
