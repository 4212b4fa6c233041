// SPDX-License-Identifier: MIT
//
// Life cycle. The state of the process's loop is never destroyed: other threads may still call in while the process
// exits, and get `reactor_stopped`. A guard with static storage stops and joins the thread at exit. In a forked child,
// which does not have the thread, a new state is used; the old one's lock may be held by a thread that only the parent
// has.
#include <interloop/setup.hpp>

#include <interloop/detail/eventual_slot.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/fork_count.hpp>

#include <atomic>
#include <mutex>
#include <optional>

namespace interloop {

namespace detail {

struct process_loop {
  const unsigned forks = fork_count();
  std::mutex mutex;
  std::unique_ptr<loop_thread> thread;     // of setup()
  std::optional<loop_remote> application;  // of no_setup()
  // The selected loop; set once, read without the lock.
  std::atomic<const loop_remote*> selected{nullptr};

  static process_loop& get();
  static void stop_at_exit() noexcept;
};

namespace {

constinit std::atomic<process_loop*> current_process{nullptr};
constinit thread_local bool in_setup = false;  // this thread is making the new loop

}  // namespace

process_loop& process_loop::get() {
  process_loop* known = current_process.load(std::memory_order_acquire);
  while (!known || known->forks != fork_count()) {
    auto fresh = std::make_unique<process_loop>();
    if (current_process.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  }
  return *known;
}

void process_loop::stop_at_exit() noexcept {
  process_loop* known = current_process.load(std::memory_order_acquire);
  if (!known || known->forks != fork_count()) return;
  const std::unique_lock lock(known->mutex, std::try_to_lock);  // if it is held, a setup() will never finish
  if (lock && known->thread) known->thread->stop_and_join();
}

setup_scope::setup_scope() noexcept { in_setup = true; }
setup_scope::~setup_scope() { in_setup = false; }

void setup_with(function<std::unique_ptr<loop_thread>()> start) {
  process_loop& state = process_loop::get();
  if (state.selected.load(std::memory_order_acquire) || in_setup) return;
  std::lock_guard lock(state.mutex);
  if (state.selected.load(std::memory_order_relaxed)) return;
  state.thread = start();
  state.selected.store(&state.thread->remote(), std::memory_order_release);
  static const struct at_exit {
    ~at_exit() { process_loop::stop_at_exit(); }
  } guard;
}

const loop_remote& reactor() {
  process_loop& state = process_loop::get();
  const loop_remote* chosen = state.selected.load(std::memory_order_acquire);
  if (!chosen) {
    if (state.forks != 0) throw_inherited();
    throw usage_error(
        "no loop was set up: call setup<…_loop>() once, or no_setup(loop) if the application runs its own loop");
  }
  return *chosen;
}

}  // namespace detail

void no_setup(loop& own) {
  if (detail::in_setup)
    throw usage_error("no_setup: called while setup() is making its loop; call no_setup() before setup()");
  detail::loop_access::require_same_copy(own);
  detail::process_loop& state = detail::process_loop::get();
  std::lock_guard lock(state.mutex);
  if (state.thread)
    throw usage_error("no_setup: setup() was called before and runs its own loop; call no_setup() before setup()");
  // Not compared by the loop's address: a new loop may have the address of one that is gone.
  if (state.application && *state.application != own.remote())
    throw usage_error("no_setup: it was called with another loop before; a process can have only one");
  if (state.application) return;
  state.application = own.remote();
  state.selected.store(&*state.application, std::memory_order_release);
}

}  // namespace interloop
