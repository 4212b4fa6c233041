// SPDX-License-Identifier: MIT
// The library of retry.hpp on sd-event.
#include <systemd/sd-event.h>

#include <cstdio>
#include <interloop/adapters/sd_event.hpp>

#include "retry.hpp"

// [main]
int main() {
  sd_event* event = nullptr;
  sd_event_default(&event);
  interloop::use_sd_event(event);

  auto answer = retry(interloop::with_config(), 5, fetch);
  interloop::add_callbacks(answer, [event](const std::string& text) {
    std::puts(text.c_str());
    sd_event_exit(event, 0);
  });

  sd_event_loop(event);
  interloop::close();
  sd_event_unref(event);
}
// [/main]
