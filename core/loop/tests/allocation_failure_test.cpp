// SPDX-License-Identifier: MIT
// Every allocation of a scenario fails once, on every loop: each function throws std::bad_alloc or works, promises are
// kept, nothing leaks, and the loop still works. Also the number of allocations, if that is promised.
#include <interloop/async_generator.hpp>
#include <interloop/bridge.hpp>
#include <interloop/channel.hpp>
#include <interloop/condition.hpp>
#include <interloop/event.hpp>
#include <interloop/mutex.hpp>

#include "support/counted.hpp"
#include "support/failing_new.hpp"
#include "support/loops.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::test {
namespace {

using namespace std::chrono_literals;

class allocation_failure_test : public ::testing::TestWithParam<std::string> {
 public:
  using scenario = void (allocation_failure_test::*)(api);

  // A callable that counts its calls; `extra` makes it larger.
  template <std::size_t Extra = 8>
  auto note() {
    return [this, held = counted(), pad = std::array<char, Extra>{}](const auto&...) {
      ran += 1 + pad[0];
      EXPECT_FALSE(held.moved_from);
    };
  }

  void every_allocation(scenario run) {
    for (long failing = 1; failing < 100'000; ++failing) {
      SCOPED_TRACE("allocation " + std::to_string(failing));
      const auto under_test = make_loop(GetParam());
      loop& core = under_test->core();
      reports = promised = ran = 0;
      core.set_exception_handler([this](std::string_view, const failure&) { ++reports; });
      bool failed = false;
      {
        const failing_new one(failing);
        try {
          (this->*run)(api(core));
        } catch (const std::bad_alloc&) {
        }
        failed = failing_new::failed();
      }
      bool lives = false;
      if (!core.closed()) {
        core.call_later(1ms, [&] { lives = true; });
        run_until(core, [&] { return lives && ran >= promised; });
        EXPECT_EQ(ran, promised);
      }
      kept_groups.clear();
      under_test->drop_owner();
      EXPECT_EQ(counted::alive(), 0);
      if (!failed) {
        EXPECT_EQ(reports, 0);
        return;
      }
      if (HasFailure()) return;
    }
    FAIL() << "the scenario never got by without the failure";
  }

  void futures(api io) {
    const auto f = io.create_future<counted>([held = counted()] {});
    int added = 0;
    add_callbacks(f, note());
    ++added;
    add_callbacks(f, note<200>());
    ++added;
    add_callbacks(f, note(), note());
    ++added;
    resolve(f, counted(1));
    promised += added;
    add_callbacks(f, note());
    ++promised;
  }

  void failures(api io) {
    const auto rejected = io.create_future<int>();
    add_callbacks(rejected, nullptr, note());
    reject(rejected, std::runtime_error("a message that is long enough to be allocated"));
    ++promised;
    const auto cancelled =
        io.create_future<int>([held = counted(), pad = std::array<char, 99>{}] { static_cast<void>(pad); });
    add_callbacks(cancelled, nullptr, note());
    cancel(cancelled);
    ++promised;
  }

  // The ready queue grows by a block while futures complete; that must not lose their callbacks.
  void many_futures(api io) {
    std::vector<future<int>> all;
    for (int i = 0; i < 1200; ++i) {
      all.push_back(io.create_future<int>());
      add_callbacks(all.back(), note<1>());
    }
    for (const auto& each : all) {
      resolve(each, 1);
      ++promised;
    }
  }

  future<int> leaf(api io, future<int> gate, counted) {
    co_await io.sleep(0s);
    const int value = co_await gate;
    co_return value;
  }
  future<int> root(api io, future<int> gate) {
    try {
      co_return co_await leaf(io, gate, {});
    } catch (const std::runtime_error&) {
      co_return 0;
    }
  }
  void coroutines(api io) {
    const auto gate = io.create_future<int>();
    const auto f = root(io, gate);
    const auto g = leaf(io, gate, {});
    const auto h = leaf(io, gate, {});
    cancel(h);
    reject(gate, std::runtime_error("broken"));
    static_cast<void>(f.get_failure());
    add_callbacks(g, note(), note());
    ++promised;
  }

