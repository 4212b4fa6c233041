// SPDX-License-Identifier: MIT
#include <interloop/statistics.hpp>

#include <interloop/detail/json_text.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/loop_looks.hpp>
#include <interloop/detail/span_text.hpp>

#include "measuring.hpp"

#include <charconv>

namespace interloop {

namespace {

std::string seconds(double nanoseconds) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, nanoseconds / 1e9);
  return {digits, end.ptr};
}
std::string seconds(duration time) { return seconds(static_cast<double>(time.count())); }

}  // namespace

duration lateness_histogram::limit(std::size_t index) noexcept {
  if (index + 1 >= std::tuple_size_v<decltype(counts)>) return (duration::max)();
  return duration(std::int64_t{1000} << index);
}

loop_statistics statistics(loop& core) {
  detail::loop_access::check_thread(core, "statistics");
  const detail::loop_counts counted = detail::loop_looks::counts(core);
  const detail::inbox::counts posted = detail::loop_looks::inbox_of(core).count();
  const auto has = detail::loop_access::contents_of(core);
  loop_statistics all;
  all.loop = core.name();
  all.turns = core.turns();
  all.callbacks = counted.callbacks + counted.timers;
  all.timers = counted.timers;
  all.posts = posted.posts;
  all.wake_ups = counted.wakes + posted.wakes;
  all.wake_ups_by_posts = posted.wakes;
  all.longest_generation = counted.longest_generation;
  if (const measure::measuring* timed = measure::measuring::found(core)) all.longest_turn = timed->longest_turn();
  static_assert(std::tuple_size_v<decltype(counted.late)> == std::tuple_size_v<decltype(all.lateness.counts)>);
  all.lateness.counts = counted.late;
  all.lateness.sum = duration(static_cast<std::int64_t>(counted.lateness));
  all.queued = detail::loop_looks::queued(core);
  all.posts_waiting = posted.waiting;
  all.pending_timers = has.timers;
  all.pending_futures = has.futures;
  all.watches = has.watches;
  all.holds = has.holds;
  return all;
}

void time_turns(loop& core, bool on) {
  detail::loop_access::require_open(core, "time_turns");
  measure::measuring::of(core).time_turns(on);
}

std::string to_text(const loop_statistics& all) {
  std::string text(all.loop);
  const char* before = ": ";
  const auto add = [&](std::uint64_t number, const char* what) {
    text += before + std::to_string(number) + " " + what;
    before = ", ";
  };
  add(all.turns, "turns");
  add(all.callbacks, "callbacks");
  add(all.timers, "timers");
  add(all.posts, "posts");
  add(all.wake_ups, "wake-ups");
  add(all.longest_generation, "in the longest generation");
  if (all.longest_turn != duration::zero()) text += ", longest turn " + detail::span_text(all.longest_turn);
  if (all.timers != 0) {
    text += ", timers late by " + detail::span_text(all.lateness.sum / static_cast<std::int64_t>(all.timers)) +
            " on average";
  }
  before = "; now ";
  add(all.queued, "queued");
  add(all.posts_waiting, "posted");
  add(all.pending_timers, "timers");
  add(all.pending_futures, "futures");
  add(all.watches, "watches");
  add(all.holds, "holds");
  return text;
}

std::string to_json(const loop_statistics& all) {
  std::string text = "{\"loop\":";
  detail::append_json(text, all.loop);
  const auto add = [&](const char* name, std::uint64_t number) {
    text.append(",\"").append(name).append("\":").append(std::to_string(number));
  };
  add("turns", all.turns);
  add("callbacks", all.callbacks);
  add("timers", all.timers);
  add("posts", all.posts);
  add("wake_ups", all.wake_ups);
  add("wake_ups_by_posts", all.wake_ups_by_posts);
  add("longest_generation", all.longest_generation);
  add("longest_turn", static_cast<std::uint64_t>(all.longest_turn.count()));
  text += ",\"lateness\":{\"sum\":" + std::to_string(all.lateness.sum.count()) + ",\"limits\":[";
  const auto list = [&](std::size_t size, auto number) {
    for (std::size_t i = 0; i < size; ++i) {
      if (i != 0) text += ',';
      text += std::to_string(number(i));
    }
  };
  list(all.lateness.counts.size() - 1, [](std::size_t i) { return lateness_histogram::limit(i).count(); });
  text += "],\"counts\":[";
  list(all.lateness.counts.size(), [&](std::size_t i) { return all.lateness.counts[i]; });
  text += "]}";
  add("queued", all.queued);
  add("posts_waiting", all.posts_waiting);
  add("pending_timers", all.pending_timers);
  add("pending_futures", all.pending_futures);
  add("watches", all.watches);
  add("holds", all.holds);
  return text + "}";
}

std::string to_prometheus(const loop_statistics& all, std::string_view name) {
  std::string label = "loop=\"";
  for (const char each : name.empty() ? all.loop : name) {
    if (each == '\\' || each == '"') label += '\\';
    if (each == '\n') {
      label += "\\n";
    } else {
      label += each;
    }
  }
  label += '"';
  std::string text;
  const auto describe = [&](const std::string& metric, const char* type, const char* help) {
    text += "# HELP interloop_" + metric + " " + help + "\n# TYPE interloop_" + metric + " " + type + "\n";
  };
  const auto value = [&](const std::string& metric, const std::string& number, const std::string& more = {}) {
    text += "interloop_" + metric + "{" + label + more + "} " + number + "\n";
  };
  const auto add = [&](const char* metric, const char* type, std::uint64_t number, const char* help) {
    describe(metric, type, help);
    value(metric, std::to_string(number));
  };
  add("turns_total", "counter", all.turns, "Turns of the loop and events of watches.");
  add("callbacks_total", "counter", all.callbacks, "Callables that the loop has called.");
  add("timers_total", "counter", all.timers, "Timers that have fired.");
  add("posts_total", "counter", all.posts, "Callables posted by other threads.");
  add("wake_ups_total", "counter", all.wake_ups, "How often the native loop was asked for a turn.");
  add("wake_ups_by_posts_total", "counter", all.wake_ups_by_posts, "How often a post asked for one.");
  add("longest_generation", "gauge", all.longest_generation, "The most callables run without looking up.");
  describe("longest_turn_seconds", "gauge", "The longest turn, if turns are timed.");
  value("longest_turn_seconds", seconds(all.longest_turn));
  describe("timer_lateness_seconds", "histogram", "How late timers ran.");
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < all.lateness.counts.size(); ++i) {
    so_far += all.lateness.counts[i];
    const bool last = i + 1 == all.lateness.counts.size();
    value("timer_lateness_seconds_bucket", std::to_string(so_far),
          ",le=\"" + (last ? "+Inf" : seconds(lateness_histogram::limit(i))) + "\"");
  }
  value("timer_lateness_seconds_sum", seconds(all.lateness.sum));
  value("timer_lateness_seconds_count", std::to_string(so_far));
  add("queued", "gauge", all.queued, "Callables in the ready queue.");
  add("posts_waiting", "gauge", all.posts_waiting, "Posted callables that the loop has not taken yet.");
  add("pending_timers", "gauge", all.pending_timers, "Timers that have not fired.");
  add("pending_futures", "gauge", all.pending_futures, "Futures and coroutines that are not completed.");
  add("watches", "gauge", all.watches, "Descriptors that are watched.");
  add("holds", "gauge", all.holds, "Holds that keep the loop running.");
  return text;
}

}  // namespace interloop
