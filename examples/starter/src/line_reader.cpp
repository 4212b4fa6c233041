// SPDX-License-Identifier: MIT
#include <starter/line_reader.hpp>

#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace starter {

line_reader::line_reader(interloop::api async, int fd) : async_(async), fd_(fd) {}

line_reader::~line_reader() {
  if (waiting_) interloop::reject(*waiting_, std::runtime_error("the line_reader was destroyed"));
}

interloop::future<line_reader::line> line_reader::next() {
  if (waiting_) throw std::logic_error("line_reader::next: an earlier call is still pending");
  if (auto ready = take()) return async_.create_future_success(std::move(*ready));
  auto made = async_.create_future<line>([this] { stop_waiting(); });
  watch_ = async_.watch(fd_, interloop::interest::read, [this](interloop::interest) { read(); });
  waiting_ = made;
  return made;
}

// What can be given without waiting: a line, or none at the end.
std::optional<line_reader::line> line_reader::take() {
  if (const auto end = received_.find('\n'); end != std::string::npos) {
    line found = received_.substr(0, end);
    received_.erase(0, end + 1);
    return found;
  }
  if (!ended_) return std::nullopt;
  if (received_.empty()) return line();
  return line(std::exchange(received_, {}));
}

void line_reader::read() {
  char some[4096];
  const ssize_t size = ::read(fd_, some, sizeof some);
  if (size < 0) {
    if (errno == EAGAIN || errno == EINTR) return;  // a watch may report what is not there
    const std::system_error why(errno, std::generic_category(), "line_reader");
    const auto waiting = std::move(*waiting_);
    stop_waiting();
    interloop::reject(waiting, why);
    return;
  }
  received_.append(some, static_cast<std::size_t>(size));
  ended_ = size == 0;
  if (auto ready = take()) {
    const auto waiting = std::move(*waiting_);
    stop_waiting();
    interloop::resolve(waiting, std::move(*ready));
  }
}

void line_reader::stop_waiting() {
  watch_.stop();
  waiting_.reset();
}

interloop::future<std::size_t> count_lines(interloop::api async, int fd) {
  line_reader lines(async, fd);
  std::size_t count = 0;
  while (co_await lines.next()) ++count;
  co_return count;
}

}  // namespace starter
