// SPDX-License-Identifier: MIT
// The loop: a ready queue, an inbox for other threads, timers and watches, riding on a native loop through its port.
//
// A *turn* runs what was ready when it began, then due timers, then what those queued, for at most 16 generations; the
// rest waits for the next turn, so the native loop's own handlers are never starved.
//
// Thread safety: everything here belongs to the loop's thread, except where a function says "any thread".
#pragma once

#include <interloop/detail/block_cache.hpp>
#include <interloop/detail/checked.hpp>
#include <interloop/detail/inbox.hpp>
#include <interloop/detail/invoke.hpp>
#include <interloop/detail/keep.hpp>
#include <interloop/detail/layout.hpp>
#include <interloop/detail/library_copy.hpp>
#include <interloop/detail/owned.hpp>
#include <interloop/detail/placed.hpp>
#include <interloop/detail/same_build.hpp>
#include <interloop/detail/state_ptr.hpp>
#include <interloop/detail/task_queue.hpp>
#include <interloop/detail/timer_queue.hpp>
#include <interloop/error.hpp>
#include <interloop/failure.hpp>
#include <interloop/function.hpp>
#include <interloop/interest.hpp>
#include <interloop/loop_owner.hpp>
#include <interloop/time.hpp>
#include <interloop/timer.hpp>
#include <interloop/watch.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <source_location>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop {

class loop_port;
struct wait_graph;

/// Called with what happened and the failure, for exceptions that no user code can catch. Must not throw.
using exception_handler = function<void(std::string_view context, const failure& fail)>;

namespace detail {

/// A future that is not completed yet, as its loop sees it: one link in the list of all of them.
struct pending {
  struct operations {
    const task_queue::kind* queued;       // the record in the ready queue: `dispatch`, or `abandon` if it is not run
    void (*dispatch)(pending&) noexcept;  // completed: run the callbacks
    void (*abandon)(pending&) noexcept;   // the loop closes: fail with loop_closed if pending; destroy the callbacks
    void (*destroy)(pending&) noexcept;   // the last handle is gone: give the memory back
    void (*cancel)(pending&, const failure& cancelled);  // pending: ask the code that will complete it, or fail it
    // For a pending coroutine future: returns the future that the coroutine awaits, to be cancelled instead, or null.
    // `in_ring` means that coroutines await each other, so nothing will ever complete that future: then this one fails.
    pending* (*pass_on)(pending&, const failure& cancelled, bool in_ring);
    const look* about;  // how readers of memory see it

    /// Whether they are those of a future's state, a `future_core`.
    [[nodiscard]] bool of_future() const noexcept { return about && about->what <= look::kind::several; }
  };
  const operations* ops;
  pending* next = nullptr;
  pending** link = nullptr;

  void link_into(pending*& head) noexcept {
    next = head;
    link = &head;
    if (head) head->link = &next;
    head = this;
  }
  void unlink() noexcept {
    *link = next;
    if (next) next->link = link;
    link = nullptr;
  }
};

/// What the library's own code may do with a loop, see detail/loop_access.hpp.
class loop_access;
/// What measures a loop, see detail/onlooker.hpp.
class onlooker;
class loop_looks;

/// The loop whose turn runs in this thread, or null.
extern constinit thread_local loop* running_loop;

/// Whether `fn` and its bound arguments are kept until the future that it returns is completed.
template <class F, class... Args>
inline constexpr bool is_kept = returns_future<F, Args...>() && (has_members<F> || sizeof...(Args) > 0);

/// `fn` itself, or `fn` with its arguments bound, to be invoked once.
template <class F, class... Args>
auto bind_once(F&& fn, Args&&... args) {
  static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
                "interloop: the function cannot be called with these arguments");
  require_quiet_destructors<std::decay_t<F>, std::decay_t<Args>...>();
  constexpr bool keeps = is_kept<std::decay_t<F>, std::decay_t<Args>...>;
  if constexpr (sizeof...(Args) == 0 && !keeps) {
    return std::decay_t<F>(std::forward<F>(fn));
  } else {
    using kept = bound<std::decay_t<F>, std::decay_t<Args>...>;
    kept once{std::tuple<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(fn), std::forward<Args>(args)...)};
    if constexpr (keeps) {
      return kept_callable<kept>(std::move(once));
    } else {
      return once;
    }
  }
}
template <class F, class A, class B>
auto bind_once(F&& fn, A&& a, B&& b, not_given&& c) {
  return with_given(
      [&fn](auto&&... args) { return bind_once(std::forward<F>(fn), std::forward<decltype(args)>(args)...); },
      std::forward<A>(a), std::forward<B>(b), std::move(c));
}

}  // namespace detail

