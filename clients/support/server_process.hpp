// SPDX-License-Identifier: MIT
// A program that a test starts, with a folder of its own.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test_servers {

/// A temporary folder, deleted with this object.
class temporary_folder {
 public:
  temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

/// Where a program is; empty if it is not installed. Servers may be where only root's PATH leads.
[[nodiscard]] std::string program(const std::string& name);

/// How to start a program.
struct how_to_start {
  std::string log = "/dev/null";  // what it prints is appended there
  std::string user;               // whom it runs as; empty: as this process
  int end_signal = SIGKILL;       // what ends it when this process ends
};

/// A running program without input. It ends with this object, and with the test program in any case.
class server_process {
 public:
  server_process() noexcept = default;
  /// \param words  the program's path, and its arguments.
  explicit server_process(std::vector<std::string> words, const how_to_start& how = {});
  server_process(server_process&& other) noexcept
      : process_(std::exchange(other.process_, -1)), end_signal_(other.end_signal_) {}
  server_process& operator=(server_process&& other) noexcept {
    end();
    process_ = std::exchange(other.process_, -1);
    end_signal_ = other.end_signal_;
    return *this;
  }
  ~server_process() { end(); }

  /// Returns when `answers()`. Throws `std::runtime_error` if the program ends, or does not answer in that many seconds.
  void wait_until(const std::function<bool()>& answers, int seconds);
  /// Whether it ended with success. Waits for its end.
  [[nodiscard]] bool succeeds();
  /// Ends it immediately, like a crash, unless `end_signal` says otherwise.
  void end();
  /// Ends it and the processes that it has started, like a crash of the machine.
  void crash();
  [[nodiscard]] pid_t id() const noexcept { return process_; }

 private:
  [[nodiscard]] bool ended();

  pid_t process_ = -1;
  int end_signal_ = SIGKILL;
};

/// Whether a program succeeds.
[[nodiscard]] inline bool succeeds(std::vector<std::string> words, const how_to_start& how = {}) {
  return server_process(std::move(words), how).succeeds();
}

}  // namespace test_servers