  void gathers(api io) {
    std::vector<future<counted>> inputs{io.create_future<counted>(), io.create_future<counted>()};
    const auto all = io.gather(inputs);
    const auto strict = io.gather(consume_exceptions::no, inputs);
    const auto mixed = io.gather(inputs[0], io.sleep(0s));
    const auto cancelled = io.gather(std::vector{io.create_future<int>([held = counted()] {})});
    resolve(inputs[0], counted());
    reject(inputs[1], std::runtime_error("x"));
    cancel(cancelled);
    add_callbacks(all, note(), note());
    ++promised;
    add_callbacks(strict, note(), note());
    ++promised;
    add_callbacks(mixed, note(), note());
    ++promised;
  }

  void limits_and_races(api io) {
    const auto answer = io.create_future<counted>([held = counted()] {});
    const auto never = io.create_future<int>([held = counted()] {});
    const auto limited = with_timeout(1h, answer);
    const auto late = with_timeout(0s, never);
    const auto protected_one = shield(answer);
    const auto first = first_of(race::to_succeed, io.create_future<int>([held = counted()] {}), io.sleep(0s));
    const auto of_range = first_of(losers::not_awaited, std::vector{io.sleep(1h), io.sleep(0s)});
    add_callbacks(limited, note(), note());
    ++promised;
    add_callbacks(late, note(), note());
    ++promised;
    add_callbacks(protected_one, note(), note());
    ++promised;
    add_callbacks(first, note(), note());
    ++promised;
    add_callbacks(of_range, note(), note());
    ++promised;
    resolve(answer, counted(1));
  }

  future<void> task(api io, counted) { co_await io.sleep(0s); }
  void groups(api io) {
    task_group group(io, 2);
    const auto joined = group.join();
    for (int i = 0; i < 4; ++i) group.spawn([this, io, held = counted()] { return task(io, held); });
    group.add(io.create_future<int>([held = counted(), pad = std::array<char, 99>{}] { static_cast<void>(pad); }));
    group.spawn([] { throw std::runtime_error("a failure that cancels the others"); });
    group.cancel();
    const auto done = group.join();
    add_callbacks(done, note(), note());
    ++promised;
    kept_groups.push_back(std::move(group));
  }

  void timers(api io) {
    const auto weight = [held = counted(), pad = std::array<char, 100>{}] { static_cast<void>(pad); };
    std::vector<timer> cancelled;
    cancelled.reserve(30);  // so that each of them is cancelled
    for (int i = 0; i < 300; ++i) {
      io.call_later(std::chrono::microseconds(i * 5), note());
      ++promised;
      if (i % 10 == 0) cancelled.push_back(io.call_later(std::chrono::milliseconds(i), weight));
    }
    for (timer& each : cancelled) each.cancel();
    cancelled.clear();
    io.call_later(1h, note());
  }

  void batched_timers(api io) {
    auto batched = io.make_batched_timer(1ms, 3);
    std::vector<batched_call> cancelled;
    cancelled.reserve(4);  // so that each of them is cancelled
    for (int i = 0; i < 20; ++i) {
      batched.call_later(std::chrono::microseconds(i * 200), note());
      ++promised;
      if (i % 5 == 0) cancelled.push_back(batched.call_later(1h, note()));
    }
    for (auto& each : cancelled) each.cancel();
    io.call_soon([this, batched]() mutable {
      batched.call_later(0s, note());
      ++promised;
    });
  }

  void calls(api io) {
    for (int i = 0; i < 40; ++i) {
      io.call_soon(note<1>());
      ++promised;
      io.call_soon(note<240>());
      ++promised;
      io.call_soon(note<1000>());
      ++promised;
      io.call_soon([this](const std::unique_ptr<int>& value) { ran += *value; }, std::make_unique<int>(1));
      ++promised;
    }
  }

  void posts(api io) {
    const loop_remote remote = io.remote();
    for (int i = 0; i < 60; ++i) {
      io.post(note<1>());
      ++promised;
      remote.post(note<240>());
      ++promised;
      remote.post(note<1000>());
      ++promised;
    }
  }