/// Posts to a loop from any thread, even if the loop may be gone: a copyable, counted handle that keeps only the inbox
/// alive. Made by `loop::remote()`.
class loop_remote {
 public:
  /// Runs `fn(args…)` in a later turn of the loop, in its thread. Callables posted by one thread keep their order. `fn`
  /// is destroyed in the loop's thread, after it ran or when the loop closes.
  /// Thread safety: any thread. Errors: `loop_closed`; `fn` is then destroyed here.
  /// Source: asyncio `call_soon_threadsafe`, Twisted `callFromThread`.
  template <class F, class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
  void post(F&& fn, A&& a = A(), B&& b = B(), C&& c = C(),
            detail::call_place from = std::source_location::current()) const {
    inbox_->push(detail::bind_once(std::forward<F>(fn), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c)),
                 from.where);
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 3)
  void post(F&& fn, Args&&... args) const {
    inbox_->push(detail::bind_once(std::forward<F>(fn), std::forward<Args>(args)...), {});
  }

  /// Whether blocking on this loop here would deadlock: inside its turn, or in the thread that runs it. If several
  /// threads may run the native loop (a strand), a thread between two handlers does not count as the loop's. If the
  /// application runs a libuv loop itself, the thread of the last turn counts. Any thread.
  [[nodiscard]] bool is_here() const;
  /// Whether the loop is closed, so that `post` throws. False is a hint: the loop may be closed at any time. Any thread.
  [[nodiscard]] bool closed() const noexcept { return inbox_->closed(); }
  /// Whether the process was forked since the loop was made: its thread is not in this process.
  [[nodiscard]] bool inherited() const noexcept;
  /// Whether both post to the same loop. Any thread.
  friend bool operator==(const loop_remote& a, const loop_remote& b) noexcept {
    return a.inbox_.get() == b.inbox_.get();
  }

 private:
  friend class detail::loop_access;
  friend class loop;
  explicit loop_remote(detail::inbox& box) noexcept : inbox_(&box) {}
  detail::state_ptr<detail::inbox> inbox_;
};

/// Keeps a native loop that ends when idle (Asio, libuv) running while it exists, e.g. while another thread is going to
/// post. Made by `loop::hold()`. Thread safety: the loop's thread only.
class loop_hold {
 public:
  loop_hold() noexcept = default;
  loop_hold(loop_hold&& other) noexcept { take(other); }
  loop_hold& operator=(loop_hold&& other) noexcept {
    if (this != &other) {
      release();
      take(other);
    }
    return *this;
  }
  ~loop_hold() { release(); }
  /// Lets the loop end when it is idle. Idempotent.
  void release() noexcept;

 private:
  friend class loop;
  template <class>
  friend struct detail::look_access;
  loop_hold(loop& core, std::source_location where) noexcept;

  void take(loop_hold& other) noexcept {
    core_ = std::exchange(other.core_, nullptr);
    if (!core_) return;
    where_ = other.where_;
    next_ = other.next_;
    link_ = other.link_;
    *link_ = this;
    if (next_) next_->link_ = &next_;
  }

