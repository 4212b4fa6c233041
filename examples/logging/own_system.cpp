// SPDX-License-Identifier: MIT
// An application with its own logging (spdlog), and a library that logs with interloop, without start_logging.
#include <interloop/logger.hpp>
#include <interloop/logging/spdlog.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

using namespace interloop::literals;

void library_code() {
  const auto log = interloop::make_logger("library");
  log.info("Hopping {times} times.", "times"_a = 42, "who"_a = "Jack");
}

int main() {
  // [own]
  auto mine = spdlog::stdout_logger_mt("application");
  mine->set_pattern("[%n] [%l] %v");
  interloop::add_log_sink(interloop::make_spdlog_sink(mine));
  // [/own]
  mine->info("starting");
  library_code();
}
