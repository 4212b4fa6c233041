// SPDX-License-Identifier: MIT
// The conformance suite: what every loop that interloop runs on has to do, as named cases for any test framework.
//
// Start here if you wrote a port for a loop of your own: derive from `native_loop`, put it in a `harness`, and `run_all`,
// or run each of `cases()` as one test of your test framework. A case makes a fresh native loop, never waits longer than
// the harness's patience, and says whether it passed, failed, or does not apply. If the loop under test hangs, so that a
// case cannot end, it says which case that was and ends the process. Real time is spent only in small delays, a few
// milliseconds each.
//
// Link with `interloop::conformance`; nothing else in interloop needs it. It uses no test framework.
#pragma once

#include <interloop/function.hpp>
#include <interloop/loop.hpp>
#include <interloop/loop_owner.hpp>
#include <interloop/time.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace interloop::testing::conformance {

/// What some loops by their nature cannot do. A harness lists the abilities that its loop lacks, each with the reason.
enum class ability {
  nests,             // `run_until` may be called inside a callback
  ends_when_idle,    // `loop::run` returns when nothing is pending
  runs,              // `loop::run` works
  runs_in_child,     // `loop::run` works in a forked child, and does nothing to the parent's native loop
  passes_time,       // the clock moves while a callback runs
  calls_natively,    // `call_native` works
  watches_natively,  // `watch_native` works
  sleeps,            // while nothing happens, `run_until` sleeps and causes no turns of interloop's loop
  punctual,          // on a machine that is not busy, timers fire less than 20 ms late
};

/// The ability's name as it is written above, `nests` say.
[[nodiscard]] std::string_view to_string(ability what) noexcept;
/// The ability of that name. Errors: `usage_error`.
[[nodiscard]] ability to_ability(std::string_view name);

/// One fresh native loop with interloop's loop on it. A case makes one and destroys it. All functions are called in the
/// thread that made it.
class native_loop {
 public:
  native_loop() = default;
  native_loop(const native_loop&) = delete;
  native_loop& operator=(const native_loop&) = delete;

  /// Destroys the owner if it still exists and then, once nothing of interloop is left in it, the native loop.
  virtual ~native_loop() = default;

  /// Interloop's loop.
  [[nodiscard]] virtual loop& core() = 0;

  /// Destroys what owns interloop's loop (an `asio_loop`, say). The native loop stays and can be run.
  virtual void drop_owner() = 0;

  /// Drives the native loop until `done()`, which is checked after each of its steps, or until `limit` of real time has
  /// passed; it must return even if the loop hangs. Returns the last `done()`.
  ///
  /// If other threads help to run the native loop, call `done()` in interloop's loop thread, join them before
  /// returning, and leave the calling thread as the thread of the last turn. Also called after the loop was closed.
  virtual bool run_until(const std::function<bool()>& done, duration limit) = 0;

  /// Queues `fn` by the native loop's own means, behind interloop's back: as an object of the application's, so a native
  /// loop that ends when idle runs until `fn` has been called. Only with `ability::calls_natively`.
  virtual void call_native(std::function<void()> fn) { static_cast<void>(fn); }

  // ---- Optional: cases that need one of these are skipped in a harness that leaves it as it is.

  /// After `drop_owner`: makes another one, on the same native loop. Returns whether it could; throws what its maker
  /// throws.
  virtual bool make_owner() { return false; }

  /// Watches `fd` by the native loop's own means: calls `on_readable` while there is something to read, until the result
  /// is destroyed. Throws if the native loop refuses, because `fd` is watched already, say. Null: not offered.
  [[nodiscard]] virtual std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) {
    static_cast<void>(fd);
    static_cast<void>(on_readable);
    return nullptr;
  }

  /// What of interloop's is left in the native loop, in words (`2 handles`); empty if nothing is, or if the native loop
  /// cannot tell. Called after `drop_owner`, when the native loop has released everything.
  [[nodiscard]] virtual std::string left_behind() { return {}; }
};

/// Stands between the cases and the loop, to break it: this is how the suite itself is tested. Ports do not need one.
class interposer {
 public:
  virtual ~interposer() = default;
  /// Returns what is passed to the loop instead of a case's callable. A watch's callable may be called many times.
  virtual function<void()> callable(function<void()> fn) { return fn; }
  /// Whether an exception that a call was expected to throw gets through.
  virtual bool refuses() { return true; }
  /// Whether `close` gets through.
  virtual bool closes() { return true; }
};

/// A kind of native loop, as the cases see it.
struct harness {
  std::string name;
  std::function<std::unique_ptr<native_loop>()> make;
  /// What it cannot do, and why: cases that need such an ability are skipped with this reason.
  std::map<ability, std::string> lacks = {};
  /// How long to wait for what has to happen. Generous: only a failing case waits that long.
  duration patience = std::chrono::seconds(10);
  /// A case that lasts longer hangs, because the native loop does not return: the suite says so and ends the process.
  duration limit = std::chrono::seconds(50);
  /// Environment variables to set while a case runs, for a native loop that goes by some (`{"EVENT_NOEPOLL", "1"}`): one
  /// harness for each way that the loop can be switched to.
  std::map<std::string, std::string> environment = {};
  interposer* between = nullptr;
  /// Makes a loop that has a native loop of its own, for use in another thread. Empty if the kind has none.
  std::function<loop_owner()> own = {};
};

/// How a case ended.
struct outcome {
  enum class kind { passed, failed, skipped };
  kind what;
  std::string message;  // of a failure: `file:line: what was expected`; of a skipped case: the reason
};

/// One thing that every loop has to do.
struct test_case {
  std::string_view name;                          // a sentence
  std::function<outcome(const harness& on)> run;  // never throws: an exception in a case is a failure
};

/// All cases. Made once; any thread.
[[nodiscard]] const std::vector<test_case>& cases();

/// A case's name as test frameworks like it: letters, digits and underscores.
[[nodiscard]] std::string identifier(std::string_view name);

/// A whole `main`: runs the cases, prints each one's name and result on the standard output, and at the end the numbers
/// of those that passed, failed and were skipped. Arguments are parts of names: with some, only cases that have one of
/// them in their name are run. `--list` prints the names.
/// \return  what `main` returns: 0 if no case has failed, 1 if one has, 2 if no case has such a name.
int run_all(const harness& on, int argc, const char* const* argv);

}  // namespace interloop::testing::conformance
