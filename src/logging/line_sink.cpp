// SPDX-License-Identifier: MIT
#include <interloop/logging/line_sink.hpp>

#include <interloop/error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <mutex>
#include <ostream>
#include <string>

namespace interloop {

struct line_sink::inside {
  std::FILE* file = nullptr;
  std::ostream* stream = nullptr;
  int descriptor = -1;

  std::mutex mutex;
  std::string line;           // the time, then a message; kept, so that a line allocates nothing
  std::size_t time_size = 0;  // of the time and its space, which stay while the second does
  std::time_t second = 0;

  void put_time(std::time_t now) {
    if (now == second && time_size > 0) return line.resize(time_size);
    std::tm parts{};
    char text[40];
    ::localtime_r(&now, &parts);
    time_size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z ", &parts);
    line.assign(text, time_size);
    second = now;
  }

  void put_line(bool flush) {
    if (file) {
      const bool written = std::fwrite(line.data(), 1, line.size(), file) == line.size();  // one call: never torn
      if (!written || (flush && std::fflush(file) != 0)) fail("the file");
    } else if (stream) {
      stream->write(line.data(), static_cast<std::streamsize>(line.size()));
      if (flush) stream->flush();
      if (!*stream) {
        stream->clear();  // so that what comes later has its chance
        throw error("log: writing to the stream failed");
      }
    } else {
      put_bytes(line.data(), line.size());
    }
  }

  // One write for a line, as long as the system takes it whole.
  void put_bytes(const char* data, std::size_t size) {
    while (size > 0) {
      const ::ssize_t written = ::write(descriptor, data, size);
      if (written >= 0) {
        data += written;
        size -= static_cast<std::size_t>(written);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        ::pollfd full{descriptor, POLLOUT, 0};
        if (::poll(&full, 1, 1000) == 0) fail("the descriptor, full for a second,");
      } else if (errno != EINTR) {
        fail("the descriptor");
      }
    }
  }

  [[noreturn]] static void fail(const char* what) {
    throw error(std::string("log: writing to ") + what + " failed: " + std::strerror(errno));
  }
};

line_sink::line_sink(std::FILE* out) : inside_(std::make_unique<inside>()) {
  if (!out) throw usage_error("line_sink: the FILE* is null; was the file opened?");
  inside_->file = out;
}

line_sink::line_sink(std::ostream& out) : inside_(std::make_unique<inside>()) { inside_->stream = &out; }

line_sink::line_sink(int descriptor) : inside_(std::make_unique<inside>()) {
  if (::fcntl(descriptor, F_GETFD) < 0)
    throw usage_error("line_sink: descriptor " + std::to_string(descriptor) + " is not open");
  inside_->descriptor = descriptor;
}

line_sink::~line_sink() = default;

void line_sink::write(const log_event& event) {
  const std::string_view text = event.text();  // before the lock: a user's formatter may log
  const std::time_t now = std::chrono::system_clock::to_time_t(event.time);
  const std::lock_guard lock(inside_->mutex);
  inside_->put_time(now);
  inside_->line.append(text).push_back('\n');
  inside_->put_line(event.level <= log_level::error);
}

void line_sink::flush() {
  const std::lock_guard lock(inside_->mutex);
  if (inside_->file && std::fflush(inside_->file) != 0) inside::fail("the file");
  if (inside_->stream) inside_->stream->flush();
}

}  // namespace interloop
