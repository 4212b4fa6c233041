// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <interloop/adapters/libev.hpp>

#include <ev.h>

int main(int argc, char** argv) {
  struct ev_loop* native = ev_default_loop(EVFLAG_AUTO);
  interloop::use_libev(native);
  demo::program program(argc, argv, [&] { ev_break(native, EVBREAK_ALL); });
  ev_run(native, 0);
  return program.report();
}
