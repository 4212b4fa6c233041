// SPDX-License-Identifier: MIT
// Many timeouts whose exact moment does not matter, on one timer of the loop.
//
// Time is cut into buckets. A call belongs to the bucket that its deadline falls in, [k*b, (k+1)*b), and fires in that
// bucket. If one chunk suffices, all calls fire at the bucket's end; otherwise the chunks are spread evenly over the
// bucket, the last at its end. So a call fires less than one bucket early and at most one bucket late.
#pragma once

#include <interloop/detail/invoke.hpp>
#include <interloop/detail/state_ptr.hpp>
#include <interloop/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace interloop {

namespace detail {

struct bucket;

/// One call in a bucket's list. Counted by the list and by handles.
struct batched_node {
  virtual ~batched_node() = default;
  virtual void run() = 0;
  /// Destroys the callable; the node itself may be kept by handles.
  virtual void drop() noexcept = 0;
  void retain() noexcept { ++references; }
  void release() noexcept;

  unsigned references = 1;
  bucket* home = nullptr;  // null once it has run or was cancelled
  batched_node* previous = nullptr;
  batched_node* next = nullptr;
};

template <class F>
struct batched_callable final : batched_node {
  explicit batched_callable(F callable) : fn(std::move(callable)) {}
  ~batched_callable() noexcept override {}
  void run() override { detail::invoke(std::move(fn)); }
  void drop() noexcept override { fn.~F(); }
  union {
    F fn;
  };
};

class batched_state;
void cancel_batched(batched_node& node) noexcept;

}  // namespace detail

/// A call made through a batched timer. Dropping it does not cancel the call.
/// Thread safety: the loop's thread only. May outlive the batched timer and the loop.
class batched_call {
 public:
  batched_call() noexcept = default;

  /// Prevents the call and destroys its callable, unless it has run, is running, or was cancelled: idempotent, O(1),
  /// and honoured while its bucket is being run. Returns whether there was something to cancel.
  bool cancel() noexcept {
    if (!active()) return false;
    detail::cancel_batched(*node_);
    return true;
  }
  /// Whether the call is still to come.
  [[nodiscard]] bool active() const noexcept { return node_ && node_->home; }

 private:
  friend class batched_timer;
  explicit batched_call(detail::state_ptr<detail::batched_node> node) noexcept : node_(std::move(node)) {}
  detail::state_ptr<detail::batched_node> node_;
};

/// What `make_batched_timer` returns. Copies share the buckets; calls stay scheduled when the last copy is destroyed.
///
/// Thread safety: the loop's thread only.
/// Source: `txaio.make_batched_timer`, `IBatchedTimer`.
class batched_timer {
 public:
  /// \param bucket      the length of a bucket, longer than zero: a millisecond, say, or an hour.
  /// \param chunk_size  how many calls are made at a time, at least one.
  /// Errors: `usage_error` for other values, `loop_closed`.
  batched_timer(loop& core, duration bucket, std::size_t chunk_size,
                std::source_location where = std::source_location::current());
  batched_timer(const batched_timer& other) noexcept;
  batched_timer(batched_timer&& other) noexcept;
  batched_timer& operator=(batched_timer other) noexcept;
  ~batched_timer();

  /// Calls `fn(args…)` about `delay` from now, at most one bucket early or late, in the loop's thread. Calls of one
  /// bucket run in the order they were made. O(1) except for finding the bucket.
  /// Errors: `loop_closed`. What `fn` throws goes to the loop's exception handler; no other call is lost.
  template <class Rep, class Period, class F, class... Args>
  batched_call call_later(std::chrono::duration<Rep, Period> delay, F&& fn, Args&&... args) {
    auto callable = detail::bind_once(std::forward<F>(fn), std::forward<Args>(args)...);
    auto* node = new detail::batched_callable<decltype(callable)>(std::move(callable));
    const detail::state_ptr<detail::batched_node> made(detail::state_ptr<detail::batched_node>::adopt{}, node);
    try {
      schedule(to_duration(delay), *node);
    } catch (...) {
      node->drop();
      throw;
    }
    return batched_call(made);
  }

 private:
  void schedule(duration delay, detail::batched_node& node);
  detail::state_ptr<detail::batched_state> state_;
};

}  // namespace interloop
