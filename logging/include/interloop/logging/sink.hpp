// SPDX-License-Identifier: MIT
// Where messages go. Any number of sinks at once, each with a level of its own.
#pragma once

#include <interloop/logging/event.hpp>
#include <interloop/logging/level.hpp>

#include <memory>

namespace interloop {

/// Takes messages. Derive from it to send them anywhere.
class log_sink {
 public:
  log_sink() = default;
  log_sink(const log_sink&) = delete;
  log_sink& operator=(const log_sink&) = delete;
  virtual ~log_sink();

  /// Called in the thread that logs, inside its call, for each message that the sink's level lets through, possibly
  /// from several threads at once: a sink with state must lock it. Exceptions are caught: only this sink loses the
  /// message, and the error is reported to the other sinks, or to stderr if none of them listens. What `write` itself
  /// logs goes to the other sinks. A sink that may block belongs behind an `async_sink`.
  virtual void write(const log_event& event) = 0;

  /// Writes out what it buffers. Called by `flush_logs` and when the process ends. May wait, but not forever.
  virtual void flush() {}
};

/// Adds a sink. The first sink, added here or by `start_logging`, gets the messages kept until then.
///
/// \param level  the finest level that the sink gets. What the logger's own level stops never reaches it.
/// Thread safety: any. Errors: `usage_error` if `sink` is null or was added already; as `log_threshold`.
void add_log_sink(std::shared_ptr<log_sink> sink, log_threshold level = log_level::trace);

/// Removes a sink; does nothing if it was not added. A message that another thread is just writing to it may still
/// arrive; the sink is kept alive that long.
void remove_log_sink(const std::shared_ptr<log_sink>& sink) noexcept;

/// Changes a sink's level at once. Errors: `usage_error` if it was not added.
void set_log_sink_level(const std::shared_ptr<log_sink>& sink, log_threshold level);

/// Flushes every sink, each error caught. Thread safety: any.
void flush_logs() noexcept;

}  // namespace interloop
