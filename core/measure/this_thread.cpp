// SPDX-License-Identifier: MIT
#include "this_thread.hpp"

#include <interloop/fork_count.hpp>

#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>

namespace interloop::measure {

namespace {

struct known {
  int number = 0;
  unsigned forks = 0;
};
constinit thread_local known mine;

}  // namespace

int this_thread() noexcept {
  const unsigned forks = fork_count();
  if (mine.number == 0 || mine.forks != forks) {
#if defined(__linux__)
    mine = {static_cast<int>(::syscall(SYS_gettid)), forks};
#else
    mine = {static_cast<int>(::getpid()), forks};
#endif
  }
  return mine.number;
}

}  // namespace interloop::measure
