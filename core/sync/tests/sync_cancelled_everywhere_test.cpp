// SPDX-License-Identifier: MIT
// Locks, channels and generators, cancelled at each place where a coroutine waits for them.
#include <interloop/async_generator.hpp>
#include <interloop/channel.hpp>
#include <interloop/condition.hpp>
#include <interloop/event.hpp>
#include <interloop/interloop.hpp>
#include <interloop/mutex.hpp>
#include <interloop/semaphore.hpp>
#include <interloop/testing/cancel_everywhere.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace interloop::testing {
namespace {

using namespace std::chrono_literals;

// Calls a function at the end of a scope, also of one that an exception leaves.
template <class F>
class at_end {
 public:
  explicit at_end(F fn) : fn_(std::move(fn)) {}
  at_end(const at_end&) = delete;
  at_end& operator=(const at_end&) = delete;
  ~at_end() { fn_(); }

 private:
  F fn_;
};

future<void> produce(api async, channel<tracked_value>& to) {
  for (int i = 1; i <= 4; ++i) {
    if (i % 2 == 0) co_await async.sleep(1s);
    co_await to.send(tracked_value(i));
  }
  to.close();
}

// Takes all that comes, whatever cancels it, and says afterwards that it was cancelled.
future<void> consume(api async, channel<tracked_value>& from) {
  std::optional<std::string> cancelled;
  for (bool more = true; more;) try {
      std::optional<tracked_value> item = co_await from.next();
      more = item.has_value();
      if (item) item->take();
      if (more && from.size() == 0) co_await async.yield();
    } catch (const cancelled_error& why) {
      cancelled = why.what();
    }
  if (cancelled) throw cancelled_error(*cancelled);
}

TEST(sync_cancelled_everywhere_test, a_receiver_loses_no_item) {
  for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, unbounded}) {
    const auto report = cancel_everywhere([capacity](api async) -> future<void> {
      channel<tracked_value> items(async.loop(), capacity);
      const future<void> producing = produce(async, items);
      co_await consume(async, items);
      co_await producing;
    });
    EXPECT_EQ(report.text(), "") << capacity;
    EXPECT_GE(report.places, 3);
  }
}

TEST(sync_cancelled_everywhere_test, a_sender_still_has_its_item) {
  const auto report = cancel_everywhere([](api async) -> future<void> {
    channel<tracked_value> items(async.loop(), 0);
    const future<void> consuming = consume(async, items);
    std::optional<std::string> cancelled;
    try {
      for (int i = 1; i <= 3; ++i) {
        tracked_value item(i);
        const at_end arrived([&item] { item.take(); });  // if it was sent, this one is empty
        co_await async.sleep(1s);
        co_await items.send(std::move(item));
      }
    } catch (const cancelled_error& why) {
      cancelled = why.what();
    }
    items.close();
    co_await consuming;  // it uses the channel
    if (cancelled) throw cancelled_error(*cancelled);
  });
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 3);
}

TEST(sync_cancelled_everywhere_test, no_lock_and_no_unit_is_left_taken) {
  std::size_t left = 0;
  bool locked = false;
  cancel_options options;
  options.check = [&] { return left == 2 && !locked ? std::string() : "taken: " + std::to_string(left); };
  const auto report = cancel_everywhere(
      [&](api async) -> future<void> {
        mutex one(async.loop());
        semaphore two(async.loop(), 2);
        const at_end look([&] {
          left = two.available();
          locked = one.locked();
        });
        co_await with_task_group(async, [&](task_group& group) -> future<void> {
          for (int i = 0; i < 4; ++i)
            group.spawn([&]() -> future<void> {
              const permit unit = co_await two.acquire();
              const mutex::scoped_lock lock = co_await one.lock();
              co_await async.sleep(1s);
            });
          co_return;
        });
      },
      std::move(options));
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 4);
}

TEST(sync_cancelled_everywhere_test, conditions_and_events) {
  bool locked = false;
  cancel_options options;
  options.check = [&] { return std::string(locked ? "the mutex is locked" : ""); };
  const auto report = cancel_everywhere(
      [&](api async) -> future<void> {
        mutex lock(async.loop());
        condition changed(async.loop());
        event started(async.loop());
        int count = 0;
        const at_end look([&] { locked = lock.locked(); });
        co_await with_task_group(async, [&](task_group& group) -> future<void> {
          for (int i = 0; i < 2; ++i)
            group.spawn([&]() -> future<void> {
              co_await started.wait();
              mutex::scoped_lock mine = co_await lock.lock();
              while (count == 0) co_await changed.wait(mine);
              --count;
            });
          co_await async.sleep(1s);
          started.set();
          for (int i = 0; i < 2; ++i) {
            co_await async.sleep(1s);
            const mutex::scoped_lock mine = co_await lock.lock();
            ++count;
            changed.notify_one();
          }
        });
      },
      std::move(options));
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 3);
}

TEST(sync_cancelled_everywhere_test, generators_clean_up) {
  int open = 0;
  cancel_options options;
  options.check = [&] { return open == 0 ? std::string() : "open: " + std::to_string(open); };
  const auto report = cancel_everywhere(
      [&](api async) -> future<void> {
        const auto ticks = [](api io, int& opened) -> async_generator<int> {
          ++opened;
          const at_end close([&opened] { --opened; });
          for (int i = 0; i < 3; ++i) {
            co_await io.sleep(1s);
            co_yield i;
          }
        };
        auto all = ticks(async, open);
        int sum = 0;
        while (const std::optional<int> tick = co_await all.next()) {
          sum += *tick;
          co_await async.yield();
        }
        EXPECT_EQ(sum, 3);
      },
      std::move(options));
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 6);
}

}  // namespace
}  // namespace interloop::testing
