// SPDX-License-Identifier: MIT
// Watching a file descriptor.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <memory>
#include <string_view>

// [lines]
/// Prints what arrives at a descriptor until its other end is closed.
class printer {
 public:
  explicit printer(int fd) : fd_(fd) {
    watch_ = interloop::watch(fd, interloop::interest::read, [this](interloop::interest) { read(); });
  }

 private:
  void read() {
    char text[64];
    const ssize_t got = ::read(fd_, text, sizeof text);
    if (got > 0) {
      std::printf("got '%.*s'\n", static_cast<int>(got), text);
    } else if (got == 0) {
      std::puts("the other end was closed");
      watch_.stop();  // before the descriptor is closed; inside the callback is fine
      ::close(fd_);
    }  // else EAGAIN: a watch may report data that is not there
  }

  int fd_;
  interloop::fd_watch watch_;
};
// [/lines]

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return 1;

  printer lines(ends[0]);
  for (const std::string_view text : {"one", "two"}) {
    if (::write(ends[1], text.data(), text.size()) < 0) return 1;
    loop.run_ready();
  }
  ::close(ends[1]);
  loop.run_ready();
}
