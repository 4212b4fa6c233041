// SPDX-License-Identifier: MIT
#include "measuring.hpp"

#include <interloop/detail/loop_looks.hpp>

#include "activity_of.hpp"
#include "tracer.hpp"

#include <utility>

namespace interloop::measure {

measuring& measuring::of(loop& core) {
  if (measuring* const made = found(core)) return *made;
  detail::loop_looks::keep(core, std::make_unique<measuring>(core));
  return *found(core);
}

measuring* measuring::found(const loop& core) noexcept {
  return static_cast<measuring*>(detail::loop_looks::kept(core));
}

measuring::measuring(loop& core) : core_(core), rate_(rate_of_ticks()), slow_(core, rate_) {}
measuring::~measuring() = default;

void measuring::tell() noexcept {
  needs_ends = watched_ || tracer_;
  detail::loop_looks::tell(core_, timed_ || slow_.on() || needs_ends);
}

void measuring::time_turns(bool on) noexcept {
  timed_ = on;
  turn_began_ = 0;
  if (!on) longest_ = 0;
  tell();
}

void measuring::set_slow(duration threshold, slow_handler handler) {
  slow_.set(threshold, std::move(handler));
  tell();
}

void measuring::set_watched(std::shared_ptr<running_now> by) noexcept {
  watched_ = std::move(by);
  tell();
}

void measuring::set_tracer(std::unique_ptr<tracer> made) noexcept {
  tracer_ = std::move(made);
  tell();
}

std::unique_ptr<tracer> measuring::take_tracer() noexcept {
  std::unique_ptr<tracer> taken = std::move(tracer_);
  tell();
  return taken;
}

void measuring::turn_begins() noexcept {
  ++turns_;
  const ticks now = read_ticks(rate_.counter);
  if (turns_ == 1) turn_began_ = now;
  slow_.turn_begins(now);
  if (watched_) watched_->turn_begins();
  if (tracer_) tracer_->turn_begins(now);
}

void measuring::turn_ends() noexcept {
  --turns_;
  const ticks now = read_ticks(rate_.counter);
  if (timed_ && turns_ == 0 && turn_began_ != 0) {
    const std::uint64_t took = nanoseconds_between(turn_began_, now, rate_.nanoseconds);
    if (took > longest_) longest_ = took;
  }
  slow_.turn_ends(now);
  if (watched_) watched_->turn_ends();
  if (!tracer_) return;
  tracer_->turn_ends(now);
  if (turns_ == 0 && core_.closed()) take_tracer()->finish();
}

void measuring::begins(const detail::errand& next) noexcept {
  if (turns_ == 0) return;
  if (!needs_ends && slow_.again(next)) return;
  const detail::promise_core* who = nullptr;
  const activity what = activity_of(next, who);
  if (slow_.on()) slow_.begins(next, what);
  if (!needs_ends) return;
  if (watched_) watched_->begins(what);
  if (tracer_) tracer_->begins(next.what, what, who);
}

void measuring::ends() noexcept {
  if (turns_ == 0) return;
  if (watched_) watched_->ends();
  if (tracer_) tracer_->ends();
}

void measuring::loop_closes() noexcept {
  slow_.loop_closes();
  if (!tracer_) return;
  tracer_->loop_closes();
  if (turns_ == 0) take_tracer()->finish();
}

}  // namespace interloop::measure
