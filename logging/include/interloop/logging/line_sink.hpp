// SPDX-License-Identifier: MIT
// Lines for people: 2016-01-21T01:02:03-0100 Hopping 42 times.
#pragma once

#include <interloop/logging/sink.hpp>

#include <cstdio>
#include <iosfwd>
#include <memory>

namespace interloop {

/// Writes each message as one line, in one piece: local time with its offset, a space, the text. A text of several
/// lines stays in one piece too. The output must outlive the sink.
///
/// A `FILE*` or stream is flushed after messages at error or worse, and otherwise as its own buffering decides; a
/// descriptor has no buffer. If the descriptor behind a `FILE*` is non-blocking, lines bypass the buffer and wait for
/// room.
/// Thread safety: any. Errors, from `write`: `error`, with the system's reason. A non-blocking descriptor that stays
/// full for a second is such an error.
class line_sink : public log_sink {
 public:
  /// Errors: `usage_error` if `out` is null or not an open descriptor.
  explicit line_sink(std::FILE* out);
  explicit line_sink(std::ostream& out);
  explicit line_sink(int descriptor);
  ~line_sink() override;

  void write(const log_event& event) override;
  void flush() override;

 private:
  struct inside;
  std::unique_ptr<inside> inside_;
};

}  // namespace interloop
