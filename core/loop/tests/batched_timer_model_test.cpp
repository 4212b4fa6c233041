// SPDX-License-Identifier: MIT
// Batched timers compared with a list of deadlines: each call fires once, unless it was cancelled, less than one bucket
// early and at most one bucket late, and the calls of one bucket fire in the order they were made.
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include "support/counted.hpp"
#include "support/random_steps.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::test {
namespace {

using namespace std::chrono_literals;

class both_batches {
 public:
  explicit both_batches(steps& random)
      : random_(random),
        bucket_(duration(1 + (std::int64_t{1} << random.choose(40)) / 7 * random.choose(10))),
        batched_(*manual_, bucket_, static_cast<std::size_t>(1 + random.choose(5))) {
    random.note("buckets of " + std::to_string(bucket_.count()) + " ns");
    manual_->set_exception_handler([](std::string_view, const failure&) {});
  }

  void step() {
    const int what = random_.choose(100);
    if (what < 60) return schedule();
    if (what < 75) return cancel();
    advance(bucket_ / 8 * random_.choose(20));
  }

  void advance(duration span) {
    random_.note("advance " + std::to_string(span.count()) + " ns");
    manual_.advance(span);
    for (std::size_t i = 0; i < calls_.size(); ++i)
      if (calls_[i].waiting && manual_->now() > calls_[i].due + bucket_)
        return differ("call " + std::to_string(i) + " is more than a bucket late");
  }

  void finish() { advance(bucket_ * 100); }
  [[nodiscard]] const std::string& differs() const noexcept { return differs_; }

 private:
  struct call {
    time_point due;
    bool waiting;
    batched_call handle;
  };

  void schedule() {
    const std::size_t name = calls_.size();
    const duration delay = bucket_ / 16 * (random_.choose(64) - 2);
    random_.note("schedule " + std::to_string(name) + " in " + std::to_string(delay.count()) + " ns");
    const duration counts = delay < 0ns ? 0ns : delay;
    calls_.push_back({manual_->now() + counts, true, {}});
    calls_.back().handle = batched_.call_later(delay, [this, name, held = counted()] { fired(name); });
  }

  void fired(std::size_t name) {
    random_.note("fires " + std::to_string(name));
    call& each = calls_[name];
    if (!each.waiting) differ("it fired twice, or was cancelled");
    each.waiting = false;
    if (manual_->now() <= each.due - bucket_) differ("it is a bucket early");
    if (manual_->now() > each.due + bucket_) differ("it is more than a bucket late");
    const std::int64_t key = each.due.time_since_epoch() / bucket_;
    if (last_.count(key) && last_[key] > name) differ("one of its bucket that was made later fired before");
    last_[key] = name;
    const int what = random_.choose(10);
    if (what == 0) schedule();
    if (what == 1) cancel();
    if (what == 2) throw std::runtime_error("escapes");
  }

  void cancel() {
    if (calls_.empty()) return;
    const auto name = static_cast<std::size_t>(random_.choose(static_cast<int>(calls_.size())));
    random_.note("cancel " + std::to_string(name));
    if (calls_[name].handle.cancel() != calls_[name].waiting) differ("whether there was something to cancel");
    calls_[name].waiting = false;
  }

  void differ(std::string what) {
    if (differs_.empty()) differs_ = std::move(what);
  }

  steps& random_;
  testing::manual_loop manual_;
  duration bucket_;
  batched_timer batched_;
  std::vector<call> calls_;
  std::map<std::int64_t, std::size_t> last_;
  std::string differs_;
};

TEST(batched_timer_model_test, random_calls_fire_once_within_a_bucket_of_their_time) {
  try_seeds(
      [](steps& random, int count) -> std::string {
        {
          both_batches batches(random);
          for (int i = 0; i < count && batches.differs().empty(); ++i) batches.step();
          batches.finish();
          if (!batches.differs().empty()) return batches.differs();
        }
        return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " callables were not destroyed";
      },
      200);
}

}  // namespace
}  // namespace interloop::test
