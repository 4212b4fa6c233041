// SPDX-License-Identifier: MIT
// A loop's timers compared with a std::set of deadlines, equal ones in the order of their making. Whenever a timer fires, it must be the model's first one,
// at exactly its time; and when an advance ends, no due timer may be left.
#include <interloop/testing/manual_loop.hpp>

#include "support/counted.hpp"
#include "support/random_steps.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace interloop::test {
namespace {

using namespace std::chrono_literals;

class both_clocks {
 public:
  explicit both_clocks(steps& random) : random_(random) {}

  void step() {
    const int what = random_.choose(100);
    if (what < 45) return schedule(some_span());
    if (what < 65) return cancel();
    if (what < 75) {
      cancel();
      return schedule(some_span());
    }
    if (what < 85) return restart(some_span());
    advance(some_span());
  }

  void advance(duration span) {
    random_.note("advance " + std::to_string(span.count()) + " ns");
    const time_point target = manual_->now() + span;
    manual_.advance(span);
    if (manual_->now() != target) differ("the clock stands elsewhere");
    if (!model_.empty() && model_.begin()->first <= target)
      differ("timer " + std::to_string(model_.begin()->second) + " was due and did not fire");
  }

  [[nodiscard]] const std::string& differs() const noexcept { return differs_; }

 private:
  duration some_span() { return random_.span(50); }  // to reach every level of the wheel

  void schedule(duration delay) {
    const int name = static_cast<int>(timers_.size());
    random_.note("schedule " + std::to_string(name) + " in " + std::to_string(delay.count()) + " ns");
    const auto at = model_.emplace(manual_->now() + delay, name).first;
    timers_.push_back({at, true, manual_->call_later(delay, [this, name, held = counted()] { fired(name); })});
  }

  void fired(int name) {
    random_.note("fires " + std::to_string(name));
    if (model_.empty() || model_.begin()->second != name) return differ("that is not the first in the model");
    if (model_.begin()->first != manual_->now()) differ("that is not its time");
    model_.erase(model_.begin());
    timers_[static_cast<std::size_t>(name)].waiting = false;
    const int what = random_.choose(10);
    if (what < 2) schedule(what == 0 ? 0ns : some_span());
    if (what < 4) cancel();
    if (what > 6) restart(what == 7 ? 0ns : some_span());
  }

  void cancel() {
    if (timers_.empty()) return;
    const int name = random_.choose(static_cast<int>(timers_.size()));
    random_.note("cancel " + std::to_string(name));
    entry& each = timers_[static_cast<std::size_t>(name)];
    if (each.handle.active() != each.waiting) differ("whether it is active");
    if (each.handle.cancel() != each.waiting) differ("whether there was something to cancel");
    if (std::exchange(each.waiting, false)) model_.erase(each.at);
  }

  void restart(duration delay) {
    if (timers_.empty()) return;
    const int name = random_.choose(static_cast<int>(timers_.size()));
    random_.note("restart " + std::to_string(name) + " in " + std::to_string(delay.count()) + " ns");
    entry& each = timers_[static_cast<std::size_t>(name)];
    if (each.handle.restart(delay) != each.waiting) differ("whether there was something to move");
    if (!each.waiting) return;
    model_.erase(each.at);
    each.at = model_.emplace(manual_->now() + delay, name).first;
  }

  void differ(std::string what) {
    if (differs_.empty()) differs_ = std::move(what);
  }

  struct entry {
    std::set<std::pair<time_point, int>>::iterator at;
    bool waiting;
    timer handle;
  };

  steps& random_;
  testing::manual_loop manual_;
  std::set<std::pair<time_point, int>> model_;
  std::vector<entry> timers_;
  std::string differs_;
};

TEST(timer_model_test, random_timers_agree_with_a_set) {
  try_seeds(
      [](steps& random, int count) -> std::string {
        {
          both_clocks clocks(random);
          for (int i = 0; i < count && clocks.differs().empty(); ++i) clocks.step();
          clocks.advance(24h * 400);
          if (!clocks.differs().empty()) return clocks.differs();
        }
        return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " callables were not destroyed";
      },
      300);
}

}  // namespace
}  // namespace interloop::test
