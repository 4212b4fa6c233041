// SPDX-License-Identifier: MIT
// While it exists, no descriptor can be opened in this process, except for the few that are asked for.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace interloop::test {

class no_descriptors {
 public:
  explicit no_descriptors(unsigned but = 0) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::fcntl(0, F_DUPFD_CLOEXEC, 0);  // all below it are taken
    ::close(lowest);
    ::rlimit none = before_;
    none.rlim_cur = static_cast<::rlim_t>(lowest) + but;
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;
  ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  ::rlimit before_{};
};

}  // namespace interloop::test
