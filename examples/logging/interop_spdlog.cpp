// SPDX-License-Identifier: MIT
// Existing code that logs with spdlog, in an application that calls start_logging.
#include <interloop/logger.hpp>
#include <interloop/logging/spdlog.hpp>
#include <interloop/logging/start.hpp>

#include <spdlog/spdlog.h>

// [existing]
void existing_code() { spdlog::info("A message of spdlog's: {}", "txaio was here"); }

int main() {
  interloop::start_logging(stdout, "debug");
  interloop::receive_spdlog();
  interloop::make_logger().info("before");
  existing_code();
  interloop::make_logger().info("after");
}
// [/existing]
