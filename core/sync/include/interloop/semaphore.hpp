// SPDX-License-Identifier: MIT
// A number of units that coroutines take and return: how many may do something at once.
//
// For coroutines and callbacks of one loop. Nothing here blocks a thread, or is meant for several threads.
#pragma once

#include <interloop/detail/permits.hpp>
#include <interloop/error.hpp>
#include <interloop/future.hpp>
#include <interloop/loop.hpp>

#include <cstddef>
#include <source_location>
#include <utility>

namespace interloop {

namespace detail {
class acquirer;
class condition_waiter;
}  // namespace detail

/// Units taken from a semaphore, or a mutex that is locked: they are returned when this is destroyed. Move-only.
///
/// It may outlive the semaphore and the loop; returning units then has no effect.
/// Thread safety: the loop's thread only, moves and destruction included.
class [[nodiscard]] permit {
 public:
  /// Without units.
  permit() noexcept = default;
  permit(permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)), units_(other.units_) {}
  permit& operator=(permit&& other) noexcept {
    permit old(std::move(other));
    std::swap(from_, old.from_);
    std::swap(units_, old.units_);
    return *this;
  }
  ~permit() { release(); }

  /// Whether it holds units.
  explicit operator bool() const noexcept { return from_ != nullptr; }

  /// Returns the units now. The first in line gets them at once, and runs in a later turn. Idempotent.
  void release() noexcept {
    if (from_) std::exchange(from_, nullptr)->give_back(units_);
  }

  /// Gives the units up without returning them: `semaphore::release` may return them later, elsewhere.
  void detach() noexcept {
    if (from_) std::exchange(from_, nullptr)->remove(units_);
  }

 private:
  friend class mutex;
  friend class semaphore;
  friend class condition;
  friend class detail::acquirer;
  friend class detail::condition_waiter;
  /// Takes the units over.
  permit(detail::permits& from, std::size_t units) noexcept : from_(&from), units_(units) {}

  detail::permits* from_ = nullptr;
  std::size_t units_ = 0;
};

namespace detail {

/// The awaiter of `acquire` and `lock`.
class acquirer final : public permit_waiter {
 public:
  static constexpr const char* name = "semaphore::acquire";  // a mutex is one of one unit

  acquirer(permits& from, std::size_t units, promise_core& who, std::source_location where) noexcept
      : permit_waiter(waiter_operations<acquirer>::table, from, units, who, where) {}

  /// Units that are free are only noted as taken by `await_resume`, which follows at once: the waiter stays idle.
  [[nodiscard]] bool await_ready() noexcept {
    if (requested()) [[unlikely]] {
      stage_ = stage::cancelled;
      return true;
    }
    return from_.try_take(units_);
  }
  void await_suspend(std::coroutine_handle<>) { wait_in(from_.line()); }
  permit await_resume() {
    if (stage_ != stage::idle) [[unlikely]]
      has_waited();
    return {from_, units_};
  }

  /// What it was given, but has not seen, goes to the next in line.
  void cancel_wait(const failure& cancelled) noexcept {
    keep_request(cancelled);
    const stage was = at();
    give_up();
    if (was == stage::waiting) {
      wake(stage::cancelled);
    } else {
      change(stage::cancelled);
    }
  }
};

}  // namespace detail

/// What `acquire` and `lock` return. Nothing happens until it is awaited or becomes a future; use it at once, because it
/// refers to the semaphore.
class [[nodiscard]] acquiring {
 public:
  /// For callbacks, `gather` and the like: a future of the permit. One allocation. Cancelling it gives up the place in
  /// line. If the future is dropped with the permit in it, the units are returned.
  [[nodiscard]] future<permit> as_future() const { return detail::future_of<permit>(from_->core(), *this); }
  operator future<permit>() const { return as_future(); }

  [[nodiscard]] detail::acquirer await_in(detail::promise_core& who, std::source_location where) const noexcept {
    return {*from_, units_, who, where};
  }

 private:
  friend class mutex;
  friend class semaphore;
  acquiring(detail::permits& from, std::size_t units) noexcept : from_(&from), units_(units) {}

  detail::permits* from_;
  std::size_t units_;
};

/// A number of units, which coroutines take and return. First come first served: while somebody waits, nobody else gets
/// units, not even if there are enough for them.
///
/// If it is destroyed while coroutines wait, they get `broken_promise`, in a later turn; permits stay valid. If its loop
/// closes, coroutines that wait end with `loop_closed`, as those that wait for a future do. It may outlive the loop.
/// One allocation when it is made; none when it is used by coroutines.
/// Thread safety: the loop's thread only.
/// Source: `asyncio.Semaphore`, `tokio::sync::Semaphore`.
class semaphore {
 public:
  /// Errors: `std::bad_alloc`.
  /// \param units  how many there are.
  semaphore(loop& core, std::size_t units) : state_(new detail::permits(core, units)) {}
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;
  ~semaphore() { state_->abandon(); }

  /// `permit held = co_await s.acquire()`: waits for the units and takes them. Does not suspend if nobody waits and
  /// there are enough.
  ///
  /// A coroutine that is cancelled while it waits gives up its place; if it was given the units in the same turn, they
  /// go to the next in line.
  /// \param units  all of them at once, at least one. More than the semaphore has means waiting until `release` adds some.
  /// Errors: `usage_error` if it is none; `cancelled_error`, `broken_promise`, `loop_closed`.
  acquiring acquire(std::size_t units = 1) {
    detail::loop_access::check_thread(state_->core(), "semaphore::acquire");
    require_some(units);
    return {*state_, units};
  }

  /// Takes the units if nobody waits and there are enough; otherwise the permit is empty. Errors: `usage_error`.
  permit try_acquire(std::size_t units = 1) {
    detail::loop_access::check_thread(state_->core(), "semaphore::try_acquire");
    require_some(units);
    if (!state_->try_take(units)) return {};
    return {*state_, units};
  }

  /// Adds units: those of a permit that was detached, or new ones. The first in line get them at once, and run in a
  /// later turn.
  void release(std::size_t units = 1) {
    detail::loop_access::check_thread(state_->core(), "semaphore::release");
    state_->add(units);
  }

  /// How many units are free.
  [[nodiscard]] std::size_t available() const noexcept { return state_->free(); }
  /// How many wait. Takes time in proportion.
  [[nodiscard]] std::size_t waiting() const noexcept { return state_->line().size(); }

 private:
  static void require_some(std::size_t units) {
    if (units == 0) [[unlikely]]
      detail::throw_usage("semaphore: a permit of no units says nothing; acquire at least one");
  }

  detail::permits* state_;
};

}  // namespace interloop
