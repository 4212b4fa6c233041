// SPDX-License-Identifier: MIT
// Idle timeouts: when they call, that putting them off costs the loop nothing, and whose end they survive.
#include <interloop/idle_timeout.hpp>
#include <interloop/loop_port.hpp>

#include "support/bare_port.hpp"
#include "support/loop_test.hpp"
#include "support/random_steps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using test::counted;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The core runs when it is asked to; its native timer is counted.
class counting_port final : public test::bare_port {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "counting"; }
  void wake() noexcept override { ++wakes; }
  void set_alarm(time_point) override { ++alarms; }
  [[nodiscard]] time_point now() const noexcept override { return ticks; }
  void run() override { turn(); }
  using loop_port::alarm;
  using loop_port::turn;

  int wakes = 0, alarms = 0;
  time_point ticks{1h};
};

class idle_timeout_test : public test::loop_test {
 protected:
  auto note() {
    return [this, held = counted()] { called.push_back((manual->now() - begin) / 1ms); };
  }
  const time_point begin = manual->now();
  std::vector<std::int64_t> called;  // when, in milliseconds
};

TEST_F(idle_timeout_test, it_calls_once_when_it_was_not_restarted_for_its_time) {
  idle_timeout idle(*manual, note());
  EXPECT_FALSE(idle.active());
  manual.advance(1h);
  EXPECT_THAT(called, ElementsAre());
  const auto start = (manual->now() - begin) / 1ms;
  idle.restart(30s);
  EXPECT_TRUE(idle.active());
  for (int message = 0; message < 5; ++message) {
    manual.advance(20s);
    idle.restart(30s);
  }
  EXPECT_THAT(called, ElementsAre());
  manual.advance(29'999ms);
  EXPECT_THAT(called, ElementsAre());
  manual.advance(1h);
  EXPECT_THAT(called, ElementsAre(start + 130'000));
  EXPECT_FALSE(idle.active());
  idle.restart(1s);
  manual.advance(1s);
  EXPECT_EQ(called.size(), 2U) << "it can be started again";
}

TEST_F(idle_timeout_test, an_earlier_time_counts_at_once) {
  idle_timeout idle(*manual, note());
  idle.restart(1h);
  idle.restart(2h);
  idle.restart_at(begin + 500ms);
  idle.restart_at(begin + 700ms);
  idle.restart_at(begin + 600ms);
  manual.advance(1s);
  EXPECT_THAT(called, ElementsAre(600));
  idle.restart_at(begin);
  EXPECT_EQ(called.size(), 1U) << "not inside restart";
  manual.advance(0s);
  EXPECT_THAT(called, ElementsAre(600, 1000));
}

TEST_F(idle_timeout_test, a_time_that_is_too_far_never_comes) {
  idle_timeout idle(*manual, note());
  idle.restart((duration::max)());
  EXPECT_TRUE(idle.active());
  idle.restart(std::chrono::hours((std::numeric_limits<std::int64_t>::max)()));
  EXPECT_TRUE(idle.active());
  manual.advance(10'000h);
  EXPECT_THAT(called, ElementsAre());
  idle.restart(-1h);
  manual.advance(0s);
  EXPECT_EQ(called.size(), 1U);
}

TEST_F(idle_timeout_test, a_cancelled_one_does_not_call) {
  idle_timeout idle(*manual, note());
  EXPECT_FALSE(idle.cancel());
  idle.restart(1s);
  idle.restart(2s);
  EXPECT_TRUE(idle.cancel());
  EXPECT_FALSE(idle.active());
  EXPECT_FALSE(idle.cancel());
  manual.advance(5s);
  EXPECT_THAT(called, ElementsAre());
  idle.restart(1s);
  manual.advance(1s);
  EXPECT_THAT(called, ElementsAre(6000));
}

TEST_F(idle_timeout_test, its_function_may_restart_cancel_and_destroy_it) {
  std::optional<idle_timeout> idle;
  int left = 3;
  idle.emplace(*manual, [&, held = counted()] {
    called.push_back((manual->now() - begin) / 1ms);
    EXPECT_FALSE(idle->active());
    EXPECT_FALSE(idle->cancel());
    if (--left > 0) return idle->restart(1s);
    const int alive = counted::alive();
    idle.reset();
    EXPECT_EQ(counted::alive(), alive) << "it was destroyed while it ran";
  });
  idle->restart(1s);
  manual.advance(10s);
  EXPECT_THAT(called, ElementsAre(1000, 2000, 3000));
}

TEST_F(idle_timeout_test, it_may_be_due_again_in_a_nested_turn) {
  auto made = std::make_unique<counting_port>();
  counting_port& port = *made;
  const loop_owner owner(std::move(made));
  std::optional<idle_timeout> idle;
  int calls = 0;
  idle.emplace(*owner, [&, held = counted()] {
    if (++calls == 3) return idle.reset();
    idle->restart(1s);
    port.ticks += 1s;
    port.turn();
    EXPECT_EQ(calls, 3);
    EXPECT_FALSE(held.moved_from);
  });
  idle->restart(1s);
  port.ticks += 1s;
  owner->run();
  EXPECT_EQ(calls, 3);
}

TEST_F(idle_timeout_test, a_destroyed_one_does_not_call) {
  {
    idle_timeout idle(*manual, note());
    idle.restart(1s);
  }
  manual.advance(5s);
  EXPECT_THAT(called, ElementsAre());
}

TEST_F(idle_timeout_test, what_it_throws_goes_to_the_exception_handler) {
  idle_timeout idle(*manual, [] { throw std::runtime_error("silence"); });
  idle.restart(1s);
  manual.advance(1s);
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("silence")));
  idle.restart(1s);
  manual.advance(1s);
  EXPECT_THAT(taken_reports(), ElementsAre(HasSubstr("silence"))) << "it can still be started";
}

TEST_F(idle_timeout_test, closing_ends_it_and_breaks_a_cycle) {
  struct connection {
    counted held;
    std::optional<idle_timeout> idle;
  };
  const auto active = std::make_shared<connection>();
  active->idle.emplace(*manual, [active] {});
  active->idle->restart(1h);
  const std::weak_ptr<connection> watched = active;
  idle_timeout other(*manual, note());
  other.restart(1s);
  idle_timeout never_started(*manual, note());
  manual->close();
  EXPECT_EQ(watched.use_count(), 1);
  EXPECT_FALSE(active->idle->active());
  EXPECT_FALSE(other.cancel());
  EXPECT_THROW(other.restart(1s), loop_closed);
  EXPECT_THROW(never_started.restart(1s), loop_closed);
  EXPECT_THROW(active->idle->restart_at((time_point::max)()), loop_closed);
}

TEST_F(idle_timeout_test, closing_inside_its_function_breaks_a_cycle_when_the_function_has_returned) {
  struct connection {
    std::optional<idle_timeout> idle;
  };
  std::weak_ptr<connection> watched;
  {
    const auto made = std::make_shared<connection>();
    watched = made;
    made->idle.emplace(*manual, [this, made, held = counted()] {
      made->idle->restart(1s);
      manual->close();
      EXPECT_FALSE(held.moved_from);
      EXPECT_FALSE(made->idle->active());
    });
    made->idle->restart(1s);
  }
  manual.advance(1s);
  EXPECT_TRUE(watched.expired());
}

TEST_F(idle_timeout_test, it_can_be_moved_while_it_is_active) {
  std::vector<idle_timeout> all;
  for (int i = 0; i < 9; ++i) {
    all.emplace_back(*manual, note());
    all.back().restart(1s);
  }
  idle_timeout last = std::move(all.back());
  all.pop_back();
  last.restart(3s);
  all.erase(all.begin(), all.begin() + 4);  // assigns: those that are overwritten end
  for (auto& each : all) each.restart(2s);
  manual.advance(5s);
  EXPECT_THAT(called, ElementsAre(2000, 2000, 2000, 2000, 3000));

  idle_timeout moved = std::move(last);
  EXPECT_FALSE(last.active());
  EXPECT_FALSE(last.cancel());
  EXPECT_THAT([&] { last.restart(1s); }, ThrowsMessage<usage_error>(HasSubstr("moved from")));
  EXPECT_THAT([&] { last.restart_at(begin); }, ThrowsMessage<usage_error>(HasSubstr("moved from")));
  last = std::move(moved);
  last.restart(1s);
  manual.advance(1s);
  EXPECT_EQ(called.size(), 6U);
}

TEST_F(idle_timeout_test, its_function_may_close_the_loop) {
  idle_timeout idle(*manual, [this, held = counted()] { manual->close(); });
  idle_timeout later(*manual, note());
  idle.restart(1s);
  later.restart(1s);
  manual.advance(1s);
  EXPECT_THAT(called, ElementsAre());
  EXPECT_THROW(idle.restart(1s), loop_closed);
}

TEST_F(idle_timeout_test, it_may_outlive_the_loop) {
  std::optional<idle_timeout> idle;
  {
    const testing::manual_loop gone;
    idle.emplace(*gone, note());
    idle->restart(1s);
  }
  EXPECT_FALSE(idle->active());
  EXPECT_THROW(idle->restart(1s), loop_closed);
}

TEST_F(idle_timeout_test, an_empty_function_is_refused) {
  EXPECT_THAT([this] { idle_timeout(*manual, nullptr); },
              ThrowsMessage<usage_error>(HasSubstr("the callback is empty")));
}

TEST_F(idle_timeout_test, putting_it_off_does_not_tell_the_native_loop) {
  auto made = std::make_unique<counting_port>();
  counting_port& port = *made;
  const loop_owner owner(std::move(made));
  int idle_for = 0;
  idle_timeout idle(*owner, [&] { ++idle_for; });
  idle.restart(1min);
  owner->run();
  EXPECT_EQ(port.wakes, 1);
  EXPECT_EQ(port.alarms, 1);
  for (int message = 0; message < 1000; ++message) {
    port.ticks += 50ms;
    idle.restart(1min);
  }
  EXPECT_EQ(port.wakes, 1);
  port.ticks = time_point(1h + 1min);  // the old time
  port.alarm();
  EXPECT_EQ(port.alarms, 2) << "filed anew, once";
  EXPECT_EQ(idle_for, 0);
  port.ticks = time_point(1h + 50s + 1min);
  port.alarm();
  EXPECT_EQ(idle_for, 1);
}

// Some timeouts and, for each, the time that a model expects.
class both_timeouts {
 public:
  explicit both_timeouts(test::steps& random) : random_(random) {
    for (std::size_t i = 0; i < 4; ++i)
      all_.push_back(std::make_unique<idle_timeout>(*manual_, [this, i, held = counted()] { fired(i); }));
    due_.resize(all_.size());
  }

  void step() {
    const auto i = static_cast<std::size_t>(random_.choose(static_cast<int>(all_.size())));
    const int what = random_.choose(100);
    if (what < 60) return restart(i);
    if (what < 70) return cancel(i);
    advance(random_.span(45));
  }

  [[nodiscard]] const std::string& differs() const noexcept { return differs_; }

 private:
  void restart(std::size_t i) {
    const duration delay = random_.span(45);
    random_.note("restart " + std::to_string(i) + " for " + std::to_string(delay.count()) + " ns");
    due_[i] = manual_->now() + delay;
    all_[i]->restart(delay);
  }

  void cancel(std::size_t i) {
    random_.note("cancel " + std::to_string(i));
    if (all_[i]->cancel() != due_[i].has_value()) differs_ = "whether there was something to cancel";
    due_[i].reset();
  }

  void advance(duration span) {
    random_.note("advance " + std::to_string(span.count()) + " ns");
    manual_.advance(span);
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (due_[i] && *due_[i] <= manual_->now()) differs_ = std::to_string(i) + " was due and did not call";
      if (all_[i]->active() != due_[i].has_value()) differs_ = std::to_string(i) + ": whether it is active";
    }
  }

  void fired(std::size_t i) {
    random_.note("fires " + std::to_string(i));
    if (due_[i] != manual_->now()) differs_ = std::to_string(i) + " called at another time";
    due_[i].reset();
    if (random_.chance(30)) restart(i);
    if (random_.chance(20)) restart((i + 1) % all_.size());
    if (random_.chance(10)) cancel((i + 1) % all_.size());
  }

  test::steps& random_;
  testing::manual_loop manual_;
  std::vector<std::unique_ptr<idle_timeout>> all_;
  std::vector<std::optional<time_point>> due_;
  std::string differs_;
};

TEST(idle_timeout_model_test, random_restarts_call_at_exactly_the_last_time_that_was_asked_for) {
  test::try_seeds(
      [](test::steps& random, int count) -> std::string {
        {
          both_timeouts timeouts(random);
          for (int i = 0; i < count && timeouts.differs().empty(); ++i) timeouts.step();
          if (!timeouts.differs().empty()) return timeouts.differs();
        }
        return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " callables were not destroyed";
      },
      200);
}

}  // namespace
}  // namespace interloop
