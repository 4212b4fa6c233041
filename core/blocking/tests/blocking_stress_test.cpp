// SPDX-License-Identifier: MIT
// Many threads at once, and two events at the same moment. A failure prints the random seed.
#include "support/blocking.hpp"
#include "support/sanitizers.hpp"

#include <interloop/interloop.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace interloop;
using namespace std::chrono_literals;

namespace {

class blocking_stress_test : public blocking_test::on_each_loop {};
INTERLOOP_ON_EACH_LOOP(blocking_stress_test);

// Per loop: what they have in common is tested once for each, so the sum over all loops counts. With AddressSanitizer, an
// exception in one of many threads is so expensive that only a tenth are thrown: the errors that it finds do not depend
// on the number. With ThreadSanitizer, a third are.
constexpr std::size_t scale = test::with_asan ? 10 : test::with_tsan ? 3 : 1;
constexpr unsigned stop_rounds = test::with_asan ? 8 : 25;
constexpr std::size_t caller_threads = 64;
constexpr std::size_t calls_per_thread = 3'000 / scale;
constexpr int race_rounds = static_cast<int>(1'000 / scale);

// A value whose instances are counted.
class counted {
 public:
  explicit counted(int n) : value(n) { ++alive; }
  counted(const counted& other) : value(other.value) { ++alive; }
  counted(counted&& other) noexcept : value(other.value) { ++alive; }
  counted& operator=(const counted&) = default;
  ~counted() { --alive; }
  int value;
  static inline std::atomic<long> alive{0};
};

// Burns time without sleeping, so that two events happen at about the same time.
void spin_for(std::chrono::nanoseconds span) {
  const auto end = std::chrono::steady_clock::now() + span;
  while (std::chrono::steady_clock::now() < end) {
  }
}

TEST_P(blocking_stress_test, many_calls_from_many_threads_each_run_exactly_once) {
  struct entry {  // the loop's thread only
    unsigned char runs = 0;
    unsigned char cancels = 0;
  };
  std::vector<entry> entries(caller_threads * calls_per_thread);
  const auto begin = [&entries](std::size_t id) { ++entries[id].runs; };
  const auto hang = [&entries, begin](std::size_t id) {
    begin(id);
    return blocking_test::never<counted>([&entries, id] { ++entries[id].cancels; });
  };

  const auto value = wait_for(*thread, 60s, [=](std::size_t id) {
    begin(id);
    return counted(static_cast<int>(id));
  });
  const auto exception = wait_for(*thread, 60s, [=](std::size_t id) {
    begin(id);
    throw std::runtime_error(std::to_string(id));
  });
  const auto later = wait_for(*thread, 60s, [=](std::size_t id) {
    begin(id);
    auto made = create_future<counted>();
    call_soon([made, id] { resolve(made, counted(static_cast<int>(id))); });
    return made;
  });
  const auto coroutine = wait_for(*thread, 60s, [=](std::size_t id) -> future<counted> {
    begin(id);
    co_await interloop::sleep(0s);
    co_return counted(static_cast<int>(id));
  });
  const auto timeout = wait_for(*thread, 1us, hang);
  const auto cancelled = run_in_reactor(*thread, hang);

  std::atomic<std::size_t> right{0};
  const auto call = [&](std::size_t id) {
    const int expected = static_cast<int>(id);
    switch (id % 6) {
      case 0:
        return value(id).value == expected;
      case 1:
        try {
          exception(id);
        } catch (const std::runtime_error& e) {
          return e.what() == std::to_string(id);
        }
        return false;
      case 2:
        return later(id).value == expected;
      case 3:
        return coroutine(id).value == expected;
      case 4:
        try {
          static_cast<void>(timeout(id));
        } catch (const timeout_error&) {
          return true;
        }
        return false;
      default:
        const eventual_result<counted> result = cancelled(id);
        result.cancel();
        for (int again = 0; again < 2; ++again) try {
            static_cast<void>(result.wait(60s));
            return false;
          } catch (const operation_cancelled&) {
          }
        return true;
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < caller_threads; ++t)
    threads.emplace_back([&, t] {
      std::size_t mine = 0;
      for (std::size_t i = 0; i < calls_per_thread; ++i) mine += call(t * calls_per_thread + i);
      right += mine;
    });
  for (std::thread& each : threads) each.join();
  settle(*thread);
  EXPECT_EQ(right, entries.size());
  std::size_t wrong = 0;
  for (std::size_t id = 0; id < entries.size(); ++id)
    wrong += entries[id].runs != 1 || entries[id].cancels != (id % 6 >= 4 ? 1 : 0);
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(counted::alive, 0);
}

TEST_P(blocking_stress_test, a_stop_at_any_moment_releases_every_waiter) {
  for (unsigned seed = 1; seed <= stop_rounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    auto loop = blocking_test::start_loop(GetParam());
    const loop_remote remote = loop->remote();  // outlives the thread
    const auto hang = run_in_reactor(remote, [] { return blocking_test::never<counted>(); });
    const auto sleepy = run_in_reactor(remote, []() -> future<counted> {
      co_await interloop::sleep(1h);
      co_return counted(1);
    });
    const auto quick = run_in_reactor(remote, [](counted c) { return c; });
    const eventual_result<counted> shared = hang();
    std::atomic<int> started{0};
    std::atomic<int> released{0};
    std::vector<std::thread> threads;
    constexpr int waiters = 200;
    for (int t = 0; t < waiters; ++t)
      threads.emplace_back([&, t] {
        ++started;
        try {
          switch (t % 4) {
            case 0:
              static_cast<void>(shared.wait());
              break;
            case 1:
              static_cast<void>(hang().wait());
              break;
            case 2:
              static_cast<void>(sleepy().wait(1h));
              break;
            default:
              for (;;) static_cast<void>(quick(counted(t)).wait());
          }
        } catch (const reactor_stopped&) {
          ++released;
        }
      });
    const int enough = std::uniform_int_distribution<int>(0, waiters)(random);
    while (started < enough) std::this_thread::yield();
    spin_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, 300)(random)));
    if (seed % 2) loop->stop();
    loop.reset();
    for (std::thread& each : threads) each.join();
    EXPECT_EQ(released, waiters);
  }
  EXPECT_EQ(counted::alive, 0);
}

