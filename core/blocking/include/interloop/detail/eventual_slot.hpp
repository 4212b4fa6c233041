// SPDX-License-Identifier: MIT
// Where a result crosses from a loop's thread to the threads that wait for it.
//
// Overview. A slot is written once, by the loop's thread (or by the thread that destroys the callable which would have
// written it), and read by any number of threads. Waiting is a short spin, of a length that adapts to previous waits,
// then a futex: a sleeping caller costs two thread wake-ups per call, a spinning one only the loop's.
//
// Concurrency. The result is written before the gate opens and never after; gate.hpp has the protocol. Members that
// belong to the loop alone say so. Signals interrupt a futex wait, which is what `interrupt_wait` builds on.
#pragma once

#include <interloop/detail/gate.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/wait_path.hpp>
#include <interloop/error.hpp>
#include <interloop/failure.hpp>
#include <interloop/future.hpp>
#include <interloop/loop.hpp>
#include <interloop/time.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#if !defined(__cpp_lib_jthread)
#error \
    "interloop/blocking.hpp needs std::stop_token, which libc++ has from version 20 on; before, with -fexperimental-library"
#endif

namespace interloop::detail {

/// The platform of a gate: real threads, and the kernel's futex.
struct futex_platform {
  template <class T>
  using atomic = std::atomic<T>;
  static constexpr bool nothrow = true;
  static void wake(std::atomic<std::uint32_t>& word) noexcept;
};

/// A forked child has no loop thread: throws an `error` that says what to do.
[[noreturn]] void throw_inherited();

/// The part of a slot that does not depend on the value's type. Counted atomically.
class slot_base {
 public:
  explicit slot_base(loop_remote where) noexcept : remote_(std::move(where)) {}
  slot_base(const slot_base&) = delete;
  slot_base& operator=(const slot_base&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  [[nodiscard]] outcome state() const noexcept { return gate_.state(); }
  [[nodiscard]] const loop_remote& remote() const noexcept { return remote_; }

  /// Throws if waiting is impossible here: `usage_error` in the loop's thread, `error` in a forked child.
  static void require_waitable(const loop_remote& where);

  /// Blocks until there is an outcome. Requires what `require_waitable` checks.
  wait_end wait_until(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop);

  /// Ends the wait of this thread, if it is in one. Async-signal-safe.
  static void interrupt_this_thread() noexcept;

  /// After a wait of `allowed` was too short: asks the loop what the operation waits for, and waits for the answer, at
  /// most a tenth of that and at most 50 ms. Returns it as the end of a sentence; empty if there was little time or
  /// memory. The outcome may be known then. Any thread but the loop's.
  [[nodiscard]] std::string ask_why(duration allowed) noexcept;

  /// Asks the loop to cancel the operation. Any thread; does nothing if the loop is gone or the outcome is known.
  void request_cancel();

  void mark_retrieved() noexcept { retrieved_.store(true, std::memory_order_relaxed); }

 protected:
  virtual ~slot_base() = default;

  /// In the loop's thread: cancels what is going on.
  virtual void cancel_in_loop() = 0;

  /// In the loop's thread: what the operation waits for, or empty if there is none yet.
  [[nodiscard]] virtual std::string waits_for() = 0;

  /// Makes the outcome known, once, and wakes the sleepers. The result must be in place.
  void publish(outcome final) noexcept { gate_.open(final); }

  [[nodiscard]] bool retrieved() const noexcept { return retrieved_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool cancel_requested() const noexcept { return cancel_requested_.load(std::memory_order_relaxed); }

  /// A failure that nobody retrieved goes to the loop's exception handler, or to stderr if the loop is gone. Not in a
  /// forked child: its parent reports it.
  static void report(const loop_remote& where, failure fail) noexcept;

 private:
  gate<futex_platform> gate_;
  std::atomic<unsigned> references_{1};
  std::atomic<bool> retrieved_{false};
  std::atomic<bool> cancel_requested_{false};
  loop_remote remote_;
};

template <class T>
class slot : public slot_base {
 public:
  using slot_base::slot_base;

  ~slot() override {
    if (state() == outcome::failed && !retrieved() && !(cancel_requested() && failure_->template is<cancelled_error>()))
      report(remote(), *failure_);
  }

  /// The value; requires that it is there.
  [[nodiscard]] stored<T>& value() noexcept { return *value_; }
  [[nodiscard]] const failure& get_failure() const noexcept { return *failure_; }

  // In the loop's thread:

  template <class... Value>
  void succeed(Value&&... value) {
    value_.emplace(std::forward<Value>(value)...);
    settle(outcome::value);
  }
  void fail(failure why) noexcept {
    failure_.emplace(std::move(why));
    settle(outcome::failed);
  }
  void abandon() noexcept { settle(outcome::stopped); }

  /// Takes over the outcome of a future, now or when it is completed.
  void follow(const future<T>& source) {
    future_state<T>& state = future_access::state(source);
    if (!state.is_pending()) {
      copy_from(state);
      return;
    }
    state.template add<filler>(state_ptr<slot>(this));
    running_ = awaited<T>(source);
    if (cancel_missed_) cancel_in_loop();
  }

 protected:
  void cancel_in_loop() override {
    if (running_) {
      const future<T> keep = running_.get();
      cancel(keep);
    } else {
      cancel_missed_ = true;  // it is over, or the function runs the loop nested and has not returned its future yet
    }
  }

  std::string waits_for() override {
    return running_ ? wait_path(running_.state().loop(), running_.state()) : std::string();
  }

  /// Releases what was kept for the operation, in the loop's thread.
  virtual void operation_over() noexcept {}
  /// The same while the loop closes: suspended coroutines that use it may not have been destroyed yet.
  virtual void operation_abandoned(loop&) noexcept { operation_over(); }

 private:
  struct filler final : continuation {
    state_ptr<slot> target;
    explicit filler(state_ptr<slot> into) noexcept : continuation{&code_of}, target(std::move(into)) {}

    static void code_of(continuation& base, future_core& core, visit how, std::size_t& size) {
      size = sizeof(filler);
      if (how == visit::cancel) return;
      auto& self = static_cast<filler&>(base);
      const state_ptr<slot> target = std::move(self.target);
      self.~filler();
      if (how == visit::run) {
        target->copy_from(static_cast<future_state<T>&>(core));
      } else {
        target->running_ = {};
        target->operation_abandoned(core.loop());
        target->publish(outcome::stopped);
      }
    }
  };

  void copy_from(future_state<T>& state) noexcept {
    if (state.status() == status::failed && state.loop().closed() &&
        state.get_failure().exception() == loop_access::closing_failure(state.loop()).exception()) {
      abandon();  // the function itself closed the loop
      return;
    }
    if (state.status() == status::failed) {
      state.mark_observed();
      fail(state.get_failure());
      return;
    }
    try {
      if constexpr (std::is_copy_constructible_v<stored<T>>) {
        succeed(state.require_value());
      } else {
        succeed(state.take_value(0));
      }
    } catch (...) {
      fail(failure::of(std::current_exception(), std::source_location{}));
    }
  }

  void settle(outcome final) noexcept {
    running_ = {};
    operation_over();
    publish(final);
  }

  std::optional<stored<T>> value_;
  std::optional<failure> failure_;
  awaited<T> running_;          // the loop's thread only; empty once the outcome is known
  bool cancel_missed_ = false;  // the loop's thread only
};

}  // namespace interloop::detail
