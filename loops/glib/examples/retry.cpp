// SPDX-License-Identifier: MIT
// The library of retry.hpp on GLib.
// [program]
#include <glib.h>

#include <cstdio>
#include <interloop/adapters/glib.hpp>

#include "retry.hpp"

// [main]
int main() {
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  interloop::use_glib(nullptr);  // the default GMainContext

  auto answer = retry(interloop::with_config(), 5, fetch);
  interloop::add_callbacks(answer, [loop](const std::string& text) {
    std::puts(text.c_str());
    g_main_loop_quit(loop);
  });

  g_main_loop_run(loop);
  interloop::close();
  g_main_loop_unref(loop);
}
// [/main]
// [/program]