  loop* core_ = nullptr;
  // In the loop's list of its holds.
  loop_hold* next_ = nullptr;
  loop_hold** link_ = nullptr;
  std::source_location where_;  // it was made
};

/// For `close(notify)`.
struct notify_t {
  explicit notify_t() = default;
};
inline constexpr notify_t notify{};

/// The core of one loop. Owned by a `loop_owner` (`libuv_loop`, `asio_loop`, `manual_loop`…); handles to futures,
/// timers and watches may outlive its closing.
class loop {
 public:
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// The name of the native loop, as in `use_<name>`. Any thread.
  [[nodiscard]] std::string_view name() const noexcept { return name_; }

  /// Runs `fn(args…)` in a later turn, in the loop's thread, in the order of the calls. `fn` and the arguments are
  /// moved in and destroyed there: after the call, or without being called when the loop is closed. No allocation if
  /// they take up to 256 bytes. If `fn` returns a future (because it is a coroutine, say), `fn` and the arguments are
  /// kept until that future is completed or the loop has closed. The same holds for every function here, and everywhere
  /// else that interloop takes a callable. Where it is called from is shown by what looks at the loop (call_graph.hpp,
  /// slow_callback.hpp), except with more than three arguments.
  /// Errors: `loop_closed`. What `fn` throws goes to the exception handler.
  /// Source: asyncio `loop.call_soon`.
  template <class F, class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
  void call_soon(F&& fn, A&& a = A(), B&& b = B(), C&& c = C(),
                 detail::call_place from = std::source_location::current()) {
    queue(from.where, std::forward<F>(fn), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 3)
  void call_soon(F&& fn, Args&&... args) {
    queue({}, std::forward<F>(fn), std::forward<Args>(args)...);
  }

  /// Runs `fn(args…)` in the loop's thread at `when`, or as soon after as the native loop can.
  ///
  /// Never early: inside `fn`, `now() >= when`. Earlier deadlines run first, equal ones in the order of the calls; a
  /// time that has passed means a later turn, never inside this call. `fn` is destroyed in the loop's thread: after it
  /// ran, when it is cancelled, or without being called when the loop is closed.
  /// \param when  a point on `now()`'s clock: a `time_point`, or what converts to one.
  /// Errors: `loop_closed`. What `fn` throws goes to the exception handler.
  /// Source: asyncio `loop.call_at`.
  template <class F, class... Args>
  timer call_at(detail::placed_time when, F&& fn, Args&&... args) {
    check_thread("call_at");
    if (!quiet_) notice();
    detail::timer_node* node =
        timers_.schedule(when.value.time_since_epoch().count(),
                         detail::bind_once(std::forward<F>(fn), std::forward<Args>(args)...), when.where);
    return timer(*this, node, node->sequence);
  }

  /// `call_at(now() + delay, fn, args…)`: measured from this call, not from the start of the turn. A delay of zero or
  /// less means the next turn, after what `call_soon` has queued; a delay that is too long for the clock never fires.
  /// \param delay  any chrono duration; sub-nanosecond parts are rounded up.
  /// Source: `txaio.call_later`.
  template <class F, class... Args>
  timer call_later(detail::placed_delay delay, F&& fn, Args&&... args) {
    return call_at({after(delay.value), delay.where}, std::forward<F>(fn), std::forward<Args>(args)...);
  }

  /// Calls `on_ready(ready)` in the loop's thread whenever `fd` is ready in a direction of `wanted`: level-triggered,
  /// until the returned handle is destroyed. The descriptor is neither owned nor closed, and its flags stay as they
  /// are.
  /// \param fd  a socket, pipe, terminal, eventfd…: open, not a regular file, and not watched on this loop already
  ///            (one watch serves both directions).
  /// Errors: `usage_error` for a descriptor that cannot be watched (on libuv also a device that epoll refuses, such as
  /// /dev/null, which is always ready elsewhere), `loop_closed`. What `on_ready` throws goes to the
  /// exception handler; the watch continues.
  /// Source: asyncio `add_reader`/`add_writer`, libuv `uv_poll_t`.
  [[nodiscard]] fd_watch watch(int fd, interest wanted, function<void(interest ready)> on_ready,
                               std::source_location where = std::source_location::current());

  /// Runs `fn(args…)` in a later turn, from any thread. See `loop_remote::post`; use that if the loop may be gone.
  template <class F, class A = detail::not_given, class B = detail::not_given, class C = detail::not_given>
  void post(F&& fn, A&& a = A(), B&& b = B(), C&& c = C(), detail::call_place from = std::source_location::current()) {
    queue_or_post(from.where, std::forward<F>(fn), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 3)
  void post(F&& fn, Args&&... args) {
    queue_or_post({}, std::forward<F>(fn), std::forward<Args>(args)...);
  }

  /// A handle for posting from other threads that may outlive the loop. Any thread.
  [[nodiscard]] loop_remote remote() const noexcept { return loop_remote(*inbox_); }

  /// Keeps an idle native loop running until the handle is destroyed. Errors: `loop_closed`.
  [[nodiscard]] loop_hold hold(std::source_location where = std::source_location::current());

  /// The native loop's monotonic clock, read now.
  [[nodiscard]] time_point now() const noexcept;

  /// `now() + delay`, within the clock's range; not before now.
  [[nodiscard]] time_point after(duration delay) const noexcept;

  /// Replaces what is done with exceptions that escape callbacks and with failures that nobody looked at. An empty
  /// handler restores the default: the traceback is written to the standard error stream. Allowed inside a handler.
  void set_exception_handler(exception_handler handler);

  /// Gives a failure to the exception handler. Never throws. `context` says in a few words what happened.
  void handle_exception(std::string_view context, const failure& fail) noexcept;

  /// Closes: no callback runs from here on, inside or after this call. What is queued is destroyed without being
  /// called, pending futures fail with `loop_closed`, and later calls throw it. Idempotent; allowed inside a callback.
  /// \param released  called once when the native loop has released the last handle: now, or during a later run of the
  ///                  native loop (libuv). Not called if the loop was closed before.
  void close(function<void()> released = {}) noexcept;

  /// The same, except that errbacks have a last word: those of futures that are pending, or have failed without their
  /// errbacks having run, are called once, with `loop_closed` or the future's own failure. This happens inside this
  /// call or, if a callback made it, right after that callback for the rest of its future's errbacks. They find the
  /// loop closed: what they call of it throws `loop_closed`, and what they throw goes to the exception handler. Futures
  /// come in no particular order, the errbacks of one in theirs. Callbacks for values are not called.
  void close(notify_t, function<void()> released = {}) noexcept;
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// Calls `then` when the native loop has released the last handle of a closed loop, as `close` does: now if it
  /// already has. Never called if the native loop is destroyed first. Errors: `std::bad_alloc`.
  void when_released(function<void()> then);

  /// Runs the native loop in this thread until `stop`, or until it is idle if it is a loop that ends when idle. After
  /// an earlier `stop` it returns at once. Errors: `loop_closed`; `usage_error` if the adapter cannot run this native
  /// loop, if it is running already, or inside a turn, where most native loops would hang.
  void run();
  /// Ends the current `run`, or the next one. In the loop's thread only; from another thread, `post` a call of it.
  void stop() noexcept;

  /// Whether the caller may touch loop-bound objects: in the thread of the last turn or of `run`, or if the adapter knows
  /// that it may. Any thread, as long as the loop is not destroyed.
  [[nodiscard]] bool in_loop_thread() const noexcept;

  /// How many turns and events of watches there have been: a native loop that has nothing to do causes none.
  [[nodiscard]] std::uint64_t turns() const noexcept;

 private:
  friend class detail::loop_access;
  template <class>
  friend struct detail::look_access;
  friend void report_abandoned(loop& core, function<void(const wait_graph& abandoned)> report);
  friend class detail::loop_looks;
  friend class loop_owner;
  friend class loop_remote;
  friend class loop_hold;
  friend class loop_port;
  friend class timer;
  friend class fd_watch;
  friend class watched_fd;
  class turn_scope;
  struct parts;
  static const detail::parts_layout about_parts;

  explicit loop(riding on);
  ~loop();
  void destroy() noexcept;
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) [[unlikely]]
      destroy();
  }

