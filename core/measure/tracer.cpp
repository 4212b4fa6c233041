// SPDX-License-Identifier: MIT
#include "tracer.hpp"

#include <interloop/coroutine.hpp>

#include "this_thread.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace interloop::measure {

namespace {

constexpr unsigned retry_after = 256;

activity coroutine_of(const detail::future_core& state) noexcept {
  activity what;
  what.what = activity::kind::coroutine;
  what.where = state.created();
  return what;
}

}  // namespace

void tracer::source_queue::push(source from, std::uint64_t count) noexcept {
  if (count == 0 || broken_) return;
  if (!all_.empty() && all_.back().from.at == from.at && all_.back().from.thread == from.thread) {
    all_.back().count += count;
    return;
  }
  try {
    all_.push_back({from, count});
  } catch (const std::bad_alloc&) {
    broken_ = true;
    all_.clear();
  }
}

tracer::source tracer::source_queue::pop() noexcept {
  if (all_.empty()) return {};
  const source from = all_.front().from;
  if (--all_.front().count == 0) all_.pop_front();
  return from;
}

void tracer::source_queue::take(source_queue& other) noexcept {
  if (all_.empty()) {
    all_.swap(other.all_);
  } else {
    for (const sources& each : other.all_) push(each.from, each.count);
    other.all_.clear();
  }
  broken_ = broken_ || other.broken_;
  if (broken_) all_.clear();
}

tracer::tracer(loop& core, std::shared_ptr<trace_file> file)
    : core_(core), rate_(rate_of_ticks()), file_(std::move(file)) {}

tracer::~tracer() { finish(); }

void tracer::activate() noexcept {
  active_ = true;
  detail::task_queue& ready = detail::loop_looks::ready(core_);
  queued_.push({}, ready.size());
  mark_ = ready.end_mark();
  incoming_.push({}, detail::loop_looks::incoming(core_).size());
  // What waits is not told of; what is pushed from here on is.
  const std::uint64_t waiting = detail::loop_looks::inbox_of(core_).set_notes(this);
  incoming_.push({}, waiting);
  const ticks now = read_ticks(rate_.counter);
  for (const detail::pending* each = detail::loop_looks::pending_of(core_); each; each = each->next) {
    if (!each->ops->of_future()) continue;
    const auto& state = static_cast<const detail::future_core&>(*each);
    if (state.is_coroutine()) begin_coroutine(state, now);
  }
  newer_.link_into(detail::loop_looks::pending_of(core_));
}

void tracer::start() noexcept {
  thread_ = this_thread();
  if (detail::loop_looks::depth(core_) == 0) activate();
}

void tracer::turn_begins(ticks now) noexcept {
  thread_ = this_thread();
  if (!active_) {
    if (detail::loop_looks::depth(core_) != 1) return;
    activate();
  }
  if (thread_ != named_) {
    try {
      file_->name_thread(thread_, "loop " + std::string(core_.name()));
    } catch (const std::bad_alloc&) {
    }
    named_ = thread_;
  }
  note_new(now);
  note_pushed();
  if (turns_ < most_turns) turn_begins_[turns_] = now;
  ++turns_;
}

void tracer::turn_ends(ticks now) noexcept {
  if (!active_ || turns_ == 0) return;
  note_new(now);
  note_pushed();
  --turns_;
  if (turns_ < most_turns) add({trace_event::kind::turn, {}, turn_begins_[turns_], now, 0, thread_, 0, 0});
  if (turns_ == 0 && block_ && static_cast<double>(now - block_begin_) * rate_.nanoseconds > 1e9) hand_over();
}

void tracer::begins(detail::errand::kind from, const activity& what, const detail::promise_core* who) noexcept {
  if (!active_ || turns_ == 0) return;
  note_pushed();
  source of;
  if (from == detail::errand::kind::queued) {
    of = queued_.pop();
    mark_ = detail::loop_looks::ready(core_).end_mark_without_front();
  } else if (from == detail::errand::kind::posted) {
    of = incoming_.pop();
  }
  if (depth_++ >= most_frames) return;
  frame& mine = frames_[depth_ - 1];
  mine.what = what;
  mine.from = of;
  mine.own = nullptr;
  mine.begin = read_ticks(rate_.counter);
  if (who && who->awaited() && who->awaited()->is_coroutine() && !who->awaited()->is_pending())
    end_coroutine(who->awaited(), mine.begin);  // unless its own resumption was seen to end it
  detail::future_core* const own = who ? who->own() : nullptr;
  if (own && own->link && &own->loop() == &core_) {
    mine.coroutine = own;
    mine.own = &own->next;
    mine.behind.next = own->next;
    mine.behind.link = &own->next;
    if (own->next) own->next->link = &mine.behind.next;
    own->next = &mine.behind;
  }
  mine.newer.link_into(detail::loop_looks::pending_of(core_));
}

