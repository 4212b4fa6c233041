// SPDX-License-Identifier: MIT
// Runs a sink in a thread of its own, so that a slow or stuck sink keeps nobody waiting.
#pragma once

#include <interloop/logging/sink.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace interloop {

/// Copies messages into a bounded queue, from which a thread of its own writes them to another sink, in order. If the
/// queue is full, messages are dropped; once there is room, the other sink gets their number, at warn.
///
/// At the end of the process the queue is written out, for as long as writing makes progress, plus at most a second.
/// What destructors log after that is written at once, in the thread that logs. The same holds in a child after `fork`,
/// which does not have the sink's thread; what was queued at the fork is written by the parent.
///
/// Its thread does not take the process's signals.
///
/// Thread safety: any. Cost: `write` copies the message and its fields; it never waits for the other sink.
class async_sink : public log_sink {
 public:
  /// \param to        the other sink. Written to by one thread at a time, except while the process ends. What it logs
  ///                  itself goes to the other sinks, not here; and if one of those is an async_sink too, what is
  ///                  logged while that writes such a message goes to no async_sink.
  /// \param capacity  how many messages may wait; at least 1.
  /// Errors: `usage_error` if `to` is null or the capacity 0; `std::system_error` if no thread can be started.
  explicit async_sink(std::shared_ptr<log_sink> to, std::size_t capacity = 8192);

  /// Writes out the queue, but waits no longer than a second for the other sink to make progress. If that is stuck, the
  /// thread is left behind with what it holds, and both are cleaned up when the other sink returns.
  ~async_sink() override;

  void write(const log_event& event) override;

  /// Waits until what was logged before has been written and flushed. Errors: `error` if the other sink is stuck, which
  /// means that nothing has been written for a second.
  void flush() override;

  /// How many messages have been dropped in all.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  struct inside;
  std::shared_ptr<inside> inside_;
};

}  // namespace interloop
