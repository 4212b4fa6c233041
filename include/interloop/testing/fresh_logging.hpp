// SPDX-License-Identifier: MIT
// Logging as if nothing had been called yet, for the length of a test.
#pragma once

namespace interloop::testing {

/// Takes out all sinks, what was kept, all pins and the global level, and makes the next `start_logging` the first; its
/// destructor does so again. Loggers stay valid. Categories stay.
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
