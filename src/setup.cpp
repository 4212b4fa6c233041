// SPDX-License-Identifier: MIT
#include <interloop/setup.hpp>

#include <atomic>
#include <mutex>
#include <optional>

namespace interloop {
namespace {

// Destroyed when the process exits normally, which stops and joins the thread.
struct process_loop {
  std::mutex mutex;
  std::unique_ptr<loop_thread> thread;     // of setup()
  std::optional<loop_remote> application;  // of no_setup()
  const loop* applications = nullptr;
  // What is selected, once; read without the lock.
  std::atomic<const loop_remote*> selected{nullptr};
};

process_loop& process() {
  static process_loop state;
  return state;
}

}  // namespace

namespace detail {

void setup_with(function<std::unique_ptr<loop_thread>()> start) {
  process_loop& state = process();
  std::lock_guard lock(state.mutex);
  if (state.selected.load(std::memory_order_relaxed)) return;
  state.thread = start();
  state.selected.store(&state.thread->remote(), std::memory_order_release);
}

const loop_remote& reactor() {
  const loop_remote* chosen = process().selected.load(std::memory_order_acquire);
  if (!chosen)
    throw usage_error(
        "no loop to run in: call setup<…_loop>() once, or no_setup(loop) if the application runs its own");
  return *chosen;
}

}  // namespace detail

void no_setup(loop& own) {
  process_loop& state = process();
  std::lock_guard lock(state.mutex);
  if (state.thread)
    throw usage_error("no_setup: setup() was called before and runs a loop of its own; call no_setup() first");
  if (state.application && state.applications != &own)
    throw usage_error("no_setup: it was called before with another loop; a process has one");
  if (state.application) return;
  state.application = own.remote();
  state.applications = &own;
  state.selected.store(&*state.application, std::memory_order_release);
}

}  // namespace interloop
