// SPDX-License-Identifier: MIT
// What an adapter implements to put interloop on a native loop. Applications and libraries do not need this header.
//
// The core (`loop`) keeps the ready queue, the inbox of other threads and all timers. A port supplies one way to be
// woken, one native timer and fd readiness. `docs/writing-an-adapter.md` walks through one.
#pragma once

#include <interloop/detail/watch_state.hpp>
#include <interloop/function.hpp>
#include <interloop/interest.hpp>
#include <interloop/time.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace interloop {

class loop;

/// The native side of one watched descriptor. Destroying it ends the watch, also inside its own event; afterwards the
/// port reports nothing for it. It never owns or closes the descriptor.
class port_watch {
 public:
  virtual ~port_watch() = default;

  /// Changes the directions; `none` pauses. Legal inside its own event. May throw `error`: the old interest stays.
  virtual void set_interest(interest wanted) = 0;

  /// Right before it is destroyed: its descriptor was closed meanwhile, and the number may be another file's. What the
  /// kernel still reports of the old file, where a duplicate of it is open, is to end too.
  virtual void lost() noexcept {}
};

/// What `loop_port::in_loop_thread` is worth to a thread that is about to block and must not wait for itself.
enum class thread_knowledge : unsigned char {
  none,    ///< nothing: the core goes by the threads of `loop::run` and of the last turn; one thread at a time runs it
  exact,   ///< all: true in the thread that runs the native loop, also between turns; one thread at a time runs it
  strand,  ///< true only inside the loop's own handlers, between which any of several threads may run the native loop
};

/// One native loop, as the core sees it.
///
/// Every function but `wake`, `in_loop_thread` and `knowledge` is called in the loop's thread, never two at once, and
/// `set_alarm`, `clear_alarm` only inside a turn. The port calls back `loop::turn`, `loop::alarm` and
/// `watch_state::ready`, in the loop's thread, never from inside one of its own functions called by the core.
class loop_port {
 public:
  virtual ~loop_port() = default;

  /// The loop's name, as in `use_<name>`. Static storage.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Makes the native loop call `loop::turn()` soon, in its thread. Any thread; many calls before that turn may be one.
  /// A native loop that ends when idle stays alive until that turn when this is called in the loop's thread.
  /// A flag by which one call stands for many is cleared before the turn, by an atomic exchange: a plain store may be
  /// seen after the turn has looked for what was posted, and a post between the two would wake nobody.
  virtual void wake() noexcept = 0;

  /// Arms the one native timer: `loop::alarm()` at `when` on this port's clock or shortly after; too early is harmless,
  /// the core looks at its clock and arms again. Replaces what was armed. One-shot.
  virtual void set_alarm(time_point when) = 0;
  virtual void clear_alarm() noexcept = 0;

  /// The loop's monotonic clock. Default: `std::chrono::steady_clock`.
  [[nodiscard]] virtual time_point now() const noexcept { return std::chrono::steady_clock::now(); }

  /// Watches `fd`, level-triggered and persistent, until the returned object is destroyed: `state.ready(directions)`
  /// for each readiness. The core has checked the descriptor, watches each at most once, and restores its flags.
  virtual std::unique_ptr<port_watch> watch(int fd, interest wanted, detail::watch_state& state) = 0;

  /// Whether the caller runs where loop-bound objects may be touched, beyond what the core knows by itself (the thread
  /// of the last turn). Any thread.
  [[nodiscard]] virtual bool in_loop_thread() const noexcept { return false; }

  /// How far `in_loop_thread` can be relied on. Always the same answer.
  [[nodiscard]] virtual thread_knowledge knowledge() const noexcept { return thread_knowledge::none; }

  /// Whether the core has work pending: a native loop that ends when idle must not end while it has, and must not be
  /// kept running by the port otherwise. Called on changes only.
  virtual void keep_alive(bool pending) noexcept { static_cast<void>(pending); }

  /// At most once a turn, inside it: callables wait behind the one that runs. Only for native loops that can be run
  /// nested in a callback without the port noticing: such a port makes sure that the nested run turns too.
  virtual void busy() noexcept {}

  /// Runs the native loop until `stop`, or until it has nothing to do where it ends then. `stop`: in the loop's thread.
  virtual void run() = 0;
  virtual void stop() noexcept = 0;

  /// Lets go of the native loop: nothing is called back from here on, but for `released`, once, when the native loop
  /// has given up the last handle; that may be now or later, and the port itself may be destroyed before that.
  virtual void close(function<void()> released) noexcept = 0;

  /// In a forked child, in the loop's thread, before anything else is asked of the port there: makes the child's own what
  /// it shares with its parent, so that nothing done here takes away the parent's wake-ups and watches. To be repeated
  /// harmlessly. A port that reads its wake-ups calls `loop::notice_fork` before it does.
  virtual void forked() noexcept {}

  /// The core is there: `core()` may be used from here on.
  virtual void attached() {}

  /// The core this port serves.
  [[nodiscard]] loop& core() const noexcept { return *core_; }

  // What a port tells its core, in the loop's thread: the wake-up has arrived, the native timer has fired, the native loop
  // is being destroyed.
  void turn() noexcept;
  void alarm() noexcept;
  void close_core() noexcept;

 private:
  friend class loop;
  loop* core_ = nullptr;
};

/// A port, and the native loop that it rides on where the owner made that one. What a `loop_owner` is made of.
struct riding {
  template <class Port>
  riding(std::unique_ptr<Port> made, std::shared_ptr<void> on = {}) noexcept
      : port(std::move(made)), native(std::move(on)) {}

  std::unique_ptr<loop_port> port;
  std::shared_ptr<void> native;
};

}  // namespace interloop
