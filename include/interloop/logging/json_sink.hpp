// SPDX-License-Identifier: MIT
// Lines for programs: each message a JSON object, with its fields as they are.
#pragma once

#include <interloop/logging/sink.hpp>

#include <cstdio>
#include <iosfwd>
#include <memory>

namespace interloop {

/// Writes each message as one line, a JSON object: `log_time` (seconds since 1970, a number), `log_level`,
/// `log_namespace`, `log_format`, `text`, and where they are known `log_origin`, `log_file` and `log_line`; then the
/// fields. Sequences are arrays, mappings and described structs objects, a failure an object with `type`, `message` and
/// `traceback`; not-a-number and infinity are strings, as JSON has none. A field that has one of the names above is left
/// out, and so is a name's second one. Text that is not UTF-8 has U+FFFD where it is not.
///
/// Where to write has to outlive the sink. Flushing, threads and errors are as with `line_sink`.
class json_sink : public log_sink {
 public:
  /// Errors: `usage_error` if `out` is null, or no descriptor that is open.
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
