// SPDX-License-Identifier: MIT
// What a coroutine waits in when it waits for something other than a future: a place in a line. It lies in the
// coroutine's frame, so waiting allocates nothing.
//
// Life cycle. A waiter that need not wait stays `idle` or becomes `served` in `await_ready`, and the coroutine is not
// suspended. Otherwise it stands in a line until it is woken with an outcome; then its coroutine is queued. The line is
// in its loop's list of what ends when the loop closes, from the first time that somebody waits. Closing destroys the
// frames of those who wait or are queued, and with them the waiters, whose destructors give back what they were served.
//
// The loop is that of the object that is waited for. A coroutine of another loop in the same thread travels home from
// there, as it does from futures.
//
// Thread safety: none; the loop's thread only.
#pragma once

#include <interloop/coroutine.hpp>
#include <interloop/detail/loop_access.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <source_location>

namespace interloop::detail {

class waiting_line;

class waiter : public pending {
 public:
  /// How far it is. From `served` on, the outcome is decided.
  enum class stage : unsigned char {
    idle,       // has not waited
    waiting,    // stands in a line
    served,     // was given what it waits for
    cancelled,  // gave up its place
    ended,      // there is nothing to wait for any more: the channel is closed
    dropped,    // the object that it waits for was destroyed
  };

  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  [[nodiscard]] stage at() const noexcept { return stage_; }

  /// Queues the coroutine, which then sees this outcome. The waiter must be in no line any more. If the loop is closed,
  /// closing destroys the frame instead.
  void wake(stage outcome) noexcept {
    stage_ = outcome;
    if (of_->closed()) [[unlikely]]
      return loop_access::enlist(*of_, *this);
    if (who_.loop_ == of_ && loop_access::try_enqueue(*of_, resumption::queued, who_.self().address())) [[likely]]
      return;
    loop_access::enqueue(*of_, *this);
  }

  /// Decides the outcome anew, after `wake`. What the waiter was served must have been taken back.
  void change(stage outcome) noexcept { stage_ = outcome; }

  /// Keeps the cancellation for the coroutine, which throws it when it resumes or awaits next.
  void keep_request(const failure& cancelled) noexcept { who_.requested_ = cancelled; }

 protected:
  waiter(const operations& how, promise_core& who, std::source_location where) noexcept
      : pending{&how}, where_(where), who_(who) {}
  ~waiter() {
    if (link) unlink();
  }

  /// Whether the coroutine was cancelled before: then it does not wait, but throws.
  [[nodiscard]] bool requested() const noexcept { return who_.requested_.has_value(); }

  /// For `await_suspend`: takes the last place in the line. Errors: `loop_closed`.
  void wait_in(waiting_line& line);

  /// For `await_resume`, first: the coroutine has been resumed.
  void resumed() noexcept { who_.in_line_ = nullptr; }
  /// For `await_resume`: throws what kept the waiter from being served.
  [[noreturn]] void throw_outcome();
  /// For `await_resume`: throws this failure, and adds the wait to its history.
  [[noreturn]] void throw_failure(const failure& fail, std::source_location where);

  /// Goes on waiting in a line of the same loop.
  void stand_in(waiting_line& line) noexcept;

  static void resume(waiter& each) noexcept;
  static void destroy_frame(waiter& each) noexcept { each.who_.self().destroy(); }

  stage stage_ = stage::idle;
  std::source_location where_;  // the await

 private:
  friend class waiting_line;
  template <class>
  friend struct waiter_operations;
  template <class>
  friend struct look_access;

  promise_core& who_;
  // Set when it begins to wait.
  loop* of_;
  waiter* before_;
  waiter* after_;
};

/// First come first served. Those who wait must be woken before it is destroyed.
class waiting_line : public pending {
 public:
  explicit waiting_line(loop& core) noexcept : pending{&table}, core_(core) {}
  waiting_line(const waiting_line&) = delete;
  waiting_line& operator=(const waiting_line&) = delete;
  ~waiting_line() {
    if (link) unlink();
  }

  [[nodiscard]] loop& core() const noexcept { return core_; }
  [[nodiscard]] bool empty() const noexcept { return !first_; }
  [[nodiscard]] waiter* first() const noexcept { return first_; }
  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t count = 0;
    for (const waiter* each = first_; each; each = each->after_) ++count;
    return count;
  }

  void push_back(waiter& last) noexcept {
    if (!link) [[unlikely]]
      loop_access::enlist(core_, *this);
    last.after_ = nullptr;
    last.before_ = last_;
    (last_ ? last_->after_ : first_) = &last;
    last_ = &last;
  }
  void remove(waiter& each) noexcept {
    (each.before_ ? each.before_->after_ : first_) = each.after_;
    (each.after_ ? each.after_->before_ : last_) = each.before_;
  }
  /// Removes and returns the first; null if there is none.
  waiter* pop() noexcept {
    waiter* const taken = first_;
    if (taken) remove(*taken);
    return taken;
  }
  /// Wakes everyone, in order, with the same outcome. Those who come meanwhile are not among them: nothing runs here.
  void wake_all(waiter::stage outcome) noexcept {
    while (waiter* const each = pop()) each->wake(outcome);
  }

 private:
  /// The loop closes: destroys the first one's frame, which may destroy the line. It is called until the line is empty.
  static void abandon(pending& base) noexcept;
  static const operations table;

  loop& core_;
  waiter* first_ = nullptr;
  waiter* last_ = nullptr;
};

inline void waiter::stand_in(waiting_line& line) noexcept {
  stage_ = stage::waiting;
  line.push_back(*this);
}

inline void waiter::wait_in(waiting_line& line) {
  loop_access::require_open(line.core(), "co_await");
  of_ = &line.core();
  stand_in(line);
  who_.in_line_ = this;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
template <>
struct look_access<waiter> {
  static constexpr std::uint32_t where = __builtin_offsetof(waiter, where_);
};
#pragma GCC diagnostic pop

/// The operations of a kind of waiter, which has `cancel_wait(const failure&)` and `name`: what it waits for, in words.
template <class Kind>
struct waiter_operations {
  static void run(pending& base) noexcept { waiter::resume(static_cast<Kind&>(base)); }
  static void abandon(pending& base) noexcept { waiter::destroy_frame(static_cast<Kind&>(base)); }
  static void cancel(pending& base, const failure& cancelled) { static_cast<Kind&>(base).cancel_wait(cancelled); }

  static constexpr look about{Kind::name, look::kind::wait, look_access<waiter>::where};

  // Nobody but the frame holds a waiter, so none is destroyed by its count.
  static constexpr pending::operations table{
      &task_queue::kind_of_reference<pending, &run, &abandon>, &run, &abandon, nullptr, &cancel, nullptr, &about};
};

/// A future of the result of an operation that can be awaited. The coroutine is cancelled with its future.
template <class T, class Operation>
future<T> future_of(loop&, Operation what) {
  co_return co_await static_cast<Operation&&>(what);
}

}  // namespace interloop::detail
