// SPDX-License-Identifier: MIT
#include "logging/output.hpp"

#include <interloop/error.hpp>

#include "logging/state.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdio_ext.h>
#include <unistd.h>

#if __has_include(<ext/stdio_filebuf.h>)
#include <ext/stdio_filebuf.h>
#include <ext/stdio_sync_filebuf.h>
#endif

#include <cerrno>
#include <cstring>
#include <cwchar>
#include <ostream>
#include <string>

namespace interloop::detail {

namespace {

[[noreturn]] void fail(const char* what) {
  throw error(std::string("log: writing to ") + what + " failed: " + std::strerror(errno));
}

bool does_not_block(int descriptor) {
  const int flags = descriptor < 0 ? -1 : ::fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

void wait_for_room(int descriptor) {
  ::pollfd full{descriptor, POLLOUT, 0};
  ::poll(&full, 1, 1000);
}

class file_lock {
 public:
  explicit file_lock(std::FILE* file) noexcept : file_(file) { ::flockfile(file); }
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;
  ~file_lock() { ::funlockfile(file_); }

 private:
  std::FILE* file_;
};

// Takes what is in the file's buffer, so that the file does not write it.
std::string take_from(std::FILE* file) {
#ifdef __GLIBC__
  std::string held(file->_IO_write_base, ::__fpending(file));
  ::__fpurge(file);
  return held;
#else
  wait_for_room(::fileno(file));
  std::fflush(file);
  return {};
#endif
}

}  // namespace

log_output::log_output(std::FILE* out) : file_(out) {
  if (!out) throw usage_error("logging: the FILE* to write to is null; was the file opened?");
}

log_output::log_output(int descriptor) : descriptor_(descriptor) {
  if (::fcntl(descriptor, F_GETFD) < 0)
    throw usage_error("logging: descriptor " + std::to_string(descriptor) + " to write to is not open");
}

void log_output::look_at_stream() {
  buffer_ = stream_->rdbuf();
  file_ = nullptr;
  descriptor_ = -1;
#if __has_include(<ext/stdio_filebuf.h>)
  if (auto* handing_on = dynamic_cast<__gnu_cxx::stdio_sync_filebuf<char>*>(buffer_)) file_ = handing_on->file();
  if (auto* known = dynamic_cast<__gnu_cxx::stdio_filebuf<char>*>(buffer_)) descriptor_ = known->fd();
#endif
}

void log_output::put(std::string_view line, bool flush_too) {
  if (stream_ && stream_->rdbuf() != buffer_) look_at_stream();
  if (file_) return put_into_file(line, flush_too);
  if (stream_) return put_into_stream(line, flush_too);
  put_into_descriptor(line);
}

void log_output::put_into_file(std::string_view line, bool flush_too) {
  const file_lock lock(file_);
  const bool fits = !::__flbf(file_) && ::__fpending(file_) + line.size() < ::__fbufsize(file_);
  if (!fits || flush_too || unbuffered_) {
    const int to = ::fileno(file_);
    unbuffered_ = std::fwide(file_, 0) <= 0 && does_not_block(to);
    if (unbuffered_) {
      descriptor_ = to;
      if (const std::string held = take_from(file_); !held.empty()) put_bytes(held);
      return put_into_descriptor(line);
    }
  }
  if (!line.empty() && std::fwrite(line.data(), 1, line.size(), file_) != line.size()) fail("the file");
  if (flush_too && std::fflush(file_) != 0) fail("the file");
}

void log_output::put_into_stream(std::string_view line, bool flush_too) {
  if (does_not_block(descriptor_)) {
    wait_for_room(descriptor_);
    use_stream([](std::ostream& out) { out.flush(); });
    return put_into_descriptor(line);
  }
  use_stream([&](std::ostream& out) {
    out.write(line.data(), static_cast<std::streamsize>(line.size()));
    if (flush_too) out.flush();
  });
}

void log_output::put_into_descriptor(std::string_view line) {
  if (cut_) put_bytes("\n");
  put_bytes(line);
}

// A stream that failed refuses everything until it is cleared, and some streams throw.
template <class Use>
void log_output::use_stream(Use use) {
  try {
    use(*stream_);
    if (*stream_) return;
  } catch (const std::ios_base::failure&) {
  }
  try {
    stream_->clear();                        // so that later lines have a chance
  } catch (const std::ios_base::failure&) {  // the stream has no buffer
  }
  throw error("log: writing to the stream failed");
}

void log_output::flush(std::mutex& putting) {
  std::unique_lock lock(putting, std::defer_lock);
  if (log_state::get().is_exiting()) {
    // At exit stdio tries to write only once, and what does not fit is lost.
    if ((file_ != stdout && file_ != stderr) || !lock.try_lock() || ::ftrylockfile(file_) != 0) return;
    const bool is_full_soon = does_not_block(::fileno(file_)) && std::fwide(file_, 0) <= 0;
    ::funlockfile(file_);
    if (is_full_soon) put_into_file({}, true);
    return;
  }
  lock.lock();
  if (file_) return put_into_file({}, true);
  if (stream_) use_stream([](std::ostream& out) { out.flush(); });
}

void log_output::put_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ::ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      cut_ = !bytes.empty();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      ::pollfd full{descriptor_, POLLOUT, 0};
      if (::poll(&full, 1, 1000) == 0) fail("the descriptor (full for a second)");
    } else if (errno != EINTR) {
      fail("the descriptor");
    }
  }
}

}  // namespace interloop::detail
