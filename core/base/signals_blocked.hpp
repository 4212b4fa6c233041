// SPDX-License-Identifier: MIT
// For code that starts threads.
#pragma once

#include <pthread.h>

#include <csignal>

namespace interloop::detail {

/// While it exists, this thread and those that it starts take no signals, except those that a thread causes itself.
/// Every thread that interloop starts is started under one: signals are for the application's threads.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t most;
    sigfillset(&most);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&most, own);
    pthread_sigmask(SIG_BLOCK, &most, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace interloop::detail
