// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>
#include <interloop/logging/async_sink.hpp>
#include <interloop/logging/json_sink.hpp>
#include <interloop/logging/start.hpp>

#include <cstdio>
#include <memory>
#include <sstream>

using namespace interloop::literals;

int main() {
  static std::ostringstream out;
  static std::ostringstream json;
  interloop::start_logging(out);
  interloop::add_log_sink(std::make_shared<interloop::async_sink>(std::make_shared<interloop::json_sink>(json)));
  interloop::make_logger().info("Hopping {times} times.", "times"_a = 42);
  interloop::flush_logs();
  const bool said = out.str().ends_with(" Hopping 42 times.\n") && json.str().ends_with("\"times\":42}\n");
  std::puts(said ? "ok" : out.str().c_str());
}
