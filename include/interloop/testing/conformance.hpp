// SPDX-License-Identifier: MIT
// The conformance suite: what every loop that interloop runs on has to do, as named cases for any test framework.
//
// Start here if you wrote a port for a loop of your own: derive from `native_loop`, put it in a `harness`, and run each
// of `cases()` as one test. A case makes a fresh native loop, never waits longer than the harness's patience, and says
// whether it passed, failed, or does not apply. Real time is spent only in small delays, a few milliseconds each.
//
// Links with `interloop::conformance`; nothing else of interloop needs it. No test framework is used.
#pragma once

#include <interloop/function.hpp>
#include <interloop/loop.hpp>
#include <interloop/time.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace interloop::testing::conformance {

/// What some loops cannot do by their nature. A harness lists those its loop lacks, each with the reason.
enum class ability {
  nests,           // `run_until` may be called inside a callback
  ends_when_idle,  // `loop::run` returns when nothing is pending
  runs,            // `loop::run` works
  runs_in_child,   // `loop::run` works in a forked child, and does nothing to the parent's native loop
  passes_time,     // the clock moves while a callback runs
  calls_natively,  // `call_native` works
};

/// One fresh native loop with interloop's loop on it. A case makes one and destroys it. All functions are called in one
/// thread, the one that made it.
class native_loop {
 public:
  native_loop() = default;
  native_loop(const native_loop&) = delete;
  native_loop& operator=(const native_loop&) = delete;

  /// Destroys the owner too if it is still there, then the native loop, once nothing of interloop's is left in it.
  virtual ~native_loop() = default;

  /// Interloop's loop.
  [[nodiscard]] virtual loop& core() = 0;

  /// Destroys what owns interloop's loop (an `asio_loop`, say). The native loop stays and can be run.
  virtual void drop_owner() = 0;

  /// Drives the native loop until `done()`, which is asked after each of its steps, or until `limit` of real time has
  /// passed: a loop that hangs must come back all the same. Returns the last `done()`.
  ///
  /// If other threads help to run the native loop, ask `done()` in interloop's loop thread, have them joined on return,
  /// and leave the calling thread as the one of the last turn. Also called after the loop was closed.
  virtual bool run_until(const std::function<bool()>& done, duration limit) = 0;

  /// Queues `fn` by the native loop's own means, behind interloop's back. Only with `ability::calls_natively`.
  virtual void call_native(std::function<void()> fn) { static_cast<void>(fn); }
};

/// Stands between the cases and the loop, to break it: how the suite itself is tested. A port needs none.
class interposer {
 public:
  virtual ~interposer() = default;
  /// What is handed to the loop instead of a case's callable. It may be invoked many times if it is a watch's.
  virtual function<void()> callable(loop& core, function<void()> fn) {
    static_cast<void>(core);
    return fn;
  }
  /// Whether an exception that a call was expected to throw gets through.
  virtual bool refuses() { return true; }
  /// Whether `close` gets through.
  virtual bool closes() { return true; }
};

/// A kind of native loop, as the cases see it.
struct harness {
  std::string name;
  std::function<std::unique_ptr<native_loop>()> make;
  /// What it cannot do, and why: cases that need it are skipped with this reason.
  std::map<ability, std::string> lacks = {};
  /// How long to wait for what has to happen. Generous: only a failing case waits so long.
  duration patience = std::chrono::seconds(10);
  interposer* between = nullptr;
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
  std::function<outcome(const harness& on)> run;  // never throws what a case throws: that is a failure
};

/// All cases. Made once; any thread.
[[nodiscard]] const std::vector<test_case>& cases();

/// A case's name as test frameworks like it: letters, digits and underscores.
[[nodiscard]] std::string identifier(std::string_view name);

}  // namespace interloop::testing::conformance
