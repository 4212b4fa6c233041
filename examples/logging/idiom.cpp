// SPDX-License-Identifier: MIT
// Failures in one line, and the traceback only at the debug level.
#include <interloop/failure.hpp>
#include <interloop/logger.hpp>
#include <interloop/logging/start.hpp>

#include <stdexcept>

using namespace interloop::literals;

void report(const interloop::logger& log, const interloop::failure& fail) {
  // [idiom]
  log.critical(interloop::failure_message(fail));
  if (log.enabled(interloop::log_level::debug)) log.debug(interloop::failure_format_traceback(fail));
  // [/idiom]
  // [failure]
  log.failure("while {doing}", fail, "doing"_a = "hopping");
  // [/failure]
}

int main() {
  interloop::start_logging(stdout, "info");
  const auto log = interloop::make_logger();
  const auto fail = interloop::create_failure(std::runtime_error("Fox spotted!"));
  report(log, fail);
  log.info("And now with debugging:");
  interloop::set_global_log_level("debug");
  report(log, fail);
}
