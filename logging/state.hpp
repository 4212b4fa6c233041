// SPDX-License-Identifier: MIT
// What all of logging shares: loggers by name, sinks, the level, and the messages kept until there is a sink.
//
// Made on first use and never destroyed, so that constructors before main and destructors after it can log.
#pragma once

#include <interloop/logger.hpp>
#include <interloop/logging/sink.hpp>

#include "logging/sink_lists.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace interloop::detail {

struct named_core : logger_core {
  std::string_view name;
  log_level own = log_level::none;
  bool pinned = false;
};

class log_state {
 public:
  /// The only instance.
  static log_state& get();

  const named_core& core(std::string_view name);
  void pin(const named_core& core, bool pinned, log_level own);
  log_level level_of(const named_core& core);

  void set_global_level(log_level level);
  log_level global_level() const noexcept { return global_.load(std::memory_order_relaxed); }

  void add_sink(std::shared_ptr<log_sink> sink, log_level level);
  void remove_sink(const log_sink* sink);
  void set_sink_level(const log_sink* sink, log_level level);
  void flush() noexcept;
  bool has_sinks() noexcept { return !sinks_.read()->empty(); }

  /// Adds a sink and sets the level, the first time only. `make` makes the sink, and may throw.
  void start(log_level level, visitor<std::shared_ptr<log_sink>&> make);

  /// Hands an event to all sinks, or keeps it if there is none yet. Throws only if memory is short. Returns whether a
  /// sink has taken it.
  bool dispatch(const log_event& event);

  /// Counts a message that was lost because memory was short; the next one that gets through says so.
  void lose_one() noexcept { lost_.fetch_add(1, std::memory_order_relaxed); }

  /// Whether the process has begun to end, so that threads can no longer be relied on.
  bool is_exiting() const noexcept { return exiting_.load(std::memory_order_relaxed); }

  /// Resets everything to the initial state, except that loggers stay and are unpinned. For tests.
  void reset();

 private:
  log_state();
  void publish(std::unique_ptr<const sink_list> sinks);
  void refresh_locked();
  log_level deliverable_locked();
  bool keep(const log_event& event);
  /// Whether its logger's level lets it through now. For kept events: the level may have changed since.
  bool passes(const log_event& event);
  bool write_to(const sink_list& sinks, const log_event& event);
  void note_failure(sink_entry& entry, const char* what);
  void say_what_was_lost();

  // Locked in this order. No sink is called or destroyed while one of them is held.
  std::mutex config_mutex_;  // held by code that changes sinks or levels
  std::mutex names_mutex_;   // cores_
  std::mutex kept_mutex_;    // kept_

  std::map<std::string, std::unique_ptr<named_core>, std::less<>> cores_;
  std::atomic<log_level> global_{log_level::info};
  sink_lists sinks_;
  bool started_ = false;

  static constexpr std::size_t most_kept = 1000;
  std::vector<kept_log_event> kept_;
  std::uint64_t kept_dropped_ = 0;
  bool keeping_ = true;
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> exiting_{false};
};

/// Whether this thread is just writing to that sink: what a sink logs does not go to itself.
bool is_writing_to(const sink_entry& entry) noexcept;

/// Logs a message of the library itself, under the name `interloop`. Returns whether a sink has taken it.
bool log_own(log_level level, std::string_view text, std::span<const field_view> fields) noexcept;

/// Called by a sink in `write`: it leaves this message to others.
void leave_to_others() noexcept;

}  // namespace interloop::detail
