// SPDX-License-Identifier: MIT
// The protocol by which threads wait for something that happens once, and by which they are woken; nothing more.
//
// A gate is pending until one thread opens it, once, with an outcome. A thread that finds it open sees everything that
// was written before. A waiter announces itself in `sleepers_` before it looks at `outcome_` a last time, and the
// opener writes `outcome_` before it looks at `sleepers_`, both sequentially consistent: one of them sees the other.
// Sleepers sleep on `epoch_`: it changes whenever they should look again, and they read it before they look.
//
// `Platform` names the atomics and the futex, so that tests can run this very code step by step, in every order. In
// those tests nothing here is noexcept.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

namespace interloop::detail {

enum class outcome : std::uint8_t { pending, value, failed, stopped };

/// Why a wait is over.
enum class wait_end : std::uint8_t { opened, stopped, interrupted, late };

/// Where a signal handler leaves word for the wait that it interrupted. One per thread; used by that thread only.
template <class Platform>
struct interruption {
  using word = typename Platform::template atomic<std::uint32_t>;

  /// Called in a signal handler of this thread. Needs no wake-up: the signal itself ends the sleep, and a sleep that
  /// was about to begin ends at once because the epoch has changed.
  void request() noexcept(Platform::nothrow) {
    if (word* epoch = sleeping_on.load(std::memory_order_relaxed)) {
      requested.store(true, std::memory_order_relaxed);
      epoch->fetch_add(1, std::memory_order_release);
    }
  }

  typename Platform::template atomic<word*> sleeping_on{nullptr};
  typename Platform::template atomic<bool> requested{false};
};

template <class Platform>
class gate {
 public:
  [[nodiscard]] outcome state() const noexcept(Platform::nothrow) { return outcome_.load(std::memory_order_acquire); }

  /// Opens the gate and wakes the sleepers. Data that goes with the outcome must be in place. Called once.
  void open(outcome final) noexcept(Platform::nothrow) {
    outcome_.store(final, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) != 0) wake_all();
  }

  /// Blocks until the gate is open, or until `self` gives another reason to return.
  /// \param self  the waiter: `interrupted` is its thread's `interruption`; `spin(done)` may look for a while;
  ///              `on_stop(wake)` calls `wake` from another thread when a stop is requested, for as long as what it
  ///              returns exists; `stop_requested()`; `late()`; `sleep(epoch, seen)` sleeps while `epoch` is `seen`, or
  ///              wakes for no reason.
  template <class Waiter>
  wait_end wait(Waiter& self) {
    const in_wait marked(self.interrupted, epoch_);  // signal handlers find the wait from here on
    const auto worth_a_look = [&] {
      return state() != outcome::pending || self.stop_requested() ||
             self.interrupted.requested.load(std::memory_order_relaxed);
    };
    if (self.spin(worth_a_look) && state() != outcome::pending) return wait_end::opened;

    const announcement announced(sleepers_);
    const auto wake_on_stop = self.on_stop([this] { wake_all(); });
    static_cast<void>(wake_on_stop);
    for (;;) {
      const std::uint32_t seen = epoch_.load(std::memory_order_acquire);
      if (outcome_.load(std::memory_order_seq_cst) != outcome::pending) return wait_end::opened;
      if (self.stop_requested()) return wait_end::stopped;
      if (self.interrupted.requested.load(std::memory_order_relaxed)) return wait_end::interrupted;
      if (self.late()) return wait_end::late;
      self.sleep(epoch_, seen);
    }
  }

 private:
  using word = typename Platform::template atomic<std::uint32_t>;

  class in_wait {
   public:
    in_wait(interruption<Platform>& thread, word& epoch) : thread_(thread) {
      thread.requested.store(false, std::memory_order_relaxed);
      thread.sleeping_on.store(&epoch, std::memory_order_release);  // not before the line above, for a handler between
    }
    in_wait(const in_wait&) = delete;
    in_wait& operator=(const in_wait&) = delete;
    ~in_wait() noexcept(Platform::nothrow) { thread_.sleeping_on.store(nullptr, std::memory_order_release); }

   private:
    interruption<Platform>& thread_;
  };

  class announcement {
   public:
    explicit announcement(word& sleepers) : sleepers_(sleepers) { sleepers.fetch_add(1, std::memory_order_seq_cst); }
    announcement(const announcement&) = delete;
    announcement& operator=(const announcement&) = delete;
    ~announcement() noexcept(Platform::nothrow) { sleepers_.fetch_sub(1, std::memory_order_relaxed); }

   private:
    word& sleepers_;
  };

  void wake_all() noexcept(Platform::nothrow) {
    epoch_.fetch_add(1, std::memory_order_release);
    Platform::wake(epoch_);
  }

  typename Platform::template atomic<outcome> outcome_{outcome::pending};
  word epoch_{0};
  word sleepers_{0};
};

}  // namespace interloop::detail
