// SPDX-License-Identifier: MIT
// Existing code that logs with GLib, in an application that calls start_logging.
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
