// SPDX-License-Identifier: MIT
// The library of retry.hpp on libev.
#include <ev.h>

#include <cstdio>
#include <interloop/adapters/libev.hpp>

#include "retry.hpp"

// [main]
int main() {
  struct ev_loop* loop = ev_default_loop(EVFLAG_AUTO);
  interloop::use_libev(loop);

  auto answer = retry(interloop::with_config(), 5, fetch);
  interloop::add_callbacks(answer, [](const std::string& text) { std::puts(text.c_str()); });

  ev_run(loop, 0);  // returns when nothing is pending
  interloop::close();
  ev_loop_destroy(loop);
}
// [/main]
