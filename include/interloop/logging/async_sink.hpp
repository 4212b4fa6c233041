// SPDX-License-Identifier: MIT
// A sink's work in a thread of its own, so that a slow or stuck sink keeps nobody waiting.
#pragma once

#include <interloop/logging/sink.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace interloop {

/// Copies messages into a bounded queue, from which a thread of its own writes them to another sink, in order. Where the
/// queue is full, messages are dropped, and once there is room the other sink is told how many, at warn.
///
/// At the end of the process the queue is written out, for as long as that goes on and at most a second after it stops;
/// what is logged after that, by destructors, is written at once, in the thread that logs. So it is in a child after
/// `fork`, which has no such thread; what is in the queue then is written by the parent.
///
/// Its thread does not take the process's signals.
///
/// Thread safety: any. Cost: `write` copies the message and its fields; it never waits for the other sink.
class async_sink : public log_sink {
 public:
  /// \param to        what it logs itself goes to the other sinks, not here, and what it logs of that, where the other
  ///                  one is an async_sink too, to no async_sink; written to by one thread at a time, but for what is
  ///                  logged while the process ends.
  /// \param capacity  how many messages may wait; at least 1.
  /// Errors: `usage_error` if `to` is null or the capacity 0; `std::system_error` if there can be no thread.
  explicit async_sink(std::shared_ptr<log_sink> to, std::size_t capacity = 8192);

  /// Writes out what waits, but waits no longer than a second for the other sink to get on with it. Of one that is stuck
  /// the thread is left behind with what it holds, which goes when the other sink comes back.
  ~async_sink() override;

  void write(const log_event& event) override;

  /// Waits until what was logged before has been written and flushed. Errors: `error` if the other sink is stuck: when
  /// nothing has been written for a second.
  void flush() override;

  /// How many messages have been dropped in all.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  struct inside;
  std::shared_ptr<inside> inside_;
};

}  // namespace interloop
