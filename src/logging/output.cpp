// SPDX-License-Identifier: MIT
#include "logging/output.hpp"

#include <interloop/error.hpp>

#include "logging/state.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>
#include <string>

namespace interloop::detail {

namespace {

[[noreturn]] void fail(const char* what) {
  throw error(std::string("log: writing to ") + what + " failed: " + std::strerror(errno));
}

}  // namespace

log_output::log_output(std::FILE* out) : file_(out) {
  if (!out) throw usage_error("logging: the FILE* to write to is null; was the file opened?");
}

log_output::log_output(int descriptor) : descriptor_(descriptor) {
  if (::fcntl(descriptor, F_GETFD) < 0)
    throw usage_error("logging: descriptor " + std::to_string(descriptor) + " to write to is not open");
}

// A stream that failed refuses everything until it is cleared; and some of them throw.
template <class Use>
void log_output::use_stream(Use use) {
  try {
    use(*stream_);
    if (*stream_) return;
  } catch (const std::ios_base::failure&) {
  }
  try {
    stream_->clear();                        // so that what comes later has its chance
  } catch (const std::ios_base::failure&) {  // it has no buffer
  }
  throw error("log: writing to the stream failed");
}

void log_output::put(std::string_view line, bool flush_too) {
  if (file_) {
    if (std::fwrite(line.data(), 1, line.size(), file_) != line.size()) fail("the file");
    if (flush_too && std::fflush(file_) != 0) fail("the file");
  } else if (stream_) {
    use_stream([&](std::ostream& out) {
      out.write(line.data(), static_cast<std::streamsize>(line.size()));
      if (flush_too) out.flush();
    });
  } else {
    if (cut_) put_bytes("\n");
    put_bytes(line);
  }
}

void log_output::flush(std::mutex& putting) {
  if (log_state::get().is_exiting()) return;
  const std::lock_guard lock(putting);
  if (file_ && std::fflush(file_) != 0) fail("the file");
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
      if (::poll(&full, 1, 1000) == 0) fail("the descriptor, full for a second,");
    } else if (errno != EINTR) {
      fail("the descriptor");
    }
  }
}

}  // namespace interloop::detail