  template <class F, class... Args>
  void queue(std::source_location from, F&& fn, Args&&... args) {
    check_thread("call_soon");
    if (!quiet_) notice();
    if constexpr ((std::is_same_v<Args, detail::not_given> && ...) && !detail::is_kept<std::decay_t<F>>) {
      static_assert(std::is_invocable_v<std::decay_t<F>>, "interloop: the function must be callable without arguments");
      detail::require_quiet_destructors<std::decay_t<F>>();
      ready_.push(std::forward<F>(fn), from);
    } else {
      ready_.push(detail::bind_once(std::forward<F>(fn), std::forward<Args>(args)...), from);
    }
  }
  template <class F, class... Args>
  void queue_or_post(std::source_location from, F&& fn, Args&&... args) {
    if (detail::running_loop == this && !inbox_->filled()) {  // otherwise it would overtake what this thread has posted
      queue(from, std::forward<F>(fn), std::forward<Args>(args)...);
    } else {
      inbox_->push(detail::bind_once(std::forward<F>(fn), std::forward<Args>(args)...), from);
    }
  }

  void turn() noexcept;
  void alarm() noexcept {
    armed_ = false;
    turn();
  }
  void require_same_copy() const {
    if (copy_ != &detail::this_copy) [[unlikely]]
      detail::throw_two_copies();
  }
  void check_thread([[maybe_unused]] const char* function) const {
#if INTERLOOP_CHECKED
    require_same_copy();
    if (!in_loop_thread()) detail::throw_wrong_thread(function);
#endif
  }
  void require_open(const char* function) const {
    check_thread(function);
    if (closed_) [[unlikely]]
      detail::throw_loop_closed("the loop is closed: nothing can be created on it; select another with use_<loop>()");
  }
  void notice_fork() noexcept {
    if (forks_ != copy_->forks.load(std::memory_order_relaxed)) [[unlikely]]
      forked();
  }

