// SPDX-License-Identifier: MIT
// Code that logs with spdlog already, in an application that starts logging here.
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
