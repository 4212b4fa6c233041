// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <interloop/adapters/sd_event.hpp>

#include <systemd/sd-event.h>

int main(int argc, char** argv) {
  sd_event* native = nullptr;
  sd_event_default(&native);
  interloop::use_sd_event(native);
  demo::program program(argc, argv, [&] { sd_event_exit(native, 0); });
  sd_event_loop(native);
  sd_event_unref(native);
  return program.report();
}
