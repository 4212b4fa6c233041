// SPDX-License-Identifier: MIT
// Futures and their cancellation compared with a model of a few lines: the state of each, and the callbacks that must
// run, in order. Callbacks act on futures too.
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include "support/counted.hpp"
#include "support/random_steps.hpp"

#include <array>
#include <deque>
#include <stdexcept>
#include <string>
#include <utility>

namespace interloop::test {
namespace {

enum class outcome { pending, value, failed, cancelled };

class both_futures {
 public:
  explicit both_futures(steps& random) : random_(random) {
    manual_->set_exception_handler([this](std::string_view, const failure&) { ++reports_; });
  }

  void step() {
    const int what = random_.choose(100);
    if (what < 15) return create();
    if (what < 70) return act();
    if (what < 80) return drop();
    turn();
  }

  void turn() {
    random_.note("run");
    manual_.run_ready();
    next_batch();
    if (!batch_.empty()) differ("callback " + std::to_string(batch_.front()) + " did not run");
  }

  std::string finish() {
    turn();
    for (model& each : futures_) forget(each);
    if (reports_ != expected_reports_)
      differ("failures reported: got " + std::to_string(reports_) + ", the model says " +
             std::to_string(expected_reports_));
    return differs_;
  }
  [[nodiscard]] const std::string& differs() const noexcept { return differs_; }

 private:
  struct model {
    future<int> real;
    outcome state = outcome::pending;
    int resolves_when_cancelled = 0;  // the action of its canceller: 0 nothing, 1 resolve, 2 reject
    bool looked_at = false;
    bool has_canceller = false;  // until it is dispatched
    bool queued = false;
    std::deque<int> waiting;  // callbacks
  };

  void create() {
    model fresh;
    fresh.resolves_when_cancelled = random_.choose(4);
    const int does = fresh.resolves_when_cancelled;
    fresh.has_canceller = does != 3;
    random_.note("create " + std::to_string(futures_.size()) + " with canceller " + std::to_string(does));
    if (does == 3) {
      fresh.real = api(*manual_).create_future<int>();
    } else {
      fresh.real = api(*manual_).create_future<int>([does, held = counted()](const future<int>& f) {
        if (does == 1) resolve(f, 1);
        if (does == 2) reject(f, std::runtime_error("canceller"));
      });
    }
    futures_.push_back(std::move(fresh));
  }

  void act() {
    if (futures_.empty()) return;
    const auto index = static_cast<std::size_t>(random_.choose(static_cast<int>(futures_.size())));
    model& chosen = futures_[index];
    if (!chosen.real) return;
    const std::string name = std::to_string(index);
    switch (random_.choose(6)) {
      case 0:
        random_.note("resolve " + name);
        return complete(index, outcome::value, [&] { resolve(chosen.real, 7); });
      case 1:
        random_.note("reject " + name);
        return complete(index, outcome::failed, [&] { reject(chosen.real, std::runtime_error("rejected")); });
      case 2: {
        random_.note("cancel " + name);
        const bool was_pending = chosen.state == outcome::pending;
        const int does = chosen.resolves_when_cancelled;
        if (was_pending) become(index, does == 1 ? outcome::value : does == 2 ? outcome::failed : outcome::cancelled);
        if (cancel(chosen.real) != was_pending) differ("whether there was something to cancel");
        return;
      }
      case 3:
        random_.note("look at " + name);
        if ((chosen.real.get_failure() != nullptr) !=
            (chosen.state == outcome::failed || chosen.state == outcome::cancelled))
          differ("whether it has failed");
        if (chosen.state == outcome::failed) chosen.looked_at = true;
        return;
      default:
        return add(index);
    }
  }

  template <class F>
  void complete(std::size_t index, outcome state, F really) {
    const bool was_pending = futures_[index].state == outcome::pending;
    try {
      really();
      if (!was_pending) differ("it was completed twice");
    } catch (const invalid_state&) {
      if (was_pending) differ("it could not be completed");
      return;
    }
    become(index, state);
  }

  void become(std::size_t index, outcome state) {
    model& each = futures_[index];
    each.state = state;
    if (each.has_canceller || !each.waiting.empty()) enqueue(index);
  }

  void enqueue(std::size_t index) {
    if (!std::exchange(futures_[index].queued, true)) queue_.push_back(index);
  }

  void add(std::size_t index) {
    model& each = futures_[index];
    const int callback = ++last_callback_;
    random_.note("add callback " + std::to_string(callback) + " to " + std::to_string(index));
    const auto value = [this, index, callback, held = counted()](int) { ran(index, callback, outcome::value); };
    const auto error = [this, index, callback](const failure& fail) {
      ran(index, callback, fail.is<cancelled_error>() ? outcome::cancelled : outcome::failed);
    };
    if (random_.chance(70)) {
      add_callbacks(each.real, value, error);
    } else {
      add_callbacks(each.real, value, [error, pad = std::array<char, 99>{}](const failure& fail) {
        static_cast<void>(pad);
        error(fail);
      });
    }
    each.waiting.push_back(callback);
    if (each.state != outcome::pending) enqueue(index);
  }

  void ran(std::size_t index, int callback, outcome seen) {
    random_.note("callback " + std::to_string(callback) + " of " + std::to_string(index) + " runs");
    if (futures_[index].state != seen) differ("it saw another outcome");
    futures_[index].looked_at = true;
    next_batch();
    if (batch_.empty()) return differ("none should run");
    if (batch_.front() != callback) return differ("callback " + std::to_string(batch_.front()) + " should run first");
    batch_.pop_front();
    if (random_.chance(30)) act();
  }

  // A future's dispatch takes everything that waits for it when it begins; if that was only a canceller, nothing is
  // visible.
  void next_batch() {
    while (batch_.empty() && !queue_.empty()) {
      model& next = futures_[queue_.front()];
      queue_.pop_front();
      next.queued = false;
      next.has_canceller = false;
      batch_.swap(next.waiting);
    }
  }

  void drop() {
    if (futures_.empty()) return;
    const auto index = static_cast<std::size_t>(random_.choose(static_cast<int>(futures_.size())));
    random_.note("drop " + std::to_string(index));
    forget(futures_[index]);
  }

  void forget(model& each) {
    if (!each.real) return;
    if (each.state == outcome::failed && !each.looked_at && each.waiting.empty()) ++expected_reports_;
    if (each.state == outcome::pending) each.waiting.clear();
    each.real = {};
  }

  void differ(std::string what) {
    if (differs_.empty()) differs_ = std::move(what);
  }

  steps& random_;
  testing::manual_loop manual_;
  std::deque<model> futures_;
  std::deque<std::size_t> queue_;  // futures to dispatch
  std::deque<int> batch_;          // callbacks of the one that is being dispatched
  int last_callback_ = 0;
  int reports_ = 0;
  int expected_reports_ = 0;
  std::string differs_;
};

TEST(future_model_test, random_futures_agree_with_a_model_of_a_few_lines) {
  try_seeds(
      [](steps& random, int count) -> std::string {
        {
          both_futures futures(random);
          for (int i = 0; i < count && futures.differs().empty(); ++i) futures.step();
          if (std::string differs = futures.finish(); !differs.empty()) return differs;
        }
        return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " callables were not destroyed";
      },
      300);
}

}  // namespace
}  // namespace interloop::test