  void watches(api io) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_NONBLOCK | O_CLOEXEC), 0);
    struct closer {
      std::array<int, 2>& pipe;
      ~closer() {
        EXPECT_EQ(::close(pipe[0]), 0) << "the descriptor was closed";
        EXPECT_EQ(::close(pipe[1]), 0);
      }
    } guard{pipe};
    int seen = 0;
    fd_watch reader = io.watch(pipe[0], interest::none, [&, core = &io.loop(), held = counted()](interest) {
      char c = 0;
      if (::read(pipe[0], &c, 1) == 1) ++seen;
      core->stop();
    });
    const fd_watch writer =
        io.watch(pipe[1], interest::read,
                 [held = counted(), pad = std::array<char, 99>{}](interest) { static_cast<void>(pad); });
    reader.set_interest(interest::read);
    EXPECT_EQ(::write(pipe[1], "x", 1), 1);
    const loop_hold hold = io.hold();
    io.call_later(5s, [core = &io.loop()] { core->stop(); });  // if the event does not come
    io.loop().run();
    EXPECT_GT(seen, 0);
    reader.set_interest(interest::none);
  }

  void bridges(api io) {
    const auto takes = [note = note<200>()](auto& ended) mutable { note(ended.take_failure()); };
    promise<counted> end(io, [held = counted(), pad = std::array<char, 99>{}] { static_cast<void>(pad); });
    observe(end.get_future(), takes);
    ++promised;
    observation link = observe(end.get_future(), takes);
    ++promised;
    link.cancel();
    promise<counted> dropped(io);
    observe(dropped.get_future(), takes);
    ++promised;
    dropped = promise<counted>(io);
    observe(dropped.get_future(), takes);
    ++promised;
    dropped.resolve(counted(1));
  }

  // Each of these uses the object that it waits for only once: that may be destroyed meanwhile.
  static future<void> waits_for(api, event& of, counted) { co_await of.wait(); }
  static future<void> locks_once(api io, mutex& of, counted) {
    const mutex::scoped_lock lock = co_await of.lock();
    co_await io.sleep(0s);
  }
  static future<void> waits_unlocked(api, condition& of, mutex::scoped_lock lock, counted) { co_await of.wait(lock); }
  void locks(api io) {
    event happens(io);
    mutex m(io);
    condition changes(io);
    semaphore two(io, 2);
    for (int i = 0; i < 3; ++i) {
      add_callbacks(waits_for(io, happens, {}), note(), note());
      ++promised;
      add_callbacks(waits_unlocked(io, changes, m.try_lock(), {}), note(), note());
      ++promised;
      add_callbacks(two.acquire().as_future(), [note = note()](permit) mutable { note(); }, note());
      ++promised;
    }
    mutex::scoped_lock lock = m.try_lock();
    add_callbacks(locks_once(io, m, {}), note(), note());
    ++promised;
    const auto cancelled = waits_for(io, happens, {});
    cancel(cancelled);
    changes.notify_one();
    lock.release();
    happens.set();
  }

  using items = std::shared_ptr<channel<counted>>;
  /// Closes it when a scope ends because memory is short, so that nobody waits forever.
  struct closes_when_short {
    items of;
    ~closes_when_short() {
      if (std::uncaught_exceptions() > 0) of->close();
    }
  };
  static future<int> sends(api, items to, int count, counted) {
    const closes_when_short end{to};
    for (int i = 0; i < count; ++i) co_await to->send(counted(i));
    to->close();
    co_return count;
  }
  static future<int> receives(api, items from, counted) {
    const closes_when_short end{from};
    int count = 0;
    while (auto each = co_await from->next()) {
      EXPECT_EQ(each->value, count) << "an item is lost, or comes twice";
      ++count;
    }
    co_return count;
  }
  void channels(api io) {
    const closes_when_short narrow{std::make_shared<channel<counted>>(io, 0)};
    const closes_when_short wide{std::make_shared<channel<counted>>(io, unbounded)};
    add_callbacks(sends(io, wide.of, 40, {}), note(), note());
    ++promised;
    add_callbacks(receives(io, wide.of, {}), note(), note());
    ++promised;
    add_callbacks(receives(io, narrow.of, {}), note(), note());
    ++promised;
    add_callbacks(sends(io, narrow.of, 5, {}), note(), note());
    ++promised;
    channel<counted> closed(io, 1);
    add_callbacks(closed.next().as_future(), [note = note()](std::optional<counted>) mutable { note(); }, note());
    ++promised;
    closed.close(create_failure(std::runtime_error("a message that is long enough to be allocated")));
    channel<counted> shared(io, 3);
    const auto remote = shared.remote();
    for (int i = 0; i < 4; ++i) static_cast<void>(remote.try_send(counted(i)));
    remote.close();
  }

  static async_generator<counted> yields(api io, counted) {
    for (int i = 0; i < 3; ++i) {
      if (i == 1) co_await io.sleep(0s);
      co_yield counted(i);
    }
    throw std::runtime_error("a message that is long enough to be allocated");
  }
  static future<int> reads(api io, counted) {
    auto all = yields(io, {});
    int count = 0;
    while (auto each = co_await all.next()) EXPECT_EQ(each->value, count++);
    co_return count;
  }
  void generators(api io) {
    add_callbacks(reads(io, {}), note(), note());
    ++promised;
    auto waits = [](api, future<void> never, counted) -> async_generator<int> {
      co_await never;
      co_yield 1;
    }(io, io.create_future<void>(), {});
    add_callbacks(waits.next().as_future(), note(), note());
    ++promised;
  }

  void closing(api io) {
    const auto ignores = [held = counted()](const auto&...) {};
    const auto f = io.create_future<int>([held = counted()] {});
    add_callbacks(f, ignores);
    io.call_soon(ignores);
    io.call_later(1s, ignores);
    io.post(ignores);
    auto batched = io.make_batched_timer(1s);
    batched.call_later(1s, ignores);
    const auto all = io.gather(f);
    static_cast<void>(leaf(io, f, {}));
    observe(f, note());
    static_cast<void>(io.close());
    EXPECT_EQ(ran, 1);
    EXPECT_TRUE(f.get_failure()->is<loop_closed>());
    EXPECT_TRUE(all.get_failure()->is<loop_closed>());
  }

  int reports = 0;
  int promised = 0;
  int ran = 0;
  std::vector<task_group> kept_groups;  // until their tasks have ended
};

