// SPDX-License-Identifier: MIT
// Tasks that belong together: they end together, and the first failure cancels the others.
#pragma once

#include <interloop/coroutine.hpp>
#include <interloop/current_loop.hpp>
#include <interloop/detail/as_future.hpp>
#include <interloop/detail/driven.hpp>
#include <interloop/detail/keep.hpp>
#include <interloop/detail/state_ptr.hpp>
#include <interloop/failure.hpp>
#include <interloop/future.hpp>
#include <interloop/group_error.hpp>
#include <interloop/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop {

namespace detail {

class joining;

/// What a group and its tasks share. Counted by the group, its tasks, and those who call into it.
///
/// The tasks are in `entries_` in the order in which they were added; those that have ended leave a gap, and the gaps are
/// closed when they are the majority.
class group_core {
 public:
  /// The continuation of a task.
  struct child : continuation {
    group_core* group;
    std::uint32_t place;
    bool spawned;  // counts for the limit
    bool counted;  // see retain_for_waiter
  };
  /// A task that waits for others to end, because of the limit.
  struct queued {
    queued* next = nullptr;
    virtual ~queued() = default;
    virtual void start(group_core& group) noexcept = 0;
  };

  group_core(interloop::loop& core, std::size_t at_once, std::source_location where) noexcept
      : loop_(core), at_once_(at_once), created_(where) {
    loop_access::retain(core);
  }
  group_core(const group_core&) = delete;
  group_core& operator=(const group_core&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  [[nodiscard]] interloop::loop& home() const noexcept { return loop_; }
  [[nodiscard]] bool stopping() const noexcept { return stopped_.has_value(); }
  [[nodiscard]] bool full() const noexcept { return spawned_ >= at_once_ || first_queued_; }
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

  template <class T>
  void add(const future<T>& f, bool spawned);
  /// Calls a function that returns a future, or does not; what it throws is the failure of a task.
  template <class Start>
  void start(Start&& fn) noexcept;
  void enqueue(queued* what) noexcept;
  future<void> join(std::source_location where);
  /// Cancels all tasks and destroys those that wait.
  void stop(const failure& why) noexcept;
  /// The group's owner is gone.
  void abandon() noexcept;

 private:
  template <class T>
  struct child_of;
  friend class joining;

  struct entry {
    future_core* task;  // null: a gap
    child* link;
  };

  ~group_core();
  void ended(child& which, future_core& task, const failure* why) noexcept;
  void failed(const failure& why) noexcept;
  void report(const failure& why) noexcept;
  queued* dequeue() noexcept;
  void start_waiting() noexcept;
  void drop_waiting() noexcept;
  void end_if_idle() noexcept;
  void complete_join() noexcept;
  void close_gaps() noexcept;

  unsigned references_ = 1;
  bool owned_ = true;
  bool cancelling_ = false;  // the entries are being visited
  bool starting_ = false;
  bool told_ = false;  // somebody has been given the failures
  interloop::loop& loop_;
  std::size_t at_once_;
  std::source_location created_;
  std::vector<entry> entries_;
  std::size_t running_ = 0;
  std::size_t spawned_ = 0;  // of those, the ones that `start` has added
  queued* first_queued_ = nullptr;
  queued** last_queued_ = &first_queued_;
  std::size_t waiting_ = 0;
  std::optional<failure> stopped_;
  bool cancelled_ = false;  // by the user, not by a failure
  std::vector<failure> failures_;
  state_ptr<joining> join_;
};

/// Drives the future that `join` returns.
class joining final : public driver<void, joining> {
  friend driver<void, joining>;
  friend class group_core;

 private:
  static constexpr const char* name = "task_group::join";
  static constexpr look_edge way();

  explicit joining(group_core& group) noexcept : group_(&group) {}
  void cancel(const failure& why) noexcept;

