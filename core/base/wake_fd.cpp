// SPDX-License-Identifier: MIT
#include <interloop/wake_fd.hpp>

#include <interloop/error.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace interloop {

wake_fd::wake_fd(std::string_view loop) : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0)
    throw usage_error(std::string(loop) + ": no descriptor is left for wake-ups (" + std::strerror(errno) +
                      "); close some, or raise the limit (ulimit -n)");
}

wake_fd::~wake_fd() { ::close(fd_); }

void wake_fd::signal() noexcept {
  if (signalled_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);  // cannot fail: the counter stays small
}

void wake_fd::take() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
  // By an exchange: see `loop_port::wake`. After the read, which would otherwise take the next signal's wake-up too.
  signalled_.exchange(false, std::memory_order_acq_rel);
}

void wake_fd::renew() noexcept {
  const int fresh = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fresh < 0) return;
  ::dup3(fresh, fd_, O_CLOEXEC);
  ::close(fresh);
  signalled_.store(true, std::memory_order_relaxed);
}

}  // namespace interloop
