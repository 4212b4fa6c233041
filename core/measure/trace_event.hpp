// SPDX-License-Identifier: MIT
// What a traced loop notes, to be written by another thread.
#pragma once

#include "activity.hpp"
#include "ticks.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace interloop::measure {

struct trace_event {
  enum class kind : unsigned char { turn, slice, coroutine_begins, coroutine_ends };

  kind type;
  activity what;
  ticks begin;
  ticks end;          // of turns and slices
  ticks source;       // of slices: when what queued this one began, or when it was posted; 0: not known
  int thread;         // that this happened in
  int source_thread;  // that `source` happened in
  std::uint64_t id;   // of coroutines: unique in the file
};

/// Many of them, of one loop.
struct trace_block {
  static constexpr std::size_t capacity = 768;  // about 64 KiB

  trace_block* next = nullptr;
  std::size_t count = 0;
  std::array<trace_event, capacity> events;
};

}  // namespace interloop::measure
