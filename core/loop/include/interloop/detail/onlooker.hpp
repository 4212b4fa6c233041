// SPDX-License-Identifier: MIT
// What a loop tells code that measures it: each turn, and each callable that it is about to call.
//
// A loop that nobody looks at has one branch for this in each turn and each generation, and none in a callable's own
// path. What is told is what lies at hand: nothing is kept for onlookers.
#pragma once

#include <cstdint>
#include <source_location>

namespace interloop::detail {

/// A callable that the loop is about to call.
struct errand {
  enum class kind : unsigned char {
    queued,  // of the ready queue: by call_soon, or a completed future, a coroutine or another waiter
    posted,  // of the inbox
    timer,
    watch,
  };
  kind what;
  const void* code;  // the function that calls it; its symbol names the callable's type
  void* object;      // queued: the `pending` or the coroutine's frame (`code` tells which); null for a callable
  int number;        // watch: the descriptor
  std::source_location where;  // a callable, timer or watch was made, if that is known
};

/// Everything is called in the loop's thread, and must not run user code.
class onlooker {
 public:
  virtual ~onlooker() = default;

  /// Whether `ends` does anything.
  bool needs_ends = false;

  /// Turns nest. Every `turn_begins` has its `turn_ends`.
  virtual void turn_begins() noexcept = 0;
  virtual void turn_ends() noexcept = 0;
  /// In a turn, though not perhaps in one whose beginning was told. Each has its `ends`; turns may lie between them.
  virtual void begins(const errand& next) noexcept = 0;
  virtual void ends() noexcept = 0;
  /// The loop is closed from here on.
  virtual void loop_closes() noexcept = 0;
};

}  // namespace interloop::detail
