// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <interloop/adapters/libevent.hpp>

#include <event2/event.h>

int main(int argc, char** argv) {
  event_base* native = event_base_new();
  interloop::use_libevent(native);
  demo::program program(argc, argv, [&] { event_base_loopbreak(native); });
  event_base_dispatch(native);
  return program.report();
}
