// SPDX-License-Identifier: MIT
#include <interloop/testing/cancel_everywhere.hpp>

#include <interloop/detail/loop_access.hpp>
#include <interloop/error.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>

namespace interloop::testing {

namespace {

using interloop::detail::loop_access;

constexpr int never = -1;

// One run of a scenario, on a loop of its own.
class one_run {
 public:
  one_run(function<detail::any_future(api)>& start, cancel_options& options, int cancel_after)
      : start_(start), options_(options), cancel_after_(cancel_after) {
    loop_access::run_one_generation_a_turn(*loop_);
    loop_->set_exception_handler([this](std::string_view context, const failure& fail) {
      problems_.push_back(std::string(context) + ": " + failure_message(fail));
    });
  }
  one_run(const one_run&) = delete;
  one_run& operator=(const one_run&) = delete;

  void run() {
    run_to_the_end();
    loop_->close();  // which may cause reports
  }

  [[nodiscard]] int waited() const noexcept { return waited_; }
  [[nodiscard]] std::vector<std::string>& problems() noexcept { return problems_; }

 private:
  void run_to_the_end() {
    std::optional<detail::any_future> whole;
    try {
      whole.emplace(start_(api(*loop_)));
    } catch (...) {
      problems_.push_back("the scenario threw: " + failure_message(create_failure()));
      return;
    }
    while (whole->state->is_pending()) {
      if (waited_ == cancel_after_)
        whole->state->cancel("cancelled by cancel_everywhere", std::source_location::current());
      if (!whole->state->is_pending()) break;
      if (++waited_ > options_.most_turns) {
        problems_.push_back("it does not end: " + std::to_string(options_.most_turns) + " turns were not enough");
        break;
      }
      if (!proceed()) {
        problems_.push_back("it hangs: nothing is ready, no timer is set, and its future is not completed");
        break;
      }
    }
    if (whole->state->is_pending()) return;
    if (const failure* why = whole->failure_of(*whole->state); why && cancel_after_ == never)
      problems_.push_back("it fails without being cancelled: " + failure_message(*why));
    whole.reset();
    for (int turns = 0; turns < options_.most_turns && loop_.step(); ++turns) {
    }
    look_for_leaks();
  }

  // One turn. Returns false if nothing is left to do.
  bool proceed() {
    if (loop_.step()) return true;
    const auto until = std::chrono::steady_clock::now() + options_.patience;
    if (loop_access::contents_of(*loop_).watches > 0) {
      while (std::chrono::steady_clock::now() < until) {
        if (loop_.step()) return true;
        std::this_thread::sleep_for(std::chrono::microseconds(20));
      }
    }
    return loop_.step_to_alarm();
  }

  void look_for_leaks() {
    const auto left = loop_access::contents_of(*loop_);
    const auto say = [this](std::size_t count, const char* what) {
      if (count > 0) problems_.push_back("left behind: " + std::to_string(count) + " " + what);
    };
    say(left.futures, "pending future(s)");
    say(left.timers, "timer(s)");
    say(left.watches, "watch(es)");
    say(left.holds, "hold(s)");
  }

  function<detail::any_future(api)>& start_;
  cancel_options& options_;
  int cancel_after_;
  int waited_ = 0;
  std::vector<std::string> problems_;
  manual_loop loop_;
  loop_replacement selected_ = replace_loop(*loop_);
};

}  // namespace

cancel_report detail::cancel_everywhere(function<any_future(api)> start, cancel_options options) {
  cancel_report report;
  int last = 0;  // the places that there are, by the run without a cancellation
  for (int place = never; place < last; ++place) {
    const int alive = tracked_value::alive();
    const int lost = tracked_value::lost();
    std::vector<std::string> problems;
    {
      one_run run(start, options, place);
      run.run();
      if (place == never) last = run.waited();
      problems = std::move(run.problems());
      run.problems().clear();
    }
    if (tracked_value::alive() != alive)
      problems.push_back("left behind: " + std::to_string(tracked_value::alive() - alive) + " tracked_value(s)");
    if (tracked_value::lost() != lost)
      problems.push_back("lost: " + std::to_string(tracked_value::lost() - lost) +
                         " tracked_value(s) that nobody took");
    if (options.check) {
      if (std::string wrong = options.check(); !wrong.empty()) problems.push_back(std::move(wrong));
    }
    const std::string where =
        place == never ? "not cancelled: "
                       : "cancelled in turn " + std::to_string(place + 1) + " of " + std::to_string(last) + ": ";
    for (const std::string& each : problems) report.problems.push_back(where + each);
    if (place == never && !problems.empty()) break;  // it would be the same everywhere
    if (place != never) ++report.places;
  }
  return report;
}

std::string cancel_report::text() const {
  std::string all;
  for (const std::string& each : problems) all += (all.empty() ? "" : "\n") + each;
  return all;
}

}  // namespace interloop::testing
