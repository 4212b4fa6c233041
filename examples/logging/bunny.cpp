// SPDX-License-Identifier: MIT
// The first example of txaio's chapter on logging: levels, fields, a failure with its traceback.
#include <interloop/failure.hpp>
#include <interloop/logger.hpp>
#include <interloop/logging/start.hpp>

#include <cstdio>
#include <stdexcept>

// [bunny]
using namespace interloop::literals;

class bunny {
 public:
  void hop(int times = 1) {
    log_.trace("bunny.hop(times={times})", "times"_a = times);
    log_.debug("Hopping {times} times.", "times"_a = times);
    try {
      throw std::runtime_error("Fox spotted!");
    } catch (...) {
      const auto fail = interloop::create_failure();
      log_.critical(interloop::failure_format_traceback(fail));
    }
  }

 private:
  const interloop::logger log_ = interloop::make_logger("bunny");
};

int main() {
  std::puts("output before start_logging");
  interloop::start_logging(stdout, "debug");
  const auto log = interloop::make_logger();
  log.info("output after start_logging");
  bunny jack;
  jack.hop(42);
}
// [/bunny]