TEST_P(blocking_stress_test, a_timeout_racing_the_result_gives_one_or_the_other_and_the_result_stays) {
  const auto soon = run_in_reactor(*thread, [](std::chrono::microseconds delay) -> future<counted> {
    co_await interloop::sleep(delay);
    co_return counted(7);
  });
  std::mt19937 random(1);
  for (int round = 0; round < race_rounds; ++round) {
    const std::chrono::microseconds delay(std::uniform_int_distribution<int>(0, 80)(random));
    const std::chrono::microseconds timeout(std::uniform_int_distribution<int>(0, 200)(random));
    const eventual_result<counted> result = soon(delay);
    try {
      EXPECT_EQ(result.wait(timeout).value, 7);
    } catch (const timeout_error&) {
    }
    EXPECT_EQ(result.wait(60s).value, 7);
    try {
      EXPECT_EQ(wait_for(*thread, timeout, soon.wrapped())(delay).value, 7);
    } catch (const timeout_error&) {  // and the coroutine is cancelled, or has ended
    }
  }
  settle(*thread);
  EXPECT_EQ(counted::alive, 0);
}

TEST_P(blocking_stress_test, a_cancel_racing_the_result_gives_every_waiter_the_same) {
  const auto soon = run_in_reactor(*thread, [](std::chrono::microseconds delay) -> future<counted> {
    co_await interloop::sleep(delay);
    co_return counted(7);
  });
  const auto outcome_of = [](const eventual_result<counted>& result) {
    try {
      return result.wait(60s).value;
    } catch (const operation_cancelled&) {
      return -1;
    }
  };
  std::mt19937 random(2);
  for (int round = 0; round < race_rounds; ++round) {
    const std::chrono::microseconds delay(std::uniform_int_distribution<int>(0, 80)(random));
    const std::chrono::microseconds pause(std::uniform_int_distribution<int>(0, 150)(random));
    const eventual_result<counted> result = soon(delay);
    int others = 0;
    std::thread other([&] { others = outcome_of(result); });
    spin_for(pause);
    result.cancel();
    const int mine = outcome_of(result);
    other.join();
    EXPECT_TRUE(mine == 7 || mine == -1) << mine;
    EXPECT_EQ(mine, others);
  }
  settle(*thread);
  EXPECT_EQ(counted::alive, 0);
}

