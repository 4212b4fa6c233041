// SPDX-License-Identifier: MIT
// Where a result crosses from a loop's thread to the threads that wait for it.
//
// Overview. A slot is written once, by the loop's thread (or by whoever destroys what would have written it), and read by
// any number of threads. Waiting is a short spin that adapts to what it has seen, then a futex: a sleeping caller costs
// two thread wake-ups per call, a spinning one only the loop's.
//
// Concurrency. `outcome_` goes from pending to one of the others, once, with release order; whoever reads it with acquire
// order may read the result. A waiter announces itself in `sleepers_` before it looks at `outcome_` a last time, and the
// writer writes `outcome_` before it looks at `sleepers_`, both sequentially consistent: one of them sees the other.
// `epoch_` is what sleepers sleep on; it changes whenever they should look again.
//
// A futex wait is interrupted by signals, which is what `interrupt_wait` builds on.
#pragma once

#include <interloop/error.hpp>
#include <interloop/failure.hpp>
#include <interloop/future.hpp>
#include <interloop/loop.hpp>
#include <interloop/time.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace interloop::detail {

enum class outcome : std::uint8_t { pending, value, failed, stopped };

/// What a slot has that does not depend on the value's type. Counted atomically.
class slot_base {
 public:
  explicit slot_base(loop_remote where) noexcept : remote_(std::move(where)) {}
  slot_base(const slot_base&) = delete;
  slot_base& operator=(const slot_base&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  [[nodiscard]] outcome state() const noexcept { return outcome_.load(std::memory_order_acquire); }
  [[nodiscard]] const loop_remote& remote() const noexcept { return remote_; }

  /// Blocks until there is an outcome. Returns false at the deadline or when `stop` is requested.
  /// Errors: `usage_error` in the loop's thread, `interrupted_error`, `error` in a forked child.
  bool wait_until(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop);

  /// What to do about waiting here, before anything is started: throws as `wait_until`.
  static void require_waitable(const loop_remote& where);

  /// Asks the loop to cancel the operation. Any thread; does nothing if the loop is gone or the outcome is known.
  void request_cancel();

  void mark_retrieved() noexcept { retrieved_.store(true, std::memory_order_relaxed); }

 protected:
  virtual ~slot_base() = default;

  /// In the loop's thread: cancels what is going on.
  virtual void cancel_in_loop() = 0;

  /// Writes the outcome, if it is still pending, and wakes who sleeps. The result must be in place.
  void publish(outcome final) noexcept;

  [[nodiscard]] bool retrieved() const noexcept { return retrieved_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool cancel_requested() const noexcept { return cancel_requested_.load(std::memory_order_relaxed); }

  /// A failure that nobody retrieved goes to the loop's exception handler, or to stderr if the loop is gone.
  static void report(const loop_remote& where, failure fail) noexcept;

 private:
  void wake_sleepers() noexcept;

  std::atomic<unsigned> references_{1};
  std::atomic<outcome> outcome_{outcome::pending};
  std::atomic<bool> retrieved_{false};
  std::atomic<bool> cancel_requested_{false};
  std::atomic<std::uint32_t> epoch_{0};
  std::atomic<std::uint32_t> sleepers_{0};
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

  /// Takes over the outcome of a future, now or when it is there.
  void follow(future<T> source) {
    future_state<T>& state = future_access::state(source);
    if (!state.is_pending()) {
      copy_from(state);
      return;
    }
    state.template add<filler>(state_ptr<slot>(this));
    running_ = std::move(source);
  }

 protected:
  void cancel_in_loop() override {
    if (running_) {
      const future<T> keep = running_;
      cancel(keep);
    }
  }

  /// What was kept for the operation goes, in the loop's thread.
  virtual void operation_over() noexcept {}

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
        target->abandon();
      }
    }
  };

  void copy_from(future_state<T>& state) noexcept {
    if (state.status() == status::failed) {
      state.mark_observed();
      fail(state.get_failure());
      return;
    }
    try {
      if constexpr (std::is_copy_constructible_v<stored<T>>) {
        succeed(state.require_value());
      } else {
        succeed(state.take_value());
      }
    } catch (...) {
      fail(failure::of(std::current_exception(), std::source_location::current()));
    }
  }

  void settle(outcome final) noexcept {
    running_ = {};
    operation_over();
    publish(final);
  }

  std::optional<stored<T>> value_;
  std::optional<failure> failure_;
  future<T> running_;  // the loop's thread only; empty once the outcome is known
};

}  // namespace interloop::detail
