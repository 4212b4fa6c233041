// SPDX-License-Identifier: MIT
// Code that logs with GLib already, in an application that starts logging here.
#include <interloop/logger.hpp>
#include <interloop/logging/glib.hpp>
#include <interloop/logging/start.hpp>

#include <glib.h>

// [existing]
void existing_code() { g_message("A message of GLib's: %s", "txaio was here"); }

int main() {
  interloop::start_logging(stdout, "debug");
  interloop::receive_glib();
  interloop::make_logger().info("before");
  existing_code();
  interloop::make_logger().info("after");
}
// [/existing]
