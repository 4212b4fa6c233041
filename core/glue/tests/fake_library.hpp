// SPDX-License-Identifier: MIT
// What C client libraries do with their descriptors, as far as that makes work for their glue.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace interloop::test {

/// A connection: the library has `near`, the test has the other end.
class connection {
 public:
  connection() { open(); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() {
    close();
    ::close(far_);
  }

  [[nodiscard]] int near() const noexcept { return near_; }

  /// The library closes its descriptor and connects again, so that the new one has the same number.
  void reconnect() {
    const int number = near_;
    close();
    ::close(far_);
    open();
    if (near_ == number) return;
    if (::fcntl(near_, F_DUPFD_CLOEXEC, number) != number) throw std::runtime_error("the number is not free");
    ::close(near_);
    near_ = number;
  }
  void close() noexcept {
    if (near_ >= 0) ::close(near_);
    near_ = -1;
  }

  /// The server sends one byte.
  void serve(char byte) const {
    if (::send(far_, &byte, 1, MSG_NOSIGNAL) != 1) throw std::runtime_error("send failed");
  }
  /// The library reads one byte, if there is one.
  [[nodiscard]] std::optional<char> read() const noexcept {
    char byte = 0;
    return ::recv(near_, &byte, 1, MSG_DONTWAIT) == 1 ? std::optional(byte) : std::nullopt;
  }
  /// The library writes one byte, and the server gets it.
  [[nodiscard]] bool exchange() const noexcept {
    char byte = 'q';
    return ::send(near_, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 && ::recv(far_, &byte, 1, MSG_DONTWAIT) == 1;
  }

 private:
  void open() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
      throw std::runtime_error("no socket");
    near_ = ends[0];
    far_ = ends[1];
  }

  int near_ = -1;
  int far_ = -1;
};

}  // namespace interloop::test
