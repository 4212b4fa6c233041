// SPDX-License-Identifier: MIT
// Lines for programs: each message is a JSON object with typed fields.
#pragma once

#include <interloop/logging/sink.hpp>

#include <cstdio>
#include <iosfwd>
#include <memory>

namespace interloop {

/// Writes each message as one line, a JSON object: `log_time` (seconds since 1970, a number), `log_level`,
/// `log_namespace`, `log_format`, `text`, `log_origin`, `log_file` and `log_line` if known, then the fields. Sequences
/// are arrays, mappings and described structs objects, a failure an object with `type`, `message` and `traceback`;
/// not-a-number and infinity are strings, as JSON has none. A field with one of the names above is omitted, and so is
/// the second field of the same name. Invalid UTF-8 in text is replaced by U+FFFD.
///
/// The output must outlive the sink. Flushing, threads and errors are as with `line_sink`.
class json_sink : public log_sink {
 public:
  /// Errors: `usage_error` if `out` is null or not an open descriptor.
  explicit json_sink(std::FILE* out);
  explicit json_sink(std::ostream& out);
  explicit json_sink(int descriptor);
  ~json_sink() override;

  void write(const log_event& event) override;
  void flush() override;

 private:
  struct inside;
  std::unique_ptr<inside> inside_;
};

}  // namespace interloop
