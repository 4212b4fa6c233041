// SPDX-License-Identifier: MIT
// A loop in a thread of its own.
#pragma once

#include <interloop/function.hpp>
#include <interloop/loop.hpp>

#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

namespace interloop {

namespace detail {
struct process_loop;
}

/// Runs a loop in a thread from its construction to its destruction. Several may exist at once.
///
/// The thread does not take the process's signals: handlers run in the application's threads. In a forked child, which
/// does not have that thread, calls through it throw, and its destructor does nothing.
/// Thread safety: any thread. Destroying it in its own thread neither throws nor waits.
class loop_thread {
 public:
  /// Starts the thread, makes the loop in it with `make`, and returns when the loop is ready.
  /// \param make  called once, in the new thread; returns an owner of a loop that can be run:
  ///              `[] { return libuv_loop(); }`.
  /// Errors: what `make` throws.
  template <class Make>
    requires std::is_convertible_v<std::invoke_result_t<Make&>&, loop&>
  explicit loop_thread(Make make) {
    detail::require_quiet_destructors<Make>();
    start([make = std::move(make)](const function<void(loop&)>& run) mutable {
      auto owner = make();
      const_cast<function<void(loop&)>&>(run)(owner);
    });
  }
  loop_thread(const loop_thread&) = delete;
  loop_thread& operator=(const loop_thread&) = delete;

  /// Stops and joins.
  ~loop_thread();

  /// Stops and closes the loop soon, in its thread: threads that wait for it get `reactor_stopped`. Idempotent.
  void stop() noexcept;

  /// For posting to the loop, and for `run_in_reactor` and `wait_for`.
  [[nodiscard]] const loop_remote& remote() const noexcept { return *remote_; }

 private:
  friend struct detail::process_loop;
  void start(function<void(const function<void(loop&)>&)> body);
  void stop_and_join() noexcept;

  std::unique_ptr<loop_remote> remote_;
  void (*post_stop_)(const loop_remote&) = nullptr;  // of the copy of the library that runs the thread
  std::unique_ptr<std::thread> thread_;
};

}  // namespace interloop
