// SPDX-License-Identifier: MIT
// The example of signals in docs/blocking.md: Ctrl-C ends a wait.
#include <interloop/adapters/libuv.hpp>
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include <sys/time.h>

#include <csignal>
#include <cstdio>

using namespace std::chrono_literals;

int main() {
  // [signal]
  std::signal(SIGINT, [](int) { interloop::interrupt_wait(); });
  // [/signal]
  interloop::setup<interloop::libuv_loop>();
  const auto slow = interloop::run_in_reactor([] { return interloop::sleep(1h); })();
  std::signal(SIGALRM, [](int) { std::raise(SIGINT); });  // like a user, a moment later
  itimerval moment{{0, 10'000}, {0, 10'000}};
  setitimer(ITIMER_REAL, &moment, nullptr);
  // [wait]
  try {
    slow.wait();
  } catch (const interloop::interrupted_error&) {
    std::printf("interrupted; the operation continues\n");
  }
  // [/wait]
  moment = {};
  setitimer(ITIMER_REAL, &moment, nullptr);
}
