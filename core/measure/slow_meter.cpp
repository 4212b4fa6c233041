// SPDX-License-Identifier: MIT
#include "slow_meter.hpp"

#include <interloop/detail/report.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

namespace interloop::measure {

namespace {

constexpr unsigned most_calls = 8;

void write_line(const loop& core, const slow_callback& slow) {
  char time[64];
  std::snprintf(time, sizeof time, "%.3g ms", static_cast<double>(slow.held.count()) / 1e6);
  std::string text = "interloop: " + slow.what + " held the loop " + std::string(core.name()) + " for " + time;
  if (slow.calls > 1) text += " in " + std::to_string(slow.calls) + " calls";
  detail::say(text + "\n");
}

}  // namespace

void slow_meter::set(duration threshold, slow_handler handler) {
  if (threshold <= duration::zero()) {
    threshold_ = 0;
    last_ = nullptr;
    handler_.reset();
    waiting_.clear();
    return;
  }
  auto kept = handler ? std::make_shared<slow_handler>(std::move(handler)) : nullptr;
  waiting_.reserve(16);
  handler_ = std::move(kept);
  threshold_ = std::max<ticks>(1, static_cast<ticks>(static_cast<double>(threshold.count()) / rate_.nanoseconds));
  quick_ = threshold_ / 1024;
  most_ = 1;
  last_ = nullptr;
  now_ = {{}, read_ticks(rate_.counter), 0, false};
  for (group& each : outer_) each = {};
}

void slow_meter::turn_begins(ticks now) noexcept {
  if (turns_ > 0) {
    close(now);
    if (turns_ <= outer_.size()) outer_[turns_ - 1] = now_;
  }
  ++turns_;
  now_ = {{}, now, 0, false};
  last_ = nullptr;
}

void slow_meter::turn_ends(ticks now) noexcept {
  close(now);
  --turns_;
  now_ = turns_ > 0 && turns_ <= outer_.size() ? outer_[turns_ - 1] : group{};
  now_.begin = now;
  last_ = nullptr;
}

void slow_meter::begin_group(const activity& next) noexcept {
  if (now_.what.what != activity::kind::none) {
    const ticks now = read_ticks(rate_.counter);
    close(now);
    now_.begin = now;
  }
  now_.what = next;
  now_.calls = 1;
  now_.silent = false;
}

void slow_meter::close(ticks now) noexcept {
  if (now_.what.what == activity::kind::none || threshold_ == 0) return;
  const ticks took = now > now_.begin ? now - now_.begin : 0;
  most_ = took < quick_ ? most_calls : 1;
  if (took < threshold_ || now_.silent) return;
  try {
    waiting_.push_back({now_.what, nanoseconds_between(now_.begin, now, rate_.nanoseconds), now_.calls});
    if (waiting_.size() == 1) core_.call_soon([this] { deliver(); });
  } catch (...) {  // memory is short, or the loop is closed
    waiting_.clear();
  }
}

void slow_meter::deliver() noexcept {
  now_.silent = true;
  last_ = nullptr;
  const std::vector<found> all = std::exchange(waiting_, {});
  for (const found& each : all) {
    try {
      const slow_callback slow{duration(static_cast<std::int64_t>(each.nanoseconds)), each.calls, text_of(each.what),
                               each.what.where};
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