void tracer::ends() noexcept {
  if (!active_ || depth_ == 0) return;
  const ticks now = read_ticks(rate_.counter);
  note_new(now);
  note_pushed();
  close_frame(now);
}

// What the callback has begun is destroyed next.
void tracer::loop_closes() noexcept {
  if (!active_) return;
  note_new(read_ticks(rate_.counter));
}

void tracer::close_frame(ticks now) noexcept {
  if (depth_-- > most_frames) return;
  frame& mine = frames_[depth_];
  if (mine.own && mine.behind.link != mine.own) end_coroutine(mine.coroutine, now);
  mine.behind.remove();
  mine.newer.remove();
  detail::bookmark& outer = depth_ == 0 ? newer_ : frames_[depth_ - 1].newer;
  if (outer.link) {  // what this one has begun is known
    outer.unlink();
    outer.link_into(detail::loop_looks::pending_of(core_));
  }
  add({trace_event::kind::slice, mine.what, mine.begin, now, mine.from.at, thread_, mine.from.thread, 0});
}

// The coroutines that the innermost callback has begun, or code outside of callbacks; moves the bookmark before them.
void tracer::note_new(ticks now) noexcept {
  if (depth_ > most_frames) return;
  detail::bookmark& known = depth_ == 0 ? newer_ : frames_[depth_ - 1].newer;
  if (!known.link) return;  // the loop was closed
  detail::pending*& first = detail::loop_looks::pending_of(core_);
  if (first == &known) return;
  for (const detail::pending* each = first; each != &known; each = each->next) {
    if (!each->ops->of_future()) continue;
    const auto& state = static_cast<const detail::future_core&>(*each);
    if (state.is_coroutine()) begin_coroutine(state, now);
  }
  known.unlink();
  known.link_into(first);
}

// What was pushed since the last call belongs to the innermost callback.
void tracer::note_pushed() noexcept {
  if (core_.closed()) return;
  const std::uint64_t count = detail::loop_looks::ready(core_).pushed_since(mark_);
  if (count == 0) return;
  const bool known = depth_ > 0 && depth_ <= most_frames;
  queued_.push(known ? source{frames_[depth_ - 1].begin, thread_} : source{}, count);
}

void tracer::begin_coroutine(const detail::future_core& state, ticks now) noexcept {
  end_coroutine(&state, now);  // if it was one's that ended unseen, and had the same memory
  try {
    const open_coroutine made{file_->next_id(), coroutine_of(state)};
    if (add({trace_event::kind::coroutine_begins, made.what, now, now, 0, thread_, 0, made.id}))
      coroutines_.emplace(&state, made);
  } catch (const std::bad_alloc&) {
    ++lost_;
  }
}

void tracer::end_coroutine(const void* state, ticks now) noexcept {
  const auto place = coroutines_.find(state);
  if (place == coroutines_.end()) return;
  add({trace_event::kind::coroutine_ends, place->second.what, now, now, 0, thread_, 0, place->second.id});
  coroutines_.erase(place);
}

trace_event* tracer::slot() noexcept {
  if (!block_) {
    if (retry_ > 0) {
      --retry_;
      return nullptr;
    }
    block_ = file_->take();
    if (!block_) {
      retry_ = retry_after;
      return nullptr;
    }
    block_->count = 0;
    block_begin_ = read_ticks(rate_.counter);
  }
  return &block_->events[block_->count];
}

bool tracer::add(const trace_event& event) noexcept {
  trace_event* const place = slot();
  if (!place) {
    ++lost_;
    return false;
  }
  *place = event;
  ++events_;
  if (++block_->count == trace_block::capacity) hand_over();
  return true;
}

void tracer::hand_over() noexcept {
  if (lost_ != lost_told_) file_->add_lost(lost_ - std::exchange(lost_told_, lost_));
  if (block_) file_->give(std::exchange(block_, nullptr));
}

void tracer::finish() noexcept {
  if (!file_) return;
  const ticks now = read_ticks(rate_.counter);
  if (active_) {
    static_cast<void>(detail::loop_looks::inbox_of(core_).set_notes(nullptr));
    note_new(now);
    while (depth_ > 0) close_frame(now);
    while (turns_ > 0) turn_ends(now);
    newer_.remove();
    while (!coroutines_.empty()) end_coroutine(coroutines_.begin()->first, now);
    active_ = false;
  }
  hand_over();
  file_.reset();
}

trace_result tracer::result() {
  const std::shared_ptr<trace_file> file = file_;
  finish();
  trace_result all{events_, lost_, {}};
  if (file) all.error = file->flush();
  return all;
}

void tracer::posted() noexcept { arriving_.push({read_ticks(rate_.counter), this_thread()}, 1); }
void tracer::taken() noexcept { incoming_.take(arriving_); }

}  // namespace interloop::measure
