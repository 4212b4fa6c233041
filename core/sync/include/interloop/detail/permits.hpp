// SPDX-License-Identifier: MIT
// What a mutex or a semaphore shares with those who hold it: how many units are free, and the line of those who wait.
//
// It lives until its owner is gone and all units are back, because permits may outlive the mutex or the semaphore. Units
// that are out are not counted twice, as references: locking and unlocking then only stores what it knows, and does not
// wait for what the one before has stored. Nothing is atomic: everything happens in the loop's thread.
#pragma once

#include <interloop/detail/waiter.hpp>
#include <interloop/loop.hpp>

#include <cstddef>

namespace interloop::detail {

class permits {
 public:
  /// Of this loop, whose memory it keeps. The first reference is the owner's.
  permits(loop& core, std::size_t units) : line_(core), total_(units), free_(units) { loop_access::retain(core); }
  permits(const permits&) = delete;
  permits& operator=(const permits&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) end_if_unused();
  }

  [[nodiscard]] loop& core() const noexcept { return line_.core(); }
  [[nodiscard]] std::size_t free() const noexcept { return free_; }
  [[nodiscard]] waiting_line& line() noexcept { return line_; }

  /// Takes units, unless there are too few or others wait for some.
  [[nodiscard]] bool try_take(std::size_t units) noexcept {
    if (free_ < units || !line_.empty()) return false;
    free_ -= units;
    return true;
  }

  /// Returns units that were taken. This may be destroyed then.
  void give_back(std::size_t units) noexcept {
    if (units == total_) [[likely]] {  // all of them, as those of a mutex
      free_ = units;
    } else {
      free_ += units;
    }
    if (!line_.empty()) serve();
    if (references_ == 0) [[unlikely]]
      end_if_unused();
  }
  /// Units that were taken will not come back. This may be destroyed then.
  void remove(std::size_t units) noexcept {
    total_ -= units;
    if (references_ == 0) end_if_unused();
  }
  /// There are more units.
  void add(std::size_t units) noexcept {
    total_ += units;
    free_ += units;
    serve();
  }

  /// Gives the first in line what they wait for, as long as there is enough.
  void serve() noexcept;

  /// The mutex or the semaphore is destroyed.
  void abandon() noexcept {
    line_.wake_all(waiter::stage::dropped);
    release();
  }

 private:
  ~permits() { loop_access::release(core()); }
  void end_if_unused() noexcept {
    if (free_ == total_) delete this;
  }

  waiting_line line_;
  std::size_t total_;  // free, held, or given to a waiter that has not resumed yet
  std::size_t free_;
  std::size_t references_ = 1;
};

/// Waits for units; when it is served, it holds them.
class permit_waiter : public waiter {
 public:
  void serve() noexcept { wake(stage::served); }
  [[nodiscard]] std::size_t units() const noexcept { return units_; }

 protected:
  permit_waiter(const operations& how, permits& from, std::size_t units, promise_core& who,
                std::source_location where) noexcept
      : waiter(how, who, where), from_(from), units_(units) {}
  ~permit_waiter() {
    if (stage_ != stage::idle) [[unlikely]]
      give_up();
  }

  /// For `await_resume`, if it was not idle: it was resumed and holds the units now. Throws what kept it from that.
  void has_waited();
  /// Leaves the line, or returns the units.
  void give_up() noexcept;

  permits& from_;
  const std::size_t units_;
};

inline void permits::serve() noexcept {
  for (;;) {
    // Only waiters for units stand in this line.
    auto* const next = static_cast<permit_waiter*>(line_.first());
    if (!next || next->units() > free_) return;
    line_.remove(*next);
    free_ -= next->units();
    next->serve();
  }
}

}  // namespace interloop::detail