  /// Whether a turn would have something to run, including timers for which the interrupted turn has not re-armed the
  /// alarm.
  [[nodiscard]] bool has_ready() const noexcept {
    return !closed_ && (has_queued() || (depth_ > 0 && !armed_ && !timers_.empty()));
  }
  [[nodiscard]] bool has_queued() const noexcept { return !ready_.empty() || !incoming_.empty() || overdue_; }
  void dispatch(watched_fd& state, interest ready) noexcept;
  void notice();
  void notice_quietly() noexcept;
  void not_enqueued(detail::pending& completed) noexcept;
  void run_generation(detail::task_queue& queue) noexcept;
  std::size_t run_watched(detail::task_queue& queue) noexcept;
  void count(std::size_t ran) noexcept;
  void wake_port() noexcept;
  void run_generations(int& budget) noexcept;
  void run_expected(int& budget) noexcept;
  void run_due_timers() noexcept;
  void run_timer(detail::timer_node* due);
  void report_escaped() noexcept;
  void called_after_close() noexcept;
  void tell_abandoned() noexcept;
  void settle() noexcept;
  void clear_last() noexcept;
  /// Whether another thread is known to run the loop, in `run` or in a turn.
  [[nodiscard]] bool runs_elsewhere() const noexcept;
  void set_alarm(time_point next, time_point present) noexcept;
  void forked() noexcept;
  void require_watchable(int fd, const watched_fd* by) const;
  void attach(watched_fd& state);
  void detach(watched_fd& state) noexcept;
  void move_watch(watched_fd& state, int fd, interest wanted);
  void follow(watched_fd& state, interest wanted);
  void retire(watched_fd& state) noexcept;
  void supersede(watched_fd& state) noexcept;
  void report_closed(int fd) noexcept;
  void stop_watch(watched_fd& state) noexcept;
  void release_watch(watched_fd* state) noexcept;

