// SPDX-License-Identifier: MIT
// Notes for a trace what one loop does.
//
// How it knows what it was never told, so that futures and queues need not know of it:
//
// * What queued a callable. The ready queue is first in, first out. After each callback, the tracer counts what was
//   pushed meanwhile, and keeps that number with the callback's time in a queue of its own; whatever runs next belongs
//   to the first of these. The same for the inbox, which tells of each post under its lock.
// * Which coroutines began. New futures come first in the loop's list of pending ones. The tracer puts a bookmark there
//   before a callback; what is before it afterwards is new.
// * Which coroutine ended. Only its own resumption can end it. A bookmark is put behind its future in the list
//   meanwhile; if the future is not before it afterwards, it has been completed. Nothing of the future, whose memory may
//   be freed, is looked at.
#pragma once

#include <interloop/detail/loop_looks.hpp>
#include <interloop/trace.hpp>

#include "trace_file.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

namespace interloop::detail {
class future_core;
class promise_core;
}  // namespace interloop::detail

namespace interloop::measure {

/// Thread safety: the loop's thread only, except `posted`.
class tracer final : detail::post_notes {
 public:
  tracer(loop& core, std::shared_ptr<trace_file> file);
  tracer(const tracer&) = delete;
  tracer& operator=(const tracer&) = delete;
  ~tracer();

  /// Begins now, or inside a turn with the next one.
  void start() noexcept;
  void turn_begins(ticks now) noexcept;
  void turn_ends(ticks now) noexcept;
  void begins(detail::errand::kind from, const activity& what, const detail::promise_core* who) noexcept;
  void ends() noexcept;
  void loop_closes() noexcept;

  /// Ends everything that is under way, and gives all events to the file.
  void finish() noexcept;
  /// The same, and waits until they are written.
  trace_result result();

 private:
  struct source {
    ticks at = 0;  // 0: not known
    int thread = 0;
  };
  /// So many callables in a row that one callback pushed.
  struct sources {
    source from;
    std::uint64_t count;
  };
  class source_queue {
   public:
    void push(source from, std::uint64_t count) noexcept;
    [[nodiscard]] source pop() noexcept;
    /// Everything in the other one comes after what is here.
    void take(source_queue& other) noexcept;

   private:
    std::deque<sources> all_;
    bool broken_ = false;  // memory was short: from here on nobody knows what belongs to what
  };
  /// A callback that runs.
  struct frame {
    activity what;
    ticks begin = 0;
    source from;
    detail::pending** own = nullptr;  // of a coroutine: what points to `behind` while it is not completed
    const void* coroutine = nullptr;
    detail::bookmark newer;
    detail::bookmark behind;
  };
  struct open_coroutine {
    std::uint64_t id;
    activity what;
  };

  void activate() noexcept;
  void note_new(ticks now) noexcept;
  void note_pushed() noexcept;
  void begin_coroutine(const detail::future_core& state, ticks now) noexcept;
  void end_coroutine(const void* state, ticks now) noexcept;
  void close_frame(ticks now) noexcept;
  trace_event* slot() noexcept;
  /// Returns whether there was room.
  bool add(const trace_event& event) noexcept;
  void hand_over() noexcept;

  void posted() noexcept override;
  void taken() noexcept override;

  static constexpr std::size_t most_frames = 32;
  static constexpr std::size_t most_turns = 32;

  loop& core_;
  const tick_rate& rate_;
  std::shared_ptr<trace_file> file_;
  trace_block* block_ = nullptr;
  ticks block_begin_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t lost_told_ = 0;
  unsigned retry_ = 0;  // events to leave out before the file is asked for a block again
  bool active_ = false;
  int thread_ = 0;
  int named_ = 0;
  unsigned turns_ = 0;
  unsigned depth_ = 0;  // frames in use, and those that there was no room for
  std::array<ticks, most_turns> turn_begins_{};
  std::array<frame, most_frames> frames_;
  detail::bookmark newer_;         // what is before it was made outside of callbacks
  detail::task_queue::mark mark_;  // what lies before it in the ready queue is in `queued_`
  source_queue queued_;
  source_queue incoming_;
  source_queue arriving_;  // under the inbox's lock
  std::unordered_map<const void*, open_coroutine> coroutines_;
};

}  // namespace interloop::measure
