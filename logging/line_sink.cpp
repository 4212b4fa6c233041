// SPDX-License-Identifier: MIT
#include <interloop/logging/line_sink.hpp>

#include "logging/output.hpp"

#include <ctime>
#include <mutex>
#include <string>

namespace interloop {

struct line_sink::inside {
  detail::log_output output;
  std::mutex mutex{};
  std::string line{};         // the time, then a message; reused, so that a line allocates nothing
  std::size_t time_size = 0;  // of the time and its space, unchanged within the same second
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
};

line_sink::line_sink(std::FILE* out) : inside_(new inside{detail::log_output(out)}) {}
line_sink::line_sink(std::ostream& out) : inside_(new inside{detail::log_output(out)}) {}
line_sink::line_sink(int descriptor) : inside_(new inside{detail::log_output(descriptor)}) {}
line_sink::~line_sink() = default;

void line_sink::write(const log_event& event) {
  const std::string_view text = event.text();  // before the lock: a user's formatter may log
  const std::time_t now = std::chrono::system_clock::to_time_t(event.time);
  const std::lock_guard lock(inside_->mutex);
  inside_->put_time(now);
  inside_->line.append(text).push_back('\n');
  inside_->output.put(inside_->line, event.level <= log_level::error);
}

void line_sink::flush() { inside_->output.flush(inside_->mutex); }

}  // namespace interloop