  group_core* group_;  // null if the group is gone
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
constexpr look_edge joining::way() {
  return {.form = look_edge::vector,
          .steps = 1,
          .path = {__builtin_offsetof(joining, group_), 0},
          .at = __builtin_offsetof(group_core, entries_),
          .stride = sizeof(group_core::entry),
          .element = __builtin_offsetof(group_core::entry, task)};
}
#pragma GCC diagnostic pop

template <class T>
struct group_core::child_of final : child {
  child_of(group_core& of, std::uint32_t at, bool is_spawned) noexcept
      : child{{&code_of}, &of, at, is_spawned, false} {}

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size) {
    size = sizeof(child_of);
    if (how == visit::cancel) return;
    auto& self = static_cast<child_of&>(base);
    const bool failed = core.status() == status::failed;
    self.group->ended(self, core, failed ? &static_cast<future_state<T>&>(core).get_failure() : nullptr);
  }
};

template <class T>
void group_core::add(const future<T>& f, bool spawned) {
  future_state<T>& state = future_access::state(f);
  loop_access::require_open(state.loop(), "task_group");
  if (!state.is_pending() && state.status() != status::failed) return;
  entries_.push_back({&state, nullptr});
  const auto place = static_cast<std::uint32_t>(entries_.size() - 1);
  try {
    child& link = state.is_pending() ? state.template add_bystander<child_of<T>>(*this, place, spawned)
                                     : state.template add<child_of<T>>(*this, place, spawned);
    entries_.back().link = &link;
    link.counted = state.retain_for_waiter();
  } catch (...) {
    entries_.pop_back();
    throw;
  }
  retain();
  ++running_;
  if (spawned) ++spawned_;
  if (stopped_) state.cancel(*stopped_);
}

template <class Start>
void group_core::start(Start&& fn) noexcept {
  using returned = std::invoke_result_t<Start&>;
  const state_ptr<group_core> keep(this);
  try {
    if constexpr (is_future_v<std::remove_cvref_t<returned>>) {
      const std::remove_cvref_t<returned> task = fn();
      if (!task) throw_usage("task_group: the function returned an empty future");
      try {
        add(task, true);
      } catch (...) {  // nobody waits for it
        future_access::state(task).cancel(failure::of(std::current_exception(), created_));
        throw;
      }
    } else {
      fn();
    }
  } catch (...) {
    failed(failure::of(std::current_exception(), created_));
  }
}

}  // namespace detail

/// Owns tasks: futures, and the coroutines and functions that it starts. They end together: `join` waits for all of
/// them; the first failure cancels the others, and so does cancelling the group, or the future that `join` returned.
///
/// A task that fails with `cancelled_error` has not failed; it was cancelled, by the group or by other code. Every other
/// failure is given to `join`; if nobody joins, to the exception handler. Values are not collected: a caller that needs
/// one keeps the future, and reads it after `join`.
///
/// Callbacks and tasks may add tasks to the group at any time. A group that has failed or was cancelled starts none any
/// more.
///
/// Destroying a group with running tasks cancels them, and tells the exception handler, because nobody can wait for them
/// any more: they may still use what the group's owner has destroyed. So `co_await join()` before that, or use
/// `with_task_group`, which does. If the loop closes first, its closing destroys the tasks, and that is not reported.
///
/// Thread safety: the loop's thread only. May outlive the loop.
/// Source: trio's nursery, Python `asyncio.TaskGroup`, KJ `TaskSet`.
class task_group {
 public:
  static constexpr std::size_t unlimited = (std::numeric_limits<std::size_t>::max)();

  /// A group on a loop, or on the current one. One allocation.
  /// \param at_once  how many tasks that `spawn` started may run at once; others wait for their turn, first come first
  ///                 served. At least one.
  /// \param where    the place that tracebacks and reports name.
  /// Errors: `usage_error` if `at_once` is zero, `loop_closed`, `std::bad_alloc`.
  explicit task_group(interloop::loop& core, std::size_t at_once = unlimited,
                      std::source_location where = std::source_location::current());
  explicit task_group(std::size_t at_once = unlimited, std::source_location where = std::source_location::current())
      : task_group(current_loop(), at_once, where) {}
  task_group(task_group&& other) noexcept = default;
  task_group& operator=(task_group&& other) noexcept {
    if (this != &other) {
      if (core_) core_->abandon();
      core_ = std::move(other.core_);
    }
    return *this;
  }
  ~task_group() {
    if (core_) core_->abandon();
  }

