// SPDX-License-Identifier: MIT
// The program that exit_test starts: logs before, while and after the process ends.
#include <interloop/logger.hpp>
#include <interloop/logging/async_sink.hpp>
#include <interloop/logging/line_sink.hpp>
#include <interloop/logging/start.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace {

using namespace interloop::literals;

// Made before all objects of the logging library, so destroyed after those of them that are destroyed.
struct early {
  ~early() { interloop::make_logger("late").warn("from a destructor after {name}", "name"_a = "main"); }
} made_first;

class stuck_sink : public interloop::log_sink {
 public:
  void write(const interloop::log_event&) override {
    std::unique_lock lock(mutex_);
    never_.wait(lock, [] { return false; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable never_;
};

// Renders each event and does nothing else.
class idle_sink : public interloop::log_sink {
 public:
  void write(const interloop::log_event& event) override { size_ = event.text().size(); }

 private:
  std::atomic<std::size_t> size_{0};
};

}  // namespace

int main(int count, char** arguments) {
  const std::string_view how = count > 1 ? arguments[1] : "";
  const auto log = interloop::make_logger("main");
  if (how == "threads") {
    interloop::set_global_log_level("debug");
    interloop::add_log_sink(std::make_shared<interloop::line_sink>(1), "info");
    interloop::add_log_sink(std::make_shared<idle_sink>());
  } else if (how == "full") {
    interloop::start_logging(stdout);
  } else {
    interloop::start_logging(1);
  }
  if (how == "async" || how == "stuck") {
    std::shared_ptr<interloop::log_sink> to = std::make_shared<interloop::line_sink>(1);
    if (how == "stuck") to = std::make_shared<stuck_sink>();
    interloop::add_log_sink(std::make_shared<interloop::async_sink>(to));
  }
  for (int i = 0; i < 3; ++i) log.info("{i}", "i"_a = i);
  if (how == "threads")
    for (int t = 0; t < 4; ++t)
      std::thread([] {
        const auto mine = interloop::make_logger("thread");
        for (;;) mine.debug("not for the output: {x}", "x"_a = 1);
      }).detach();
  if (how == "full") {
    // The messages are in stdio's buffer, and empty lines fill the pipe.
    ::fcntl(1, F_SETFL, O_NONBLOCK);
    const std::string lines(1 << 20, '\n');
    static_cast<void>(::write(1, lines.data(), lines.size()) < 0);
  }
  if (how == "exit") std::exit(0);
}