TEST_P(allocation_failure_test, futures) { every_allocation(&allocation_failure_test::futures); }
TEST_P(allocation_failure_test, failures_and_cancellation) { every_allocation(&allocation_failure_test::failures); }
TEST_P(allocation_failure_test, many_futures_completed_in_one_turn) {
  if (GetParam() != "manual") GTEST_SKIP() << "the queue is the same on every loop, and this takes long";
  every_allocation(&allocation_failure_test::many_futures);
}
TEST_P(allocation_failure_test, coroutines) { every_allocation(&allocation_failure_test::coroutines); }
TEST_P(allocation_failure_test, gathers) { every_allocation(&allocation_failure_test::gathers); }
TEST_P(allocation_failure_test, limits_and_races) { every_allocation(&allocation_failure_test::limits_and_races); }
TEST_P(allocation_failure_test, groups) { every_allocation(&allocation_failure_test::groups); }
TEST_P(allocation_failure_test, bridges) { every_allocation(&allocation_failure_test::bridges); }
TEST_P(allocation_failure_test, locks) { every_allocation(&allocation_failure_test::locks); }
TEST_P(allocation_failure_test, channels) { every_allocation(&allocation_failure_test::channels); }
TEST_P(allocation_failure_test, generators) { every_allocation(&allocation_failure_test::generators); }
TEST_P(allocation_failure_test, timers) { every_allocation(&allocation_failure_test::timers); }
TEST_P(allocation_failure_test, batched_timers) { every_allocation(&allocation_failure_test::batched_timers); }
TEST_P(allocation_failure_test, calls) { every_allocation(&allocation_failure_test::calls); }
TEST_P(allocation_failure_test, posts) { every_allocation(&allocation_failure_test::posts); }
TEST_P(allocation_failure_test, a_watch_that_cannot_be_made_leaves_the_descriptor_open) {
  every_allocation(&allocation_failure_test::watches);
}
TEST_P(allocation_failure_test, closing) { every_allocation(&allocation_failure_test::closing); }

