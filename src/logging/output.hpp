// SPDX-License-Identifier: MIT
// Where lines go: a FILE*, a stream or a descriptor.
//
// A pipe, socket or terminal may be non-blocking, by the doing of any process that shares it. stdio and streams drop what
// they hold when such a one is full. So nothing is left to them there: lines go to the descriptor, which is waited for.
#pragma once

#include <cstdio>
#include <iosfwd>
#include <mutex>
#include <string_view>

namespace interloop::detail {

/// Puts lines whole, one call of the system's for each where it takes them so. Not locked: its sink does that.
class log_output {
 public:
  /// Errors: `usage_error` if `out` is null, or no descriptor that is open.
  explicit log_output(std::FILE* out);
  explicit log_output(std::ostream& out) : stream_(&out) { look_at_stream(); }
  explicit log_output(int descriptor);

  /// Errors: `error` with the system's reason.
  void put(std::string_view line, bool flush_too);

  /// Hands on what the file or stream holds back; nothing while the process ends: files and streams that are still there
  /// are flushed by themselves then, and others may be gone.
  /// \param putting  the lock under which lines are put; taken here, as a thread may be blocked under it while others
  ///                 exit.
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

  std::FILE* file_ = nullptr;  // also that of a stream that hands everything on to it, as std::cout does
  std::ostream* stream_ = nullptr;
  std::streambuf* buffer_ = nullptr;  // of the stream, when it was looked at
  int descriptor_ = -1;               // also that of a stream, where it is known
  bool unbuffered_ = false;  // the file's descriptor was found not to block: nothing stays in the file's buffer
  bool cut_ = false;         // the descriptor took only a part of a line: the next one begins with a line's end
};

}  // namespace interloop::detail