  /// Calls `fn(args…)` now or, if as many tasks run as may, when one of them has ended. `fn` may return a future (be a
  /// coroutine, say), which is then a task of the group. What it throws counts as the failure of a task, and what else
  /// it returns is ignored. `fn` and the arguments are moved in, and kept until that future is completed. No allocation
  /// for a function without arguments and captures; one for others, and for one that has to wait.
  /// \return false if the group has failed or was cancelled; `fn` is then not called.
  /// Errors: `loop_closed`, `std::bad_alloc`; `fn` is then not called.
  template <class F, class... Args>
  bool spawn(F&& fn, Args&&... args) {
    detail::group_core& core = open("task_group::spawn");
    if (core.stopping()) return false;
    auto once = detail::bind_once(std::forward<F>(fn), std::forward<Args>(args)...);
    if (core.full()) {
      core.enqueue(new waiting_task<decltype(once)>(std::move(once)));
    } else {
      core.start(once);
    }
    return true;
  }

  /// Makes a future a task of the group, whatever the limit, since it runs already. If the group has failed or was
  /// cancelled, `f` is cancelled. Errors: `usage_error` if `f` is empty, `loop_closed`, `std::bad_alloc`; `f` then does
  /// not belong to the group.
  template <class T>
  void add(const future<T>& f) {
    open("task_group::add").add(f, false);
  }

  /// A future that is completed when no task is left, including those that wait and those that are added meanwhile. It
  /// fails if a task has failed, after all have ended: with the failure, or with all of them as a `group_error`; it
  /// fails with `cancelled_error` if the group was cancelled. Until it is completed, each call returns the same future,
  /// and cancelling that cancels the group. Afterwards, a group that has not failed may be used again.
  /// Errors: `loop_closed`, `std::bad_alloc`.
  [[nodiscard]] future<void> join(std::source_location where = std::source_location::current()) {
    return open("task_group::join").join(where);
  }

  /// Cancels all tasks, in the order in which they were added, and destroys those that wait without calling them. No
  /// others are started from then on. Does nothing if the group has failed or was cancelled before.
  void cancel(std::string message = "the task_group was cancelled",
              std::source_location where = std::source_location::current());

  /// How many tasks run, and how many wait because of the limit.
  [[nodiscard]] std::size_t running() const noexcept { return core_ ? core_->running() : 0; }
  [[nodiscard]] std::size_t waiting() const noexcept { return core_ ? core_->waiting() : 0; }

  /// The group's loop. A coroutine that has the group as a parameter belongs to it. Errors: `usage_error` if this was moved
  /// from.
  [[nodiscard]] interloop::loop& loop() const;
  operator interloop::loop&() const { return loop(); }

  /// Whether the group has failed or was cancelled.
  [[nodiscard]] bool stopping() const noexcept { return core_ && core_->stopping(); }

 private:
  template <class Once>
  struct waiting_task final : detail::group_core::queued {
    explicit waiting_task(Once&& fn) : once(std::move(fn)) {}
    void start(detail::group_core& group) noexcept override { group.start(once); }
    Once once;
  };

  detail::group_core& open(const char* function) const;

  detail::state_ptr<detail::group_core> core_;
};

/// Calls `body(group)`, which returns a future, with a new group, and returns a future that is completed when `body` and
/// all tasks of the group have ended. `body` is one of the tasks: if it fails, the others are cancelled, and the other way
/// round. So no task outlives the call, whichever way `body` is left. Cancelling the returned future cancels the group.
/// \param body  kept until everything has ended. A value that its future has is ignored.
/// The limit and the errors are those of `task_group`. The returned future fails as that of `join`.
/// Source: trio `open_nursery`, Boost.Cobalt `with`.
template <class Body>
  requires(detail::returns_future<Body&, task_group&>())
future<void> with_task_group(loop& core, Body body, std::size_t at_once = task_group::unlimited,
                             std::source_location where = std::source_location::current()) {
  static_cast<void>(co_await detail::created_at{where});
  task_group group(core, at_once, where);
  group.add(detail::as_future_on(core, where, body, group));  // which catches what `body` throws
  co_await group.join(where);
}
template <class Body>
  requires(detail::returns_future<Body&, task_group&>())
future<void> with_task_group(Body body, std::size_t at_once = task_group::unlimited,
                             std::source_location where = std::source_location::current()) {
  return with_task_group(current_loop(), std::move(body), at_once, where);
}

}  // namespace interloop
