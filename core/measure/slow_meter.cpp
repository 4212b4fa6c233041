// SPDX-License-Identifier: MIT
#include "slow_meter.hpp"

#include <interloop/detail/report.hpp>
#include <interloop/detail/span_text.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace interloop::measure {

namespace {

// How often the pulse advances in the time of the threshold, within these limits.
constexpr int beats = 8;
constexpr duration shortest_period = std::chrono::microseconds(250);
constexpr duration longest_period = std::chrono::milliseconds(10);
// Below, there would be too few.
constexpr duration least_with_pulse = std::chrono::milliseconds(1);

void write_line(const loop& core, const slow_callback& slow) {
  std::string text =
      "interloop: " + slow.what + " held the loop " + std::string(core.name()) + " for " + detail::span_text(slow.held);
  if (slow.calls > 1) text += " in " + std::to_string(slow.calls) + " calls";
  detail::say(text + "\n");
}

}  // namespace

void slow_meter::set(duration threshold, slow_handler handler) {
  if (threshold <= duration::zero()) {
    threshold_ = 0;
    handler_.reset();
    waiting_.clear();
    stop_pulse();
    return;
  }
  auto kept = handler ? std::make_shared<slow_handler>(std::move(handler)) : nullptr;
  waiting_.reserve(16);
  const duration period = std::clamp<duration>(threshold / beats, shortest_period, longest_period);
  pulse::owned beating = threshold >= least_with_pulse ? pulse::start(period) : nullptr;
  stop_pulse();
  handler_ = std::move(kept);
  threshold_ = std::max<ticks>(1, static_cast<ticks>(static_cast<double>(threshold.count()) / rate_.nanoseconds));
  quick_ = threshold_ / 1024;
  if (beating) {
    pulse_ = std::move(beating);
    pulse_->set_busy(turns_ > 0);
    beats_ = &pulse_->count();
    period_ = static_cast<ticks>(static_cast<double>(period.count()) / rate_.nanoseconds);
  }
  room_ = 1;
  const ticks now = read_ticks(rate_.counter);
  seen_ = now;
  beaten_ = now - beats * period_;  // long ago: it has to be seen to beat first
  beat_ = 0;
  clear(now);
  for (activity& each : outer_) each = {};
}

void slow_meter::stop_pulse() noexcept {
  period_ = 0;
  beats_ = &no_beats;
  pulse_.reset();
}

void slow_meter::clear(ticks now) noexcept {
  now_.begin = now;
  now_.beat = beats_->load(std::memory_order_relaxed);
  now_.size = 0;
  now_.silent = false;
}

void slow_meter::turn_begins(ticks now) noexcept {
  if (turns_ > 0) {
    close(now);
    if (turns_ <= outer_.size()) {
      outer_[turns_ - 1] = now_.size > 0 ? now_.all[now_.size - 1] : activity{};
      silent_[turns_ - 1] = now_.silent;
    }
  }
  if (turns_++ == 0 && pulse_) pulse_->set_busy(true);
  clear(now);
}

void slow_meter::turn_ends(ticks now) noexcept {
  close(now);
  clear(now);
  if (--turns_ == 0) {
    if (pulse_) pulse_->set_busy(false);
  } else if (turns_ <= outer_.size() && outer_[turns_ - 1].what != activity::kind::none) {
    add(outer_[turns_ - 1]);
    now_.silent = silent_[turns_ - 1];
  }
}

void slow_meter::begin(const activity& next) noexcept {
  const ticks now = read_ticks(rate_.counter);
  close(now);
  clear(now);
  add(next);
}

void slow_meter::close(ticks now) noexcept {
  if (threshold_ == 0) return;
  const ticks took = now > now_.begin ? now - now_.begin : 0;
  // Whether the pulse beats at present: only an advance between two readings that are near each other says so.
  if (const std::uint64_t beat = beats_->load(std::memory_order_relaxed); beat != beat_) {
    if (now - seen_ < 2 * period_) beaten_ = now;
    beat_ = beat;
  }
  seen_ = now;
  room_ = took < quick_ && now - beaten_ < beats * period_ ? most : 1;
  if (took < threshold_ || now_.size == 0 || now_.silent) return;
  try {
    waiting_.push_back(blame(took));
    if (waiting_.size() == 1) core_.call_soon([this] { deliver(); });
  } catch (...) {  // memory is short, or the loop is closed
    waiting_.clear();
  }
}

slow_meter::found slow_meter::blame(ticks took) const {
  found who{{now_.all[now_.size - 1]}, nanoseconds_between(0, took, rate_.nanoseconds), 1};
  const std::uint64_t advanced = beats_->load(std::memory_order_relaxed) - now_.beat;
  if (now_.size == 1 || (advanced > 1 && (advanced - 1) * period_ > took / 2)) return who;
  who.calls = now_.size;
  for (unsigned i = 0; i + 1 < now_.size; ++i) {
    const auto is_it = [&](const activity& each) { return same_place(each, now_.all[i]); };
    if (std::none_of(who.which.begin(), who.which.end(), is_it)) who.which.push_back(now_.all[i]);
  }
  return who;
}

void slow_meter::deliver() noexcept {
  now_.silent = true;
  room_ = 0;  // nobody else's time is silent
  const std::vector<found> all = std::exchange(waiting_, {});
  for (const found& each : all) {
    try {
      slow_callback slow;
      slow.held = duration(static_cast<std::int64_t>(each.nanoseconds));
      slow.calls = each.calls;
      if (each.which.size() == 1) slow.where = each.which.front().where;
      for (const activity& which : each.which)
        slow.what += (!slow.what.empty() ? " or " : each.which.size() > 1 ? "either " : "") + text_of(which);
      if (const std::shared_ptr<slow_handler> handler = handler_) {
        (*handler)(slow);
      } else {
        write_line(core_, slow);
      }
    } catch (...) {
      core_.handle_exception("the handler of slow callbacks threw",
                             failure(std::current_exception(), std::source_location{}));
    }
    if (threshold_ == 0 || core_.closed()) return;
  }
}

}  // namespace interloop::measure
