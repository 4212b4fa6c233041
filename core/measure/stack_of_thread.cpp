// SPDX-License-Identifier: MIT
#include "stack_of_thread.hpp"

#include <interloop/error.hpp>

#include "core/failure/stack/capture.hpp"

#include "this_thread.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>

namespace interloop::measure {

namespace {

enum class stage : int { idle, asked, writing, written };

// A thread that answers late, after nobody waits any more, finds that nothing is asked.
std::mutex asking;
std::atomic<stage> now{stage::idle};
std::atomic<int> asked_of{0};
std::array<std::uintptr_t, stack::most_addresses> room;
std::size_t count = 0;

void answer(int) {
  const int before = errno;
  stage expected = stage::asked;
  if (asked_of.load(std::memory_order_relaxed) == this_thread() &&
      now.compare_exchange_strong(expected, stage::writing, std::memory_order_acquire)) {
    count = stack::capture_slowly(__builtin_frame_address(0), room);
    now.store(stage::written, std::memory_order_release);
  }
  errno = before;
}

}  // namespace

void prepare_stacks(int signal) {
  struct sigaction before{};
  const auto refuse = [&](const char* why) {
    throw usage_error("watchdog: signal " + std::to_string(signal) + " " + why +
                      "; pass another as stack_signal, or 0 for no stacks");
  };
  if (::sigaction(signal, nullptr, &before) != 0) refuse("does not exist");
  if ((before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == &answer) return;
  if ((before.sa_flags & SA_SIGINFO) != 0 || before.sa_handler != SIG_DFL)
    refuse("has a handler already, or is ignored");
  struct sigaction ours{};
  ours.sa_handler = &answer;
  ours.sa_flags = SA_RESTART;
  sigemptyset(&ours.sa_mask);
  if (::sigaction(signal, &ours, nullptr) != 0) refuse("cannot have a handler");
}

std::vector<std::uintptr_t> stack_of_thread(int thread, int signal) {
#if defined(__linux__)
  const std::lock_guard lock(asking);
  asked_of.store(thread, std::memory_order_relaxed);
  now.store(stage::asked, std::memory_order_release);
  if (::syscall(SYS_tgkill, ::getpid(), thread, signal) == 0) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    while (now.load(std::memory_order_acquire) != stage::written && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  stage expected = stage::asked;
  if (now.compare_exchange_strong(expected, stage::idle, std::memory_order_acquire)) return {};
  while (now.load(std::memory_order_acquire) != stage::written)
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  // The first is where the kernel has the handler return to. The second is not a return address, but where the thread
  // was interrupted.
  std::vector<std::uintptr_t> found(room.begin() + std::min<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(count)),
                                    room.begin() + static_cast<std::ptrdiff_t>(count));
  now.store(stage::idle, std::memory_order_relaxed);
  if (!found.empty()) ++found.front();
  return found;
#else
  static_cast<void>(thread);
  static_cast<void>(signal);
  return {};
#endif
}

}  // namespace interloop::measure
