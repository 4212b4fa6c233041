// SPDX-License-Identifier: MIT
// Lines from a pipe, a socket or a terminal. Names no loop, so it runs on each that its user may have.
#pragma once

#include <interloop/interloop.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace starter {

/// Reads a descriptor by lines.
///
/// Thread safety: the loop's thread only. Destroying it makes a pending `next` fail.
class line_reader {
 public:
  using line = std::optional<std::string>;

  /// \param fd  open and non-blocking; not owned, and to be closed after this is destroyed.
  line_reader(interloop::api async, int fd);
  line_reader(const line_reader&) = delete;
  line_reader& operator=(const line_reader&) = delete;
  ~line_reader();

  /// The next line, without its end; none when the other end was closed. Cancelling it loses no line.
  /// Errors: `std::logic_error` if an earlier `next` is pending; `std::system_error` if reading fails, in the future.
  interloop::future<line> next();

 private:
  std::optional<line> take();
  void read();
  void stop_waiting();

  interloop::api async_;
  int fd_;
  std::string received_;
  bool ended_ = false;
  interloop::fd_watch watch_;
  std::optional<interloop::future<line>> waiting_;
};

/// How many lines arrive at the descriptor until its other end is closed. Errors: as `line_reader::next`.
interloop::future<std::size_t> count_lines(interloop::api async, int fd);

}  // namespace starter
