// SPDX-License-Identifier: MIT
// Logging as if no function of it had been called yet, for the length of a test.
#pragma once

namespace interloop::testing {

/// Removes all sinks, kept messages and pins, resets the global level, and makes the next `start_logging` count as the
/// first; its destructor does the same. Loggers stay valid, and categories stay.
///
/// Thread safety: no other thread may log meanwhile.
class fresh_logging {
 public:
  fresh_logging();
  fresh_logging(const fresh_logging&) = delete;
  fresh_logging& operator=(const fresh_logging&) = delete;
  ~fresh_logging();
};

}  // namespace interloop::testing