  detail::library_copy* const copy_ = &detail::this_copy;  // first, so that a differently built copy finds it too
  // True when code that queues something need not wake the native loop: a wake-up is on its way, or a turn is running.
  bool quiet_ = false;
  bool settled_ = true;  // the port knows the alarm and the keep-alive that what is queued needs
  bool closed_ = false;
  bool notifies_ = false;  // it was closed by close(notify)
  bool overdue_ = false;   // a timer was due when the last turn ended
  bool armed_ = false;
  bool alarmless_ = false;  // the alarm could not be set
  bool kept_alive_ = false;
  bool stop_requested_ = false;
  bool running_ = false;
  int expects_ = 0;  // how often the running turn may still check for what other threads post meanwhile
  unsigned forks_ = copy_->forks.load(std::memory_order_relaxed);
  unsigned depth_ = 0;  // turns in progress: more than one in a nested run of the native loop
  std::size_t references_ = 1;
  detail::block_cache blocks_;
  detail::task_queue ready_;
  detail::task_queue incoming_;  // taken from the inbox, not yet run
  detail::timer_queue timers_;
  detail::pending* pending_ = nullptr;
  detail::task_queue* destroyed_last_ = nullptr;  // from `close` to the end of the turn that called it
  detail::pending* undispatched_ = nullptr;       // were completed without memory to queue the dispatch
  time_point armed_for_{};
  std::size_t holds_ = 0;
  loop_hold* first_hold_ = nullptr;
  std::size_t watch_count_ = 0;
  failure closing_failure_;
  std::string_view name_;
  detail::owned<parts> parts_;  // members that no inline function needs
  loop_port* port_;             // owned by the parts, as are the inbox and the onlooker
  detail::inbox* inbox_;
  detail::onlooker* onlooker_ = nullptr;  // told of each callable, if there is one
  // Counted here, because every generation does.
  std::uint64_t callbacks_ = 0;
  std::uint64_t longest_generation_ = 0;
};

inline timer::timer(loop& core, detail::timer_node* node, std::uint64_t sequence) noexcept
    : core_(&core), node_(node), sequence_(sequence) {
  core.retain();
}
inline timer::timer(const timer& other) noexcept : core_(other.core_), node_(other.node_), sequence_(other.sequence_) {
  if (core_) core_->retain();
}
inline timer::timer(timer&& other) noexcept
    : core_(std::exchange(other.core_, nullptr)), node_(other.node_), sequence_(other.sequence_) {}
inline timer& timer::operator=(timer other) noexcept {
  std::swap(core_, other.core_);
  std::swap(node_, other.node_);
  std::swap(sequence_, other.sequence_);
  return *this;
}
inline timer::~timer() {
  if (core_) core_->release();
}
inline bool timer::active() const noexcept { return core_ && detail::timer_queue::waiting(node_, sequence_); }
inline bool timer::cancel() noexcept {
  if (!active()) return false;
  const timer keep(*this);  // destroying the callable may destroy this handle, and the loop's owner
  keep.core_->timers_.cancel(keep.node_, keep.sequence_);
  if (!keep.core_->quiet_) keep.core_->notice_quietly();
  return true;
}
inline bool timer::restart_at(time_point when) {
  if (!active()) return false;
  core_->check_thread("timer::restart_at");
  const bool earlier = core_->timers_.move(node_, when.time_since_epoch().count());
  if (earlier && !core_->quiet_) core_->notice_quietly();
  return true;
}
inline bool timer::restart_in(duration delay) { return active() && restart_at(core_->after(delay)); }

}  // namespace interloop
