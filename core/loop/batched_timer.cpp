// SPDX-License-Identifier: MIT
#include <interloop/batched_timer.hpp>

#include <interloop/detail/loop_access.hpp>

#include <algorithm>
#include <map>
#include <string>

namespace interloop {
namespace detail {

void batched_node::release() noexcept {
  if (--references == 0) delete this;
}

// The calls whose deadlines fall into one span of time, in the order they were made.
struct bucket {
  batched_state* owner;
  std::int64_t key;
  batched_node* first = nullptr;
  batched_node* last = nullptr;
  std::size_t count = 0;
  std::int64_t fires_at = 0;  // when the next chunk runs
  std::int64_t step = 0;      // between chunks; 0 until the first chunk has run
};

class batched_state {
 public:
  batched_state(loop& core, std::int64_t span, std::size_t chunk, std::source_location where) noexcept
      : core_(core), span_(span), chunk_(chunk), where_(where) {
    loop_access::retain(core);
  }
  batched_state(const batched_state&) = delete;
  batched_state& operator=(const batched_state&) = delete;
  ~batched_state() {
    clear();
    loop_access::release(core_);
  }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  void schedule(duration delay, batched_node& node) {
    loop_access::require_open(core_, "batched_timer::call_later");
    const std::int64_t deadline = core_.after(delay).time_since_epoch().count();
    const std::int64_t key = deadline / span_ - (deadline % span_ < 0 ? 1 : 0);
    bucket& home = buckets_.try_emplace(key, bucket{this, key}).first->second;
    try {
      plan(home, home.count + 1);
      arm(home.fires_at);
    } catch (...) {
      if (home.count == 0 && &home != running_) buckets_.erase(key);
      throw;
    }
    node.retain();
    node.home = &home;
    node.previous = home.last;
    (home.last ? home.last->next : home.first) = &node;
    home.last = &node;
    ++home.count;
  }

  void remove(batched_node& node) noexcept {
    bucket& home = unlink(node);
    if (home.count == 0 && &home != running_) buckets_.erase(home.key);
    if (buckets_.empty()) timer_.cancel();
    node.drop();
    node.release();
  }

  void clear() noexcept {
    while (!buckets_.empty()) {
      bucket& first = buckets_.begin()->second;
      batched_node* node = first.first;
      if (node) unlink(*node);
      if (first.count == 0) {
        if (&first == running_) running_ = nullptr;
        buckets_.erase(buckets_.begin());
      }
      if (node) {  // user code may cancel others, so hold on to nothing meanwhile
        node->drop();
        node->release();
      }
    }
  }

  loop& core() noexcept { return core_; }

  void fire() {
    const state_ptr<batched_state> keep(this);
    const std::int64_t now = core_.now().time_since_epoch().count();
    while (!buckets_.empty()) {
      bucket& due = buckets_.begin()->second;
      if (due.fires_at > now) break;
      const std::int64_t key = due.key;
      const std::int64_t end = end_of(due);
      if (due.step == 0) due.step = std::max<std::int64_t>(1, span_ / chunks(due.count));
      // Calls that were made late, or are late, do not wait beyond the end of their bucket.
      run(due, now >= end ? due.count : chunk_);
      if (core_.closed()) return;
      const auto left = buckets_.find(key);  // a nested run of the loop may have finished the bucket
      if (left == buckets_.end()) continue;
      if (left->second.count == 0) {
        buckets_.erase(left);
      } else {
        left->second.fires_at = std::min(end, left->second.fires_at + left->second.step);
      }
    }
    if (!buckets_.empty()) arm(buckets_.begin()->second.fires_at);
  }

 private:
  // If it is destroyed without being called, no call was left, or the loop closes and destroys everything.
  struct wake {
    state_ptr<batched_state> state;
    explicit wake(state_ptr<batched_state> whose) noexcept : state(std::move(whose)) {}
    wake(wake&&) noexcept = default;
    wake& operator=(wake&&) = delete;
    ~wake() {
      if (state && state->core().closed()) state->clear();
    }
    void operator()() { state->fire(); }
  };

  [[nodiscard]] std::int64_t chunks(std::size_t calls) const noexcept {
    return static_cast<std::int64_t>((calls + chunk_ - 1) / chunk_);
  }
  [[nodiscard]] std::int64_t end_of(const bucket& b) const noexcept {
    constexpr std::int64_t latest = (time_point::max)().time_since_epoch().count();
    return b.key >= latest / span_ - 1 ? latest : (b.key + 1) * span_;
  }

  // Sets when the first chunk of a bucket with that many calls must run.
  void plan(bucket& b, std::size_t calls) const noexcept {
    if (b.step != 0) return;  // running already
    const std::int64_t parts = chunks(calls);
    b.fires_at = end_of(b) - (parts - 1) * (span_ / parts);
  }

  void arm(std::int64_t when) {
    if (timer_.active() && armed_for_ <= when) return;
    const time_point at{duration(when)};
    if (!timer_.restart_at(at)) timer_ = core_.call_at({at, where_}, wake(state_ptr<batched_state>(this)));
    armed_for_ = when;
  }

  void run(bucket& due, std::size_t calls) noexcept {
    running_ = &due;
    // Once a call has closed the loop, no other runs; the rest is destroyed with the timer of this one.
    while (calls-- > 0 && running_ == &due && due.first && !core_.closed()) {
      batched_node& node = *due.first;
      unlink(node);
      try {
        node.run();
      } catch (...) {
        core_.handle_exception("an exception escaped a batched call",
                               failure::of(std::current_exception(), std::source_location{}));
      }
      node.drop();
      node.release();
    }
    running_ = nullptr;
  }

  static bucket& unlink(batched_node& node) noexcept {
    bucket& home = *std::exchange(node.home, nullptr);
    (node.previous ? node.previous->next : home.first) = node.next;
    (node.next ? node.next->previous : home.last) = node.previous;
    --home.count;
    return home;
  }

  std::size_t references_ = 1;
  loop& core_;
  const std::int64_t span_;
  const std::size_t chunk_;
  const std::source_location where_;  // the batched timer was made
  std::map<std::int64_t, bucket> buckets_;
  bucket* running_ = nullptr;  // the bucket whose calls are being made
  timer timer_;
  std::int64_t armed_for_ = 0;
};

void cancel_batched(batched_node& node) noexcept { node.home->owner->remove(node); }

}  // namespace detail

batched_timer::batched_timer(loop& core, duration bucket, std::size_t chunk_size, std::source_location where) {
  detail::loop_access::require_open(core, "make_batched_timer");
  if (bucket <= duration::zero())
    throw usage_error("make_batched_timer: a bucket of " + std::to_string(bucket.count()) +
                      " ns; it must be longer than zero");
  if (chunk_size == 0) throw usage_error("make_batched_timer: a chunk_size of 0; it must be at least 1");
  using adopted = detail::state_ptr<detail::batched_state>;
  state_ = adopted(adopted::adopt{}, new detail::batched_state(core, bucket.count(), chunk_size, where));
}
batched_timer::batched_timer(const batched_timer& other) noexcept = default;
batched_timer::batched_timer(batched_timer&& other) noexcept = default;
batched_timer& batched_timer::operator=(batched_timer other) noexcept {
  state_ = std::move(other.state_);
  return *this;
}
batched_timer::~batched_timer() = default;

void batched_timer::schedule(duration delay, detail::batched_node& node) { state_->schedule(delay, node); }

}  // namespace interloop