TEST_P(allocation_failure_test, make_a_loop) {
  const auto under_test = make_loop(GetParam());
  under_test->drop_owner();
  for (long failing = 1;; ++failing) {
    ASSERT_LT(failing, 1000);
    bool made = false;
    bool failed = false;
    {
      const failing_new one(failing);
      try {
        made = under_test->make_owner();
        if (!made) GTEST_SKIP() << "this kind of loop cannot be made again (loops/<loop>/fixture.hpp says why)";
      } catch (const std::bad_alloc&) {
      }
      failed = failing_new::failed();
    }
    EXPECT_TRUE(made || failed);
    under_test->drop_owner();
    if (!failed) break;
  }
}

INSTANTIATE_TEST_SUITE_P(every_loop, allocation_failure_test, ::testing::ValuesIn(loop_names()),
                         [](const auto& each) { return each.param; });

TEST(allocation_failure_in_turns_test, timers_on_every_level_of_the_wheel) {
  for (long failing = 1; failing < 1000; ++failing) {
    SCOPED_TRACE("allocation " + std::to_string(failing));
    testing::manual_loop manual;
    manual->set_exception_handler([](std::string_view, const failure&) {});
    const time_point start = manual->now();
    int fired = 0;
    int late = 0;
    for (int i = 0; i < 400; ++i) {
      const time_point when = start + std::chrono::milliseconds(70 + i % 50 + (i % 4) * 5000) + 1h * (i % 3);
      manual->call_at(when, [&, when] {
        ++fired;
        if (manual->now() != when) ++late;
      });
    }
    bool failed = false;
    {
      const failing_new one(failing);
      try {
        manual.advance(3h);
      } catch (const std::bad_alloc&) {
      }
      failed = failing_new::failed();
    }
    manual.advance(3h);
    EXPECT_EQ(fired, 400);
    EXPECT_EQ(late, 0);
    if (!failed || ::testing::Test::HasFailure()) return;
  }
  FAIL() << "never got by without the failure";
}

class allocation_count_test : public ::testing::Test {
 protected:
  allocation_count_test() {
    for (int i = 0; i < 10; ++i) {  // the first operations allocate their blocks and slabs
      manual->call_soon([] {});
      manual->call_later(std::chrono::milliseconds(i), [] {});
      add_callbacks(io.create_future<int>(1), [](int) {});
    }
    manual.advance(1s);
  }
  testing::manual_loop manual;
  api io{*manual};
};

TEST_F(allocation_count_test, a_small_call_takes_none) {
  const failing_new counting(0);
  manual->call_soon([pad = std::array<char, 240>{}] { static_cast<void>(pad); });
  EXPECT_EQ(failing_new::count(), 0);
}

TEST_F(allocation_count_test, a_timer_takes_none_making_firing_and_cancelling) {
  const failing_new counting(0);
  timer t = manual->call_later(5ms, [pad = std::array<char, 24>{}] { static_cast<void>(pad); });
  t.cancel();
  manual->call_later(5ms, [] {});
  EXPECT_EQ(failing_new::count(), 0);
}

TEST_F(allocation_count_test, a_future_with_its_first_callbacks_takes_one) {
  const failing_new counting(0);
  int got = 0;
  const auto f = io.create_future<int>();
  add_callbacks(f, [&](int value) { got += value; });
  add_callbacks(f, [&](int value) { got += value; });
  resolve(f, 1);
  EXPECT_EQ(failing_new::count(), 1);
}

TEST_F(allocation_count_test, a_promise_takes_only_its_futures_allocation_and_an_observer_at_most_one) {
  const failing_new counting(0);
  int told = 0;
  promise<int> end(*manual);
  const observation first = observe(end.get_future(), [&](outcome<int>&) { ++told; });
  EXPECT_EQ(failing_new::count(), 1);
  const observation second = observe(end.get_future(), [&, pad = std::array<char, 200>{}](outcome<int>&) {
    static_cast<void>(pad);
    ++told;
  });
  EXPECT_EQ(failing_new::count(), 2);
  end.resolve(1);
  EXPECT_EQ(failing_new::count(), 2);
  manual.run_ready();
  EXPECT_EQ(told, 2);
}

