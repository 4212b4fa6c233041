// SPDX-License-Identifier: MIT
// What an adapter implements to put interloop on a native loop. Applications and libraries do not need this header.
//
// The core (`loop`) keeps the ready queue, the inbox of other threads and all timers. A port supplies one way to be
// woken, one native timer and fd readiness. `docs/writing-an-adapter.md` walks through one.
#pragma once

#include <interloop/function.hpp>
#include <interloop/interest.hpp>
#include <interloop/time.hpp>
#include <interloop/watched_fd.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace interloop {

class loop;

/// The native side of one watched descriptor. Destroying it ends the watch, even inside its own event; afterwards the
/// port reports nothing for it. It never owns or closes the descriptor.
class port_watch {
 public:
  virtual ~port_watch() = default;

  /// Changes the directions; `none` pauses. Allowed inside its own event. May throw `error`; the old interest then
  /// stays.
  virtual void set_interest(interest wanted) = 0;

  /// Called right before the watch is destroyed because its descriptor was closed meanwhile; the number may be another
  /// file's by now. If a duplicate of the old descriptor is open, the kernel may still report the old file: that must
  /// end too.
  virtual void lost() noexcept {}
};

/// How far `loop_port::in_loop_thread` can be trusted by a thread that is about to block and must not deadlock.
enum class thread_knowledge : unsigned char {
  none,    ///< not at all: the core goes by the threads of `loop::run` and the last turn; one thread at a time runs it
  exact,   ///< fully: true in the thread that runs the native loop, also between turns; one thread at a time runs it
  strand,  ///< true only inside the loop's own handlers, between which any of several threads may run the native loop
};

/// One native loop, as the core sees it.
///
/// Every function except `wake`, `in_loop_thread` and `knowledge` is called in the loop's thread, never two at once;
/// `set_alarm` and `clear_alarm` are called only inside a turn. The port calls back `turn`, `alarm` and what `watched_fd`
/// has, in the loop's thread, never from inside one of its own functions called by the core.
class loop_port {
 public:
  virtual ~loop_port() = default;

  /// The loop's name, as in `use_<name>`. Static storage.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Makes the native loop call `turn()` soon, in its thread. Any thread; many calls before that turn may be
  /// merged into one. When this is called in the loop's thread, a native loop that ends when idle stays alive until
  /// that turn.
  /// A flag that merges calls must be cleared before the turn, by an atomic exchange: other threads may see a plain
  /// store only after the turn has looked for what was posted, and a post in between would not wake the loop.
  virtual void wake() noexcept = 0;

  /// Arms the one native timer, a one-shot that replaces what was armed: it calls `alarm()` at `when` on this
  /// port's clock or shortly after. Firing too early is harmless: the core looks at its clock and arms again.
  virtual void set_alarm(time_point when) = 0;
  virtual void clear_alarm() noexcept = 0;

  /// The loop's monotonic clock. Default: `std::chrono::steady_clock`.
  [[nodiscard]] virtual time_point now() const noexcept { return std::chrono::steady_clock::now(); }

  /// Watches `fd`, level-triggered and persistent, until the returned object is destroyed: calls
  /// `watched.ready(directions)` each time it is ready. The core has checked the descriptor, watches each one at most
  /// once, and restores its flags.
  virtual std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) = 0;

  /// Whether the caller is somewhere that loop-bound objects may be touched; the core itself knows only the thread of
  /// the last turn. Any thread, but not any more once `close` was called.
  [[nodiscard]] virtual bool in_loop_thread() const noexcept { return false; }

  /// How far `in_loop_thread` can be relied on. Always the same answer.
  [[nodiscard]] virtual thread_knowledge knowledge() const noexcept { return thread_knowledge::none; }

  /// Tells the port whether the core has work pending. A native loop that ends when idle must not end while there is
  /// some, and the port must not keep it running otherwise. Called on changes only.
  virtual void keep_alive(bool pending) noexcept { static_cast<void>(pending); }

  /// Called at most once per turn, inside it, when callables wait behind the one that runs. Only matters to native
  /// loops that can be run nested in a callback without the port noticing: such a port makes sure that the nested run
  /// turns too.
  virtual void busy() noexcept {}

  /// Runs the native loop until `stop`, or until it is idle if it is a loop that ends when idle. `stop` is called in
  /// the loop's thread.
  virtual void run() = 0;
  virtual void stop() noexcept = 0;

  /// Releases the native loop, at any time: the alarm may be armed, a wake-up under way, and `run` in progress, which
  /// ends. From here on the port calls nothing back except `released`, once, when the native loop has released the last
  /// handle. That may be now or later; the port itself may be destroyed before.
  virtual void close(function<void()> released) noexcept = 0;

  /// Called in a forked child, in the loop's thread, before any other function there: replaces what the child shares
  /// with its parent by the child's own, so that the child does not take away the parent's wake-ups and watches.
  /// Repeating it must be harmless. A port that reads its wake-ups calls `notice_fork` before it does.
  virtual void forked() noexcept {}

  /// Called once `core()` is valid.
  virtual void attached() {}

 protected:
  // What a port does with the core. In the loop's thread, except where it says "any thread", from `attached` on.

  /// The loop that this port serves.
  [[nodiscard]] loop& core() const noexcept { return *core_; }

  /// The wake-up has arrived, or a turn is needed. Runs callbacks, which may close the loop, destroy watches, run the
  /// native loop nested, and destroy this port unless it is `kept`. Never throws. Does nothing once `close` was called.
  void turn() noexcept;

  /// The native timer has fired. Otherwise as `turn`.
  void alarm() noexcept;

  /// Whether a turn is needed, if only to tell the port something (an earlier alarm, say): for ports that check before
  /// their native loop sleeps. True throughout a turn, so that a nested run of the native loop is served.
  [[nodiscard]] bool needs_turn() const noexcept;

  /// Calls `forked`, once, if this is a forked child. For ports that read their wake-ups outside of `run`, before they do.
  void notice_fork() noexcept;

  /// The native loop is being destroyed: closes the loop.
  void close_core() noexcept;

  /// Whether the caller may be taken for the thread that runs the native loop, where the port has no `knowledge` of it:
  /// the last turn was in this thread, or `loop::run` is. False before the first turn, and from the end of `loop::run` to
  /// the next one: another thread may run the native loop then. Any thread.
  [[nodiscard]] bool ran_here() const noexcept;

  /// While it exists, the port and its core stay in memory, even if a callback destroys the loop's owner.
  class kept {
   public:
    explicit kept(const loop_port& port) noexcept;
    kept(const kept&) = delete;
    kept& operator=(const kept&) = delete;
    ~kept();

   private:
    loop& core_;
  };

  /// The port of any loop. A class that knows, by the loop's name, say, that it is of its own kind may cast it.
  [[nodiscard]] static loop_port& port_of(const loop& core) noexcept;

 private:
  friend class loop;
  template <class>
  friend struct detail::look_access;
  loop* core_ = nullptr;
};

/// What a `loop_owner` is made of: a port, and the native loop under it if the owner made that one.
struct riding {
  template <class Port>
  riding(std::unique_ptr<Port> made, std::shared_ptr<void> on = {}) noexcept
      : port(std::move(made)), native(std::move(on)) {}

  std::unique_ptr<loop_port> port;
  std::shared_ptr<void> native;
};

}  // namespace interloop
