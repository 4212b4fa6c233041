// SPDX-License-Identifier: MIT
// Glue between a C library that has descriptors and deadlines, and the loop: the library says, or is asked, what it waits
// for, and the glue waits. docs/gluing.md says which libraries need what.
//
//     interloop::glue glue{loop, {.ready = [&](int fd, interest ready, void*) { lib_process(handle, fd, ready); },
//                                 .expired = [&] { lib_timeout(handle); },
//                                 .drain = [&] { return lib_take_one(handle); }}};
//     glue.call([&] { lib_start(handle); });  // its hooks call glue.want(), glue.forget(), glue.deadline_in()
#pragma once

#include <interloop/detail/glue_link.hpp>
#include <interloop/detail/state_ptr.hpp>
#include <interloop/failure.hpp>
#include <interloop/function.hpp>
#include <interloop/interest.hpp>
#include <interloop/loop.hpp>
#include <interloop/time.hpp>

#include <utility>

namespace interloop {

namespace detail {
class glue_state;
}

/// The library's functions, as the glue calls them: in the loop's thread, never inside `glue::want` and similar functions,
/// and never again after `glue::end`. Each may do anything, including ending or destroying the glue. What they throw goes
/// to the loop's exception handler. Those that a library does not need stay empty.
struct glue_hooks {
  /// A descriptor is ready in directions that this party wants: let the library read, write, or find an error. Readiness
  /// may be spurious.
  function<void(int fd, interest ready, void* party)> ready = {};

  /// The deadline has passed. There is none until another is set.
  function<void()> expired = {};

  /// Takes one thing out of the library (a message, a result, a finished transfer) and handles it. Returns whether
  /// there may be more. Called again and again after each call into the library, because most libraries do not announce
  /// what they have inside already. Not called by a native loop that runs nested inside it.
  function<bool()> drain = {};

  /// For libraries that are asked, not told: calls `want` for each descriptor, and sets the deadline, of the library's
  /// present state. Called after each call into the library. What it does not mention, is no longer waited for.
  function<void()> ask = {};

  /// For libraries that tell about descriptors, but have to be asked for the deadline: sets it. Called after each call
  /// into the library.
  function<void()> ask_deadline = {};

  /// The loop cannot wait for a descriptor that the library named, or memory is short: the connection, or whatever it
  /// is, cannot go on. Without this hook the failure goes to the loop's exception handler.
  function<void(const failure& why)> failed = {};

  /// How often `drain` may return true before everything else on the loop has a turn. At least one.
  unsigned drain_budget = 32;
};

/// Reaches a glue from any thread, also when it may be gone. Copyable. Made by `glue::remote`.
class glue_remote {
 public:
  /// Calls `fn(glue)`, inside `glue::call`, in the loop's thread in a later turn, in the order of the posts of a thread.
  /// If the glue has been destroyed by then, `fn` is destroyed without being called. A descriptor that `fn` names may be
  /// closed already; then it is ignored.
  /// \return  false if the loop was closed or memory is short; `fn` has then been destroyed.
  /// Thread safety: any thread.
  template <class F>
  bool post(F&& fn) const noexcept;

 private:
  friend class glue;
  explicit glue_remote(detail::state_ptr<detail::glue_link> link) noexcept : link_(std::move(link)) {}
  detail::state_ptr<detail::glue_link> link_;
};

/// What one handle of a C library waits for. It has the watches, the timer and the queue for it, and keeps the rules that
/// libraries and native loops need:
///
/// - Every call into the library goes through `call`. At its end the native loop gets what has changed, and only then: a
///   library may close a descriptor and open another of the same number in between.
/// - What the library says may come at any time: inside `call`, in another call, or in another thread.
/// - Several parties of the library may wait for one descriptor.
///
/// Thread safety: `want`, `forget` and the functions for the deadline from any thread: from others than the loop's they are
/// posted, in order. Everything else in the loop's thread only. The glue has to exist while the library may call hooks that
/// use it; in threads that may come later, use `remote()`.
/// Lifetime: may be destroyed inside any hook, or inside `call`. After the loop was closed, `call` only calls.
class glue {
 public:
  /// Makes nothing yet, except memory.
  glue(interloop::loop& on, glue_hooks hooks);
  glue(const glue&) = delete;
  glue& operator=(const glue&) = delete;
  /// As `end`.
  ~glue();

  /// Calls `fn()`, which calls the library, and returns what it returns. May be nested: the outermost call looks at what has
  /// changed. What `fn` throws is passed on.
  /// `drain` is not called in here, but in a later turn.
  template <class F>
  decltype(auto) call(F&& fn) {
    const scope inside(*state_, false);
    return std::forward<F>(fn)();
  }

  /// As a call that does nothing: after the library was called in another way.
  void recheck() { const scope inside(*state_, false); }

  /// The library waits for a descriptor to be ready in these directions; replaces what this party wanted. With `none`
  /// it is to be left alone for now. A number that is negative is ignored: libraries give it where they have none.
  /// If the party had forgotten the descriptor, or was another, the native loop begins anew, so it may be another file.
  /// \param party  one of several parts of the library that use the same descriptor; its hook `ready` gets it.
  /// Inside the hook `ask`, several calls for one party add up. With that hook, calls in other places count for nothing
  /// but that the library is asked.
  void want(int fd, interest wanted, void* party = nullptr) noexcept;

  /// The library is about to close the descriptor, or has closed it, or this part of it does not use it any more.
  void forget(int fd, void* party = nullptr) noexcept;

  /// Sets the one deadline, from now on: `expired` is called then, in a later turn even if it has passed.
  /// \param delay  zero or less: as soon as the callbacks that are queued have run.
  void deadline_in(duration delay) noexcept;
  /// \param when  on `std::chrono::steady_clock` (CLOCK_MONOTONIC), which is not every loop's `now()`.
  void deadline_at(std::chrono::steady_clock::time_point when) noexcept;
  /// \param when  on the wall clock. If the clock is set later on, the deadline stays where it was.
  void deadline_at(std::chrono::system_clock::time_point when) noexcept;
  /// There is no deadline.
  void no_deadline() noexcept;

  /// For threads that may call after the glue was destroyed.
  [[nodiscard]] glue_remote remote() const noexcept { return glue_remote(link_); }

  /// No hook is called any more, and nothing is waited for. Idempotent. The hooks are destroyed now, or when those that
  /// run have returned. Afterwards `call` only calls, and other functions do nothing.
  void end() noexcept;

  /// Where it all happens. It must still exist.
  [[nodiscard]] interloop::loop& loop() const noexcept;

 private:
  friend class glue_remote;

  /// A call into the library. Keeps the state, so that the glue may be destroyed inside.
  class scope {
   public:
    scope(detail::glue_state& state, bool posted);
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope();

   private:
    detail::glue_state& state_;
    bool posted_before_;
  };

  template <class F>
  void tell(F fn) noexcept;

  detail::state_ptr<detail::glue_state> state_;
  detail::state_ptr<detail::glue_link> link_;
};

template <class F>
bool glue_remote::post(F&& fn) const noexcept {
  try {
    return link_->post([fn = std::forward<F>(fn)](glue& to) mutable {
      const glue::scope inside(*to.state_, true);
      fn(to);
    });
  } catch (...) {
    return false;
  }
}

}  // namespace interloop
