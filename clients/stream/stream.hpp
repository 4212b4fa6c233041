// SPDX-License-Identifier: MIT
// A socket that does not block, with TLS on it or not.
#pragma once

#include "address.hpp"
#include "tls.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace interloop::streams {

/// Thread safety: one thread. Nothing raises SIGPIPE.
class stream {
 public:
  enum class result : unsigned char {
    done,
    wants_read,   // again when the socket can be read
    wants_write,  // again when it can be written
    closed,       // by the server
    failed,       // see `problem`
  };

  stream() noexcept = default;
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  ~stream() { close(); }

  /// Makes a socket and begins to connect it: `finish_connecting` when it can be written. False: see `problem`.
  [[nodiscard]] bool open(const native_address& to);
  [[nodiscard]] bool finish_connecting();

  /// From now on with TLS, after `shake_hands` is done. Errors: as `tls_session`.
  void secure(const tls_settings& settings, const std::string& server) { tls_.emplace(settings, fd_, server); }
  [[nodiscard]] result shake_hands();

  /// At least one byte, if done.
  [[nodiscard]] result read(char* into, std::size_t most, std::size_t& got);
  [[nodiscard]] result write(const char* from, std::size_t size, std::size_t& taken);
  /// Of TCP: tells the peer now that what was read has come.
  void acknowledge() noexcept;
  /// Nothing more is written: the peer sees the end of the stream, and may still write.
  void finish() noexcept;
  /// Whether there is more to read although the socket may be quiet.
  [[nodiscard]] bool holds_data() const noexcept { return tls_ && tls_->holds_data(); }

  [[nodiscard]] int descriptor() const noexcept { return fd_; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// Whether TLS failed because one side does not accept the other, so that trying again will not help.
  [[nodiscard]] bool refused() const noexcept { return tls_ && tls_->refused(); }
  /// A watch of the descriptor must have ended.
  void close() noexcept;

 private:
  result from(tls_session::result how);

  int fd_ = -1;
  std::optional<tls_session> tls_;
  std::string problem_;
};

}  // namespace interloop::streams
