// SPDX-License-Identifier: MIT
// Cancels a coroutine at each of its awaits, one after the other, and looks for what goes wrong.
//
// Code is rarely wrong on its usual way, and often when it is cancelled half-way. The tool runs a scenario on a loop of
// its own, whose clock it moves: once to its end, then again and again, each time cancelling it at the next place where
// it waits. After each run it looks for what was left behind.
#pragma once

#include <interloop/api.hpp>
#include <interloop/detail/future_state.hpp>
#include <interloop/detail/state_ptr.hpp>
#include <interloop/failure.hpp>
#include <interloop/function.hpp>
#include <interloop/future.hpp>
#include <interloop/time.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop::testing {

/// A value that must arrive. `take` says that it has; destroying one that was not taken is a loss, which
/// `cancel_everywhere` reports, and so are those that still exist after a run. For scenarios in which a cancellation must
/// not lose values: send these. Can be moved only.
///
/// Thread safety: one thread.
class tracked_value {
 public:
  explicit tracked_value(int value) noexcept : value_(value), full_(true) { ++alive_; }
  tracked_value(tracked_value&& other) noexcept : value_(other.value_), full_(std::exchange(other.full_, false)) {
    ++alive_;
  }
  tracked_value& operator=(tracked_value other) noexcept {
    std::swap(value_, other.value_);
    std::swap(full_, other.full_);
    return *this;
  }
  ~tracked_value() {
    --alive_;
    if (full_) ++lost_;
  }

  /// The value, which has arrived now.
  int take() noexcept {
    full_ = false;
    return value_;
  }

  /// How many exist, those that were moved from included; how many were destroyed without having been taken.
  [[nodiscard]] static int alive() noexcept { return alive_; }
  [[nodiscard]] static int lost() noexcept { return lost_; }

 private:
  int value_;
  bool full_;
  static inline int alive_ = 0;
  static inline int lost_ = 0;
};

/// What `cancel_everywhere` needs to know about a scenario.
struct cancel_options {
  /// Called after each run, when everything of it is destroyed. Returns what is wrong, or an empty text. For what only
  /// the test can know: a lock that is still taken, a sum that is wrong.
  function<std::string()> check{};
  /// How long, in real time, a run that is not finished waits for its descriptors, such as a connection to a server in
  /// another process. Zero is for scenarios that are alone.
  duration patience{};
  /// How many turns a run may take.
  int most_turns = 10'000;
};

/// What was found.
struct cancel_report {
  /// At how many places the scenario was cancelled: in each turn after which it was waiting.
  int places = 0;
  /// Empty if all went well. Each one begins with the place: "cancelled in turn 3 of 7: a timer is left".
  std::vector<std::string> problems;

  /// The problems, one a line.
  [[nodiscard]] std::string text() const;
};

namespace detail {

/// A future of any type.
struct any_future {
  interloop::detail::state_ptr<interloop::detail::future_core> state;
  const failure* (*failure_of)(interloop::detail::future_core&);
};

template <class T>
const failure* failure_of(interloop::detail::future_core& core) {
  auto& state = static_cast<interloop::detail::future_state<T>&>(core);
  if (state.status() != interloop::detail::status::failed) return nullptr;
  state.mark_observed();
  return &state.get_failure();
}

cancel_report cancel_everywhere(function<any_future(api)> start, cancel_options options);

}  // namespace detail

/// Runs `scenario(api)`, which returns a future (it usually is a coroutine), once without cancelling it, and once more
/// for each turn after which it is waiting, cancelling it there. Each run has a loop of its own, which is selected.
/// Turns are as short as possible, so that no await is passed unseen. An await usually lasts several turns: it is also
/// cancelled when what it waits for is completed and it is about to be resumed.
///
/// Reports:
/// - a hang: nothing is ready, no timer is set, and the future is not completed;
/// - a leak: a pending future, a timer, a watch or a hold that is left when the future is completed, or a
///   `tracked_value`;
/// - a lost `tracked_value`;
/// - anything that was given to the exception handler;
/// - a failure of the run without a cancellation, and an exception that `scenario` throws;
/// - what `options.check` says.
///
/// After a cancellation the scenario may end in any way: by a value, by `cancelled_error`, or by another failure. It may
/// take its time to end.
///
/// Use it in a test of any framework: `EXPECT_EQ(cancel_everywhere(…).text(), "")`. To find leaks of memory, run that
/// with AddressSanitizer. Thread safety: one thread, outside of turns.
template <class Scenario>
[[nodiscard]] cancel_report cancel_everywhere(Scenario&& scenario, cancel_options options = {}) {
  using returned = std::remove_cvref_t<std::invoke_result_t<Scenario&, api>>;
  static_assert(is_future_v<returned>, "interloop: the scenario must return a future; make it a coroutine");
  return detail::cancel_everywhere(
      [&scenario](api async) {
        const returned made = scenario(async);
        auto& state = interloop::detail::future_access::state(made);
        return detail::any_future{interloop::detail::state_ptr<interloop::detail::future_core>(&state),
                                  &detail::failure_of<typename returned::value_type>};
      },
      std::move(options));
}

}  // namespace interloop::testing
