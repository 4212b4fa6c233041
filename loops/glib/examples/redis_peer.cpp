// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include <hiredis/adapters/glib.h>

int main(int argc, char** argv) {
  GMainLoop* native = g_main_loop_new(nullptr, FALSE);
  demo::peer peer(argc, argv, [](void* loop) { g_main_loop_quit(static_cast<GMainLoop*>(loop)); }, native);
  GSource* source = redis_source_new(peer.context());
  g_source_attach(source, g_main_loop_get_context(native));
  g_source_unref(source);
  peer.start();
  g_main_loop_run(native);
  g_main_loop_unref(native);
  return peer.report("glib", "own-adapter");
}