TEST_P(blocking_stress_test, a_stop_token_racing_the_result_gives_one_or_the_other) {
  const auto soon = run_in_reactor(*thread, [](std::chrono::microseconds delay) -> future<counted> {
    co_await interloop::sleep(delay);
    co_return counted(7);
  });
  std::mt19937 random(3);
  for (int round = 0; round < race_rounds; ++round) {
    const std::chrono::microseconds delay(std::uniform_int_distribution<int>(0, 150)(random));
    const eventual_result<counted> result = soon(delay);
    std::stop_source stop;
    std::thread other([&, pause = std::chrono::microseconds(std::uniform_int_distribution<int>(0, 150)(random))] {
      spin_for(pause);
      stop.request_stop();
    });
    try {
      EXPECT_EQ(result.wait(stop.get_token()).value, 7);
    } catch (const interrupted_error&) {
      EXPECT_TRUE(stop.stop_requested());
    }
    other.join();
    EXPECT_EQ(result.wait(60s).value, 7);
  }
  settle(*thread);
  EXPECT_EQ(counted::alive, 0);
}

TEST_P(blocking_stress_test, dropping_results_racing_their_outcome_leaks_nothing_and_reports_each_failure_once) {
  const auto soon = run_in_reactor(*thread, [](int n, std::chrono::microseconds delay) -> future<counted> {
    co_await interloop::sleep(delay);
    if (n % 2) throw std::runtime_error("failure " + std::to_string(n));
    co_return counted(n);
  });
  std::mt19937 random(4);
  std::vector<int> seen(static_cast<std::size_t>(race_rounds), 0);
  for (int round = 0; round < race_rounds; ++round) {
    const std::chrono::microseconds delay(std::uniform_int_distribution<int>(0, 60)(random));
    const std::chrono::microseconds pause(std::uniform_int_distribution<int>(0, 100)(random));
    auto result = std::make_unique<eventual_result<counted>>(soon(round, delay));
    auto copy = std::make_unique<eventual_result<counted>>(*result);
    std::thread other([&] {
      spin_for(pause);
      copy.reset();
    });
    spin_for(pause);
    if (round % 3 == 0 && result->original_failure()) ++seen[static_cast<std::size_t>(round)];
    result.reset();
    other.join();
  }
  // Each failure was either looked at or is reported, once.
  wait_for(*thread, 60s, [] { return interloop::sleep(10ms); })();  // until the last coroutines have ended
  settle(*thread);
  for (const std::string& line : told.all()) {
    const auto at = line.find("failure ");
    ASSERT_NE(at, std::string::npos) << line;
    ++seen[static_cast<std::size_t>(std::stoi(line.substr(at + 8)))];
  }
  for (int round = 0; round < race_rounds; ++round)
    EXPECT_EQ(seen[static_cast<std::size_t>(round)], round % 2) << "round " << round;
  expected_reports = told.all();
  EXPECT_EQ(counted::alive, 0);
}

TEST_P(blocking_stress_test, destroying_the_loop_racing_the_results_loses_no_waiter) {
  for (unsigned seed = 1; seed <= stop_rounds * 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    auto loop = blocking_test::start_loop(GetParam());
    std::vector<eventual_result<counted>> results;
    for (int i = 0; i < 100; ++i)
      results.push_back(run_in_reactor(*loop, [](int delay) -> future<counted> {
        co_await interloop::sleep(std::chrono::microseconds(delay));
        co_return counted(delay);
      })(std::uniform_int_distribution<int>(0, 300)(random)));
    std::thread other([&results] {
      for (const auto& each : results) try {
          static_cast<void>(each.wait());
        } catch (const reactor_stopped&) {
        }
    });
    spin_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, 400)(random)));
    loop.reset();
    for (const auto& each : results) try {
        static_cast<void>(each.wait(0s));  // values that are not there now were abandoned
      } catch (const reactor_stopped&) {
      }
    other.join();
  }
  EXPECT_EQ(counted::alive, 0);
}

}  // namespace
