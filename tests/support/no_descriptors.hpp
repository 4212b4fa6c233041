// SPDX-License-Identifier: MIT
// While it exists, this process cannot open descriptors, except for a requested few.
#pragma once

#include <interloop/error.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>

namespace interloop::test {

class no_descriptors {
 public:
  explicit no_descriptors(unsigned but = 0) {
    see_types();
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
  // UBSan opens a pipe to examine an object whose type it has not seen yet; if it cannot, it takes the object for
  // invalid. A test in which objects of other types are used looks at one of each first.
  static void see_types() {
    const auto see = [](const auto& thrown) {
      try {
        throw thrown;
      } catch (const error& seen) {
        static_cast<void>(error(seen).what() == seen.what());
      } catch (const std::system_error& seen) {
        static_cast<void>(std::system_error(seen).code());
      }
    };
    see(usage_error("seen"));
    see(std::system_error(std::make_error_code(std::errc::io_error)));
  }

  ::rlimit before_{};
};

}  // namespace interloop::test
