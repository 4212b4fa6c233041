// SPDX-License-Identifier: MIT
// The part of an async generator that does not depend on the type of its values.
//
// Life cycle. The body runs inside `next`, until it yields or ends; then the coroutine that asked goes on without having
// been suspended. If the body has to wait, so does the reader, until the body yields in some turn. What was yielded, or
// the exception that ended the body, stays in the generator until a reader takes it: a reader that is cancelled in
// between loses nothing.
//
// Ownership. The frame belongs to the `async_generator` while it is paused, and to what the body awaits while it is
// suspended there, as that of every coroutine. So three may end first: the generator object, the frame and the reader.
// Each knows the others, and tells them.
//
// Thread safety: none; the loop's thread only.
#pragma once

#include <interloop/coroutine.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/waiter.hpp>

#include <coroutine>
#include <optional>
#include <source_location>
#include <utility>

namespace interloop::detail {

class generator_core;

/// The awaiter of `next`: at most one at a time.
class generator_reader : public waiter {
 public:
  generator_reader(generator_core& from, promise_core& who, std::source_location where) noexcept;
  ~generator_reader() { forget(); }

  [[nodiscard]] bool await_ready();
  void await_suspend(std::coroutine_handle<>);

  /// The body has something for the reader.
  void arrive() noexcept;
  /// There is no generator any more. `why`: null if it was destroyed, or else its loop or another was closed.
  void lose(const failure* why) noexcept;

 protected:
  /// The generator, which has a value, a failure or nothing more. Throws what kept the reader from that.
  generator_core& arrived();

 private:
  template <class>
  friend struct look_access;

  static void run(pending& base) noexcept { resume(static_cast<generator_reader&>(base)); }
  static void abandon(pending& base) noexcept { destroy_frame(static_cast<generator_reader&>(base)); }
  static pending* pass_on(pending& base, const failure& cancelled, bool in_ring);
  static const operations table;

  /// Out of the line and away from the generator.
  void forget() noexcept;

  generator_core* from_;
  std::optional<failure> lost_;
};

/// Where this thread has put the frame of the generator that it makes.
[[nodiscard]] void*& frame_being_made() noexcept;

class generator_core : public promise_core {
 public:
  generator_core(const generator_core&) = delete;
  generator_core& operator=(const generator_core&) = delete;

  /// Lazy: the body starts with the first `next`. The default argument names the coroutine.
  std::suspend_always initial_suspend(std::source_location where = std::source_location::current()) noexcept {
    created_ = where;
    return {};
  }

  struct at_end {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      ended.promise().end();
    }
    void await_resume() const noexcept {}
  };
  at_end final_suspend() noexcept { return {}; }
  void return_void() noexcept {}
  void unhandled_exception() noexcept;

  [[nodiscard]] loop& of() const noexcept { return *loop_; }

  /// For the generator object, whose pointer to this is null once the frame is gone.
  void belong_to(generator_core*& owner) noexcept { owner_ = &owner; }
  /// The generator object is destroyed: destroys the frame, or has the body end at its next `co_await` or `co_yield`.
  void disown() noexcept;

 protected:
  explicit generator_core(loop& core);
  ~generator_core();

  /// The body has yielded a value, and is suspended.
  void pause() noexcept;
  /// What `failed()` was is thrown once.
  [[nodiscard]] std::optional<failure> take_failure() noexcept { return std::exchange(failure_, std::nullopt); }

 private:
  friend class generator_reader;
  template <class>
  friend struct look_access;

  void end() noexcept {
    ended_ = true;
    pause();
  }
  /// The body is cancelled. Returns what is to be cancelled for that, if anything.
  [[nodiscard]] pending* cancel_body(const failure& cancelled) {
    cancelled_ = true;
    return request_cancel(cancelled);
  }
  /// Runs the body until it is suspended.
  void run() {
    busy_ = true;
    self().resume();
  }

  generator_core** owner_ = nullptr;
  generator_reader* reader_ = nullptr;
  waiting_line line_;  // of at most that reader
  std::optional<failure> failure_;
  std::source_location created_;
  bool busy_ = false;    // the body runs, or waits
  bool unread_ = false;  // a value, or the failure, was not taken
  bool ended_ = false;
};

}  // namespace interloop::detail
