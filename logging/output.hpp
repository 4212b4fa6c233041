// SPDX-License-Identifier: MIT
// Where lines go: a FILE*, a stream or a descriptor.
//
// A pipe, socket or terminal may be non-blocking, because any process that shares it can make it so. If it is full,
// stdio and streams drop their buffers. So interloop then bypasses them: lines are written to the descriptor itself,
// waiting for room.
#pragma once

#include <cstdio>
#include <iosfwd>
#include <mutex>
#include <string_view>

namespace interloop::detail {

/// Writes whole lines, each with one system call if the system accepts it whole. Not locked: its sink does that.
class log_output {
 public:
  /// Errors: `usage_error` if `out` is null or not an open descriptor.
  explicit log_output(std::FILE* out);
  explicit log_output(std::ostream& out) : stream_(&out) { look_at_stream(); }
  explicit log_output(int descriptor);

  /// Errors: `error` with the system's reason.
  void put(std::string_view line, bool flush_too);

  /// Writes out what the file or stream buffers. Usually does nothing while the process ends: files and streams that
  /// still exist are then flushed by their libraries, and others may be gone.
  /// \param putting  the lock under which lines are written; taken in here, because a thread may be blocked under it
  ///                 while others exit.
  /// Errors: as `put`.
  void flush(std::mutex& putting);

 private:
  void look_at_stream();
  void put_into_file(std::string_view line, bool flush_too);
  void put_into_stream(std::string_view line, bool flush_too);
  void put_into_descriptor(std::string_view line);
  template <class Use>
  void use_stream(Use use);
  void put_bytes(std::string_view bytes);

  std::FILE* file_ = nullptr;  // also the file that a stream passes everything on to, as std::cout does
  std::ostream* stream_ = nullptr;
  std::streambuf* buffer_ = nullptr;  // of the stream, when it was last checked
  int descriptor_ = -1;               // also that of a stream, if known
  bool unbuffered_ = false;           // the file's descriptor is non-blocking, so nothing stays in the file's buffer
  bool cut_ = false;                  // only a part of a line was written: the next one begins with a line end
};

}  // namespace interloop::detail
