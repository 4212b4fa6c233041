// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <interloop/adapters/glib.hpp>

#include <glib.h>

int main(int argc, char** argv) {
  GMainLoop* native = g_main_loop_new(nullptr, FALSE);
  interloop::use_glib(g_main_loop_get_context(native));
  demo::program program(argc, argv, [&] { g_main_loop_quit(native); });
  g_main_loop_run(native);
  g_main_loop_unref(native);
  return program.report();
}
