// SPDX-License-Identifier: MIT
#include "logging/state.hpp"

#include <interloop/detail/report.hpp>
#include <interloop/error.hpp>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <utility>

namespace interloop::detail {

namespace {

// Trivial, so that it exists in every thread until the very end.
struct writing {
  const sink_entry* entry;
  writing* outer;
  bool left = false;  // the sink leaves the message to others
};
constinit thread_local writing* writing_now = nullptr;

class writing_scope {
 public:
  explicit writing_scope(const sink_entry& entry) noexcept : here_{&entry, writing_now} { writing_now = &here_; }
  writing_scope(const writing_scope&) = delete;
  writing_scope& operator=(const writing_scope&) = delete;
  ~writing_scope() { writing_now = here_.outer; }
  bool left() const noexcept { return here_.left; }

 private:
  writing here_;
};

bool take_report(std::string_view context, const failure& fail) noexcept {
  log_state& state = log_state::get();
  const field_view fields[]{{"what", value_view(context)}, {"log_failure", value_view(fail)}};
  try {
    if (log_own(log_level::critical, std::string(context) + '\n' + failure_format_traceback(fail), fields)) return true;
    return state.has_sinks() &&
           state.level_of(state.core("interloop")) == log_level::none;  // then silence is what the user wants
  } catch (...) {
    return false;
  }
}

}  // namespace

bool is_writing_to(const sink_entry& entry) noexcept {
  for (const writing* at = writing_now; at; at = at->outer)
    if (at->entry == &entry) return true;
  return false;
}

void leave_to_others() noexcept {
  if (writing_now) writing_now->left = true;
}

log_state& log_state::get() {
  static log_state* const state = new log_state;
  return *state;
}

log_state::log_state() {
  report_to.store(take_report, std::memory_order_release);
  std::atexit([] {
    get().exiting_.store(true, std::memory_order_relaxed);
    get().flush();
  });
}

const named_core& log_state::core(std::string_view name) {
  const std::lock_guard config(config_mutex_);
  const std::lock_guard names(names_mutex_);
  auto at = cores_.find(name);
  if (at == cores_.end()) {
    at = cores_.emplace(std::string(name), std::make_unique<named_core>()).first;
    at->second->name = at->first;
    at->second->threshold = std::min(global_level(), deliverable_locked());
  }
  return *at->second;
}

// The finest level that any sink wants; until there is a sink, the level that is kept.
log_level log_state::deliverable_locked() {
  const sink_lists::reader sinks = sinks_.read();
  if (sinks->empty()) return keeping_ ? log_level::warn : log_level::none;
  log_level most = log_level::none;
  for (const auto& entry : *sinks) most = std::max(most, entry->level.load(std::memory_order_relaxed));
  return most;
}

void log_state::refresh_locked() {
  const std::lock_guard names(names_mutex_);
  const log_level deliverable = deliverable_locked();
  for (const auto& [name, core] : cores_)
    core->threshold.store(std::min(core->pinned ? core->own : global_level(), deliverable), std::memory_order_relaxed);
}

void log_state::pin(const named_core& core, bool pinned, log_level own) {
  const std::lock_guard config(config_mutex_);
  auto& changed = const_cast<named_core&>(core);  // every core is made by core(), as non-const
  changed.pinned = pinned;
  changed.own = own;
  refresh_locked();
}

log_level log_state::level_of(const named_core& core) {
  const std::lock_guard config(config_mutex_);
  return core.pinned ? core.own : global_level();
}

bool log_state::passes(const log_event& event) {
  const std::lock_guard config(config_mutex_);
  const std::lock_guard names(names_mutex_);
  const auto core = cores_.find(event.name);
  return event.level <= (core != cores_.end() && core->second->pinned ? core->second->own : global_level());
}

void log_state::set_global_level(log_level level) {
  const std::lock_guard config(config_mutex_);
  global_.store(level, std::memory_order_relaxed);
  refresh_locked();
}

// The caller keeps what the old list held until it has released the locks, because a sink's destructor may log.
void log_state::publish(std::unique_ptr<const sink_list> sinks) {
  sinks_.replace(std::move(sinks));
  refresh_locked();
}

void log_state::add_sink(std::shared_ptr<log_sink> sink, log_level level) {
  if (!sink) throw usage_error("add_log_sink: the sink is null; pass one made by std::make_shared");
  const auto entry = std::make_shared<sink_entry>(std::move(sink), level);
  // Kept messages come first. While they are written, without a lock, more may arrive, which are written next.
  for (const sink_list first{entry};;) {
    std::vector<kept_log_event> batch;
    {
      const std::lock_guard config(config_mutex_);
      const sink_lists::reader before = sinks_.read();
      for (const auto& each : *before)
        if (each->sink == entry->sink)
          throw usage_error("add_log_sink: this sink was already added; use set_log_sink_level() to change its level");
      auto sinks = std::make_unique<sink_list>(*before);
      sinks->push_back(entry);
      const std::lock_guard kept(kept_mutex_);
      if (kept_.empty()) {
        keeping_ = false;
        lost_.fetch_add(std::exchange(kept_dropped_, 0), std::memory_order_relaxed);
        return publish(std::move(sinks));
      }
      batch.swap(kept_);
    }
    for (const kept_log_event& each : batch)
      if (passes(each.event())) write_to(first, each.event());
  }
}

void log_state::remove_sink(const log_sink* sink) {
  std::shared_ptr<sink_entry> removed;  // destroyed after the locks are released
  const std::lock_guard config(config_mutex_);
  auto sinks = std::make_unique<sink_list>(*sinks_.read());
  const auto at =
      std::find_if(sinks->begin(), sinks->end(), [&](const auto& each) { return each->sink.get() == sink; });
  if (at == sinks->end()) return;
  removed = *at;
  sinks->erase(at);
  publish(std::move(sinks));
}

void log_state::set_sink_level(const log_sink* sink, log_level level) {
  const std::lock_guard config(config_mutex_);
  const sink_lists::reader sinks = sinks_.read();
  for (const auto& entry : *sinks) {
    if (entry->sink.get() != sink) continue;
    entry->level.store(level, std::memory_order_relaxed);
    return refresh_locked();
  }
  throw usage_error("set_log_sink_level: this sink was not added; call add_log_sink() first");
}

void log_state::flush() noexcept {
  const sink_lists::reader sinks = sinks_.read();
  for (const auto& entry : *sinks) {
    try {
      if (is_writing_to(*entry)) continue;
      const writing_scope scope(*entry);
      entry->sink->flush();
    } catch (const std::exception& e) {
      note_failure(*entry, e.what());
    } catch (...) {
      note_failure(*entry, "an exception that is not a std::exception");
    }
  }
}

void log_state::start(log_level level, visitor<std::shared_ptr<log_sink>&> make) {
  {
    const std::lock_guard config(config_mutex_);
    if (started_) return;
    started_ = true;
  }
  try {
    std::shared_ptr<log_sink> sink;
    make(sink);
    set_global_level(level);
    add_sink(std::move(sink), log_level::trace);
  } catch (...) {
    const std::lock_guard config(config_mutex_);
    started_ = false;
    throw;
  }
}

bool log_state::keep(const log_event& event) {
  if (event.level > log_level::warn) return true;
  {
    const std::lock_guard lock(kept_mutex_);
    if (!keeping_) return false;
    if (kept_.size() >= most_kept) return ++kept_dropped_, true;
  }
  kept_log_event copy(event);  // outside the lock: user formatters run, and may log
  const std::lock_guard lock(kept_mutex_);
  if (!keeping_) return false;
  if (kept_.size() >= most_kept) return ++kept_dropped_, true;
  kept_.push_back(std::move(copy));
  return true;
}

bool log_state::dispatch(const log_event& event) {
  sink_lists::reader sinks = sinks_.read();
  if (sinks->empty()) {
    if (keep(event)) return false;
    sinks = sinks_.read();  // the first sink was added meanwhile
    if (sinks->empty()) {
      const std::lock_guard config(config_mutex_);
      sinks = sinks_.read();
    }
  }
  const bool taken = write_to(*sinks, event);
  if (lost_.load(std::memory_order_relaxed) != 0) say_what_was_lost();
  return taken;
}

bool log_state::write_to(const sink_list& sinks, const log_event& event) {
  bool taken = false;
  for (const auto& entry : sinks) {
    if (event.level > entry->level.load(std::memory_order_relaxed) || is_writing_to(*entry)) continue;
    try {
      const writing_scope scope(*entry);
      entry->sink->write(event);
      if (!scope.left()) taken = true;
    } catch (const std::exception& e) {
      note_failure(*entry, e.what());
    } catch (...) {
      note_failure(*entry, "an exception that is not a std::exception");
    }
  }
  return taken;
}

// The other sinks, or stderr if none of them listens, get a report of the first failure, then less and less often: a
// full disk must not fill the other logs.
void log_state::note_failure(sink_entry& entry, const char* what) {
  const std::uint64_t count = entry.failures.fetch_add(1, std::memory_order_relaxed) + 1;
  if ((count & (count - 1)) != 0) return;
  try {
    const writing_scope scope(entry);
    const field_view fields[]{{"failures", value_view(count)}, {"reason", value_view(std::string_view(what))}};
    const std::string text =
        "a log sink failed to write, " + std::to_string(count) + (count == 1 ? " time" : " times") + " so far: " + what;
    if (!log_own(log_level::error, text, fields)) say("interloop: " + text + '\n');
  } catch (...) {
    lose_one();
  }
}

void log_state::say_what_was_lost() {
  const std::uint64_t count = lost_.exchange(0, std::memory_order_relaxed);
  if (count == 0) return;
  const field_view fields[]{{"lost", value_view(count)}};
  log_own(log_level::warn,
          std::to_string(count) + (count == 1 ? " message was" : " messages were") +
              " lost: too many before start_logging, or no memory to keep them",
          fields);
}

void log_state::reset() {
  const sink_lists::reader old = sinks_.read();
  const std::lock_guard config(config_mutex_);
  {
    const std::lock_guard lock(kept_mutex_);
    kept_.clear();
    kept_dropped_ = 0;
    keeping_ = true;
  }
  lost_.store(0, std::memory_order_relaxed);
  started_ = false;
  global_.store(log_level::info, std::memory_order_relaxed);
  for (const auto& [name, core] : cores_) core->pinned = false;
  publish(std::make_unique<sink_list>());
}

}  // namespace interloop::detail

namespace interloop {

log_sink::~log_sink() = default;

void add_log_sink(std::shared_ptr<log_sink> sink, log_threshold level) {
  detail::log_state::get().add_sink(std::move(sink), level.level());
}

void remove_log_sink(const std::shared_ptr<log_sink>& sink) noexcept {
  try {
    detail::log_state::get().remove_sink(sink.get());
  } catch (const std::bad_alloc&) {
    // The list cannot be copied, so the sink's level is set to none instead.
    try {
      detail::log_state::get().set_sink_level(sink.get(), log_level::none);
    } catch (const error&) {
    }
  }
}

void set_log_sink_level(const std::shared_ptr<log_sink>& sink, log_threshold level) {
  detail::log_state::get().set_sink_level(sink.get(), level.level());
}

void flush_logs() noexcept { detail::log_state::get().flush(); }

void set_global_log_level(log_threshold level) { detail::log_state::get().set_global_level(level.level()); }

log_level get_global_log_level() noexcept { return detail::log_state::get().global_level(); }

}  // namespace interloop