TEST_F(allocation_count_test, a_coroutine_and_its_future_take_one_together) {
  const auto f = io.create_future<int>();
  const auto waits = [](api, future<int> from) -> future<int> { co_return co_await from; };
  const failing_new counting(0);
  const auto g = waits(io, f);
  EXPECT_EQ(failing_new::count(), 1);
  resolve(f, 1);
  EXPECT_EQ(failing_new::count(), 1);
}

TEST_F(allocation_count_test, a_limit_a_race_and_a_shield_take_one_each) {
  const auto limited = io.create_future<int>();
  const auto raced = io.create_future<int>([] {});
  const auto other = io.create_future<std::string>();
  const auto protected_one = io.create_future<int>();
  const failing_new counting(0);
  const auto one = with_timeout(1s, limited);
  EXPECT_EQ(failing_new::count(), 1);
  const auto two = first_of(raced, other);
  EXPECT_EQ(failing_new::count(), 2);
  const auto three = shield(protected_one);
  EXPECT_EQ(failing_new::count(), 3);
  resolve(limited, 1);
  resolve(raced, 1);
  resolve(protected_one, 1);
  manual.run_ready();
}

TEST_F(allocation_count_test, a_task_of_a_group_takes_only_its_future) {
  static loop* home;
  static std::vector<future<void>> kept;  // static, so that the task needs no capture
  home = &*manual;
  const auto task = [] {
    kept.push_back(with_config(*home).create_future<void>());
    return kept.back();
  };
  task_group group(*manual);
  const auto finish = [&] {
    const auto done = group.join();
    for (const auto& each : kept) resolve(each);
    kept.clear();
    manual.run_ready();
    return is_called(done);
  };
  for (int i = 0; i < 64; ++i) group.spawn(task);
  ASSERT_TRUE(finish());
  {
    const failing_new counting(0);
    for (int i = 0; i < 32; ++i) group.spawn(task);
    EXPECT_EQ(failing_new::count(), 32);
    const auto done = group.join();
    EXPECT_EQ(failing_new::count(), 33);
  }
  EXPECT_TRUE(finish());
}

TEST_F(allocation_count_test, completing_a_chain_of_coroutines_takes_none) {
  const auto f = io.create_future<int>();
  const auto waits = [](api, future<int> from) -> future<int> { co_return co_await from; };
  const auto h = waits(io, waits(io, waits(io, f)));
  resolve(f, 1);
  long taken = -1;
  {
    const failing_new counting(0);
    while (!is_called(h)) manual.step();
    taken = failing_new::count();
  }
  EXPECT_EQ(taken, 0);
  EXPECT_EQ(h.value(), 1);
}

TEST_F(allocation_count_test, locks_channels_and_generators_take_none_for_each_use) {
  mutex m(io);
  event e(io);
  channel<int> ch(io, 0);
  const auto uses = [](api, mutex& lock, event& on, channel<int>& to) -> future<void> {
    for (int i = 0; i < 50; ++i) {
      const auto held = co_await lock.lock();
      co_await to.send(i);
    }
    co_await on.wait();
  };
  const auto yields = [](api) -> async_generator<int> {
    for (int i = 0;; ++i) co_yield i;
  };
  const auto reads = [](api, async_generator<int>& from, channel<int>& other) -> future<int> {
    int sum = 0;
    for (int i = 0; i < 100; ++i) sum += *co_await from.next() - *co_await other.next();
    co_return sum;
  };
  auto all = yields(io);
  const auto first = uses(io, m, e, ch);
  const auto second = uses(io, m, e, ch);
  const auto third = reads(io, all, ch);
  manual.step();
  long taken = -1;
  {
    const failing_new counting(0);
    while (!is_called(third)) manual.step();
    e.set();
    while (!is_called(second)) manual.step();
    taken = failing_new::count();
  }
  EXPECT_EQ(taken, 0);
  EXPECT_TRUE(is_called(first));
}

}  // namespace
}  // namespace interloop::test
