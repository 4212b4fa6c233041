// SPDX-License-Identifier: MIT
// The library of retry.hpp on libevent.
#include <event2/event.h>

#include <cstdio>
#include <interloop/adapters/libevent.hpp>

#include "retry.hpp"

// [main]
int main() {
  event_base* base = event_base_new();
  interloop::use_libevent(base);

  auto answer = retry(interloop::with_config(), 5, fetch);
  interloop::add_callbacks(answer, [](const std::string& text) { std::puts(text.c_str()); });

  event_base_dispatch(base);  // returns when nothing is pending
  interloop::close();
  event_base_free(base);
}
// [/main]
