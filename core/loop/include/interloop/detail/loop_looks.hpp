// SPDX-License-Identifier: MIT
// What code that measures a loop may look at. Costs nothing by itself.
#pragma once

#include <interloop/detail/inbox.hpp>
#include <interloop/detail/onlooker.hpp>
#include <interloop/detail/task_queue.hpp>
#include <interloop/loop.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace interloop::detail {

/// What a loop counts. Nothing here is counted for each callable: generations are.
struct loop_counts {
  std::uint64_t callbacks = 0;  // callables of both queues, and events of watches; timers not
  std::uint64_t timers = 0;
  std::uint64_t longest_generation = 0;  // the most callables of one
  std::uint64_t wakes = 0;               // how often the loop's thread asked its port for a turn
  std::uint64_t lateness = 0;            // of all timers, in nanoseconds
  /// How many timers were late by less than 2^n microseconds, and not less than half that; the last: all others.
  std::array<std::uint64_t, 25> late{};

  /// A timer is about to run, that many nanoseconds after its deadline.
  void fired(std::int64_t by) noexcept {
    ++timers;
    const std::uint64_t nanoseconds = by < 0 ? 0 : static_cast<std::uint64_t>(by);
    lateness += nanoseconds;
    const auto place = static_cast<std::size_t>(std::bit_width(nanoseconds / 1000));
    ++late[place < late.size() ? place : late.size() - 1];
  }
};

/// A place in a loop's list of pending futures. Whatever walks that list skips it.
struct bookmark final : pending {
  bookmark() noexcept : pending{&table} {}
  bookmark(const bookmark&) = delete;
  bookmark& operator=(const bookmark&) = delete;
  ~bookmark() { remove(); }
  void remove() noexcept {
    if (link) unlink();
  }
  static const operations table;  // closing removes it
};

/// Thread safety: the loop's thread only.
class loop_looks {
 public:
  [[nodiscard]] static loop_counts counts(const loop& core) noexcept;
  [[nodiscard]] static inbox& inbox_of(loop& core) noexcept { return *core.inbox_; }
  /// How many callables wait to be run, not counting the inbox's. Visits each.
  [[nodiscard]] static std::size_t queued(loop& core) noexcept { return core.ready_.size() + core.incoming_.size(); }
  [[nodiscard]] static task_queue& ready(loop& core) noexcept { return core.ready_; }
  [[nodiscard]] static task_queue& incoming(loop& core) noexcept { return core.incoming_; }
  /// The first of the pending futures, the last made; others that need to know of closing are among them.
  [[nodiscard]] static pending*& pending_of(loop& core) noexcept { return core.pending_; }
  [[nodiscard]] static unsigned depth(const loop& core) noexcept { return core.depth_; }

  /// The onlooker that the loop keeps, whether or not it is told anything.
  [[nodiscard]] static onlooker* kept(const loop& core) noexcept;
  /// Has the loop keep it until the loop's memory is freed. There must be none yet.
  static void keep(loop& core, std::unique_ptr<onlooker> made) noexcept;
  /// Whether the one that is kept is told things: of this turn's next generation on, and until this one's end.
  static void tell(loop& core, bool yes) noexcept { core.onlooker_ = yes ? kept(core) : nullptr; }
};

}  // namespace interloop::detail
