// SPDX-License-Identifier: MIT
// A loop for one test of a library: makes it, runs it until a future completes, and says what the library left behind.
//
// It uses no test framework: what it finds goes to a function of the test's. docs/testing-your-library.md shows it with
// GoogleTest, Catch2 and doctest, and the CMake function interloop_add_every_loop_test, which makes a program of the
// same test for each loop that is installed.
#pragma once

#include <interloop/api.hpp>
#include <interloop/error.hpp>
#include <interloop/failure.hpp>
#include <interloop/function.hpp>
#include <interloop/future.hpp>
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>
#include <interloop/testing/loop_kinds.hpp>
#include <interloop/time.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace interloop::testing {

/// `every_loop::run` has waited as long as it may. The message shows what is pending. No library throws this, so a test
/// that expects a `timeout_error` of its library does not take the one for the other.
class limit_passed : public error {
 public:
  using error::error;
  ~limit_passed() override;
};

/// A native loop with interloop's loop on it, which is selected as long as this exists. Make one in each test, before
/// the objects under test, so that they are destroyed first. At its end, it runs what is still queued and then reports
///
/// - what is pending: futures, coroutines, timers, watches and holds, as the call graph shows them;
/// - each exception that was given to the loop's exception handler: those that escaped from callbacks, and failures
///   that nobody looked at;
/// - descriptors that were opened meanwhile (on Linux; elsewhere they are not looked at).
///
/// On the manual loop, time passes only while nothing is ready: it jumps to the next timer. While a descriptor is
/// watched, though, what is at its other end needs real time, so the clock then moves no faster than the machine's.
///
/// Thread safety: the thread that made it, outside of the loop's callbacks.
class every_loop {
 public:
  /// Called once for each problem. Must not throw. In GoogleTest: `[](const std::string& what) { ADD_FAILURE() << what; }`.
  using reporter = std::function<void(const std::string& problem)>;

  /// How long `run` waits, in real time, unless told otherwise. Only a test that fails waits so long.
  static constexpr duration usual_limit = std::chrono::seconds(30);

  /// On the loop that this program is linked with; `interloop_add_every_loop_test` links each with one.
  /// Errors: `usage_error` if it is linked with none, or with several; if `report` is empty; what the native loop throws.
  explicit every_loop(reporter report);
  /// On the kind of loop of that name, one of `loop_names()`: for programs that are linked with several.
  /// Errors: `usage_error` if there is none of that name, if `report` is empty; what the native loop throws.
  every_loop(reporter report, std::string_view kind);
  every_loop(const every_loop&) = delete;
  every_loop& operator=(const every_loop&) = delete;
  /// As `close`.
  ~every_loop();

  /// The name of the kind, `manual` for instance.
  [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
  /// Whether time jumps: this is the manual loop.
  [[nodiscard]] bool jumps() const noexcept { return jumps_; }
  /// The loop. Errors: `usage_error` after `close`; so do all functions below, except `close`.
  [[nodiscard]] loop& core() const;
  /// interloop's functions on the loop.
  [[nodiscard]] api async() const { return api(core()); }
  /// The native loop, for tests of what only that can do.
  [[nodiscard]] conformance::native_loop& native() const;

  /// Runs the native loop until the future is completed and its callbacks have run. Returns the value, which is taken,
  /// or throws the future's exception.
  /// \param limit  of real time.
  /// Errors: the future's own; `limit_passed`, which leaves the future as it is; `usage_error` for a future of another
  /// loop, or in a callback.
  template <class T>
  decltype(auto) run(const future<T>& f, duration limit = usual_limit) {
    finish(f, limit);
    return f.take();
  }

  /// The same without taking the value. A failure counts as looked at.
  template <class T>
  void finish(const future<T>& f, duration limit = usual_limit) {
    require_own(f.loop());
    const auto ended = std::make_shared<bool>(false);
    const auto errback = [ended](const failure&) { *ended = true; };
    if constexpr (std::is_void_v<T>) {
      add_callbacks(f, [ended] { *ended = true; }, errback);
    } else {
      add_callbacks(f, [ended](const T&) { *ended = true; }, errback);
    }
    wait_for([&ended] { return *ended; }, limit, "the future was not completed");
  }

  /// Runs the native loop until `done()`, which is called after each of the loop's steps, is true.
  /// Errors: what `done` throws; `limit_passed`; `usage_error` in a callback.
  void run_until(const std::function<bool()>& done, duration limit = usual_limit) {
    wait_for(done, limit, "what was waited for did not happen");
  }

  /// Runs the native loop for as long as something is queued, which is what a test wants before it looks at `pending`.
  /// Errors: `limit_passed` if callbacks keep queueing others.
  void settle(duration limit = usual_limit);

  /// What is pending now, as a tree; empty if nothing is.
  [[nodiscard]] std::string pending() const;

  /// The exceptions that nobody handled, each as "context: type: message". They are forgotten, and not reported.
  [[nodiscard]] std::vector<std::string> taken_exceptions();

  /// Descriptors that are open now are no leak. For a library that keeps one for the whole process.
  void ignore_open_descriptors();

  /// Settles, reports, closes the loop and destroys the native one. Only the first call does.
  void close();

 private:
  struct parts;
  void require_own(const loop& of) const;
  void wait_for(const std::function<bool()>& done, duration limit, std::string_view otherwise);
  [[nodiscard]] parts& open(const char* function) const;

  std::string kind_;
  bool jumps_;
  std::unique_ptr<parts> parts_;  // null when closed
};

}  // namespace interloop::testing
