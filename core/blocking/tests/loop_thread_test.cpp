// SPDX-License-Identifier: MIT
#include "support/blocking.hpp"

#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <algorithm>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::message_of;

namespace {

class loop_thread_test : public blocking_test::on_each_loop {};
INTERLOOP_ON_EACH_LOOP(loop_thread_test);

TEST_P(loop_thread_test, several_exist_at_once_each_with_a_thread_of_its_own) {
  std::vector<std::unique_ptr<loop_thread>> threads;
  std::vector<std::thread::id> ids;
  for (const std::string& name : blocking_test::loop_names())
    for (int i = 0; i < 3; ++i) threads.push_back(blocking_test::start_loop(name));
  for (const auto& each : threads) ids.push_back(wait_for(*each, 60s, [] { return std::this_thread::get_id(); })());
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST_P(loop_thread_test, destruction_with_work_pending_releases_the_waiters_and_destroys_the_work_without_running_it) {
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = alive;
  const auto hang = run_in_reactor(*thread, [](std::shared_ptr<int> kept) -> future<void> {
    co_await interloop::sleep(1h);
    *kept = 1;
  });
  std::vector<eventual_result<void>> results;
  for (int i = 0; i < 100; ++i) results.push_back(hang(alive));
  settle(*thread);
  const auto queued = run_in_reactor(*thread, [](std::shared_ptr<int> kept) { *kept = 2; });
  event entered;
  event go_on;
  static_cast<void>(run_in_reactor(*thread, [&] {
    entered.set();
    go_on.wait();
  })());
  entered.wait();
  thread->stop();
  for (int i = 0; i < 100; ++i) results.push_back(queued(alive));  // behind the stop
  alive.reset();
  go_on.set();
  thread.reset();
  EXPECT_TRUE(watched.expired());
  int stopped = 0;
  for (const auto& each : results) try {
      each.wait(0s);
    } catch (const reactor_stopped&) {
      ++stopped;
    }
  EXPECT_GE(stopped, 100) << "those that wait for the timer at least; the others may have run in the same turn";
}

TEST_P(loop_thread_test, an_exception_from_its_factory_is_thrown_by_the_constructor) {
  EXPECT_EQ(message_of<std::runtime_error>([] {
              loop_thread([]() -> interloop::testing::manual_loop { throw std::runtime_error("no loop today"); });
            }),
            "no loop today");
}

TEST_P(loop_thread_test, stop_may_be_called_often_and_from_anywhere) {
  loop_thread& mine = *thread;
  static_cast<void>(run_in_reactor(mine, [&mine] { mine.stop(); })());
  std::vector<std::thread> others;
  for (int i = 0; i < 4; ++i) others.emplace_back([&mine] { mine.stop(); });
  for (std::thread& each : others) each.join();
  mine.stop();
  thread.reset();
}

TEST_P(loop_thread_test, destroying_it_in_its_own_thread_does_not_wait) {
  event gone;
  auto* owned = thread.release();
  const eventual_result<void> result = run_in_reactor(owned->remote(), [owned, &gone]() -> future<void> {
    delete owned;
    gone.set();
    co_await interloop::sleep(1h);
  })();
  gone.wait();
  EXPECT_THROW(result.wait(60s), reactor_stopped);
}

TEST_P(loop_thread_test, the_loop_may_stop_itself) {
  const eventual_result<void> pending = run_in_reactor(*thread, [] { return blocking_test::never<void>(); })();
  run_in_reactor(*thread, [] { create_future_success<void>().loop().stop(); })();
  EXPECT_THROW(pending.wait(60s), reactor_stopped);
  thread.reset();
}

TEST_P(loop_thread_test, a_thread_that_starts_after_the_loops_thread_has_ended_is_not_mistaken_for_it) {
  const eventual_result<int> done = run_in_reactor(*thread, [] { return 1; })();
  const eventual_result<int> never = run_in_reactor(*thread, [] { return blocking_test::never<int>(); })();
  settle(*thread);
  thread.reset();
  for (int i = 0; i < 3; ++i)  // one of them gets the id of the loop's thread again
    std::thread([&] {
      EXPECT_EQ(done.wait(60s), 1);
      EXPECT_THROW(static_cast<void>(never.wait(60s)), reactor_stopped);
    }).join();
}

TEST_P(loop_thread_test, the_thread_takes_no_signals_of_the_process_and_the_starter_keeps_its_mask) {
  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  EXPECT_FALSE(sigismember(&mine, SIGINT));
  const sigset_t its = wait_for(*thread, 60s, [] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return mask;
  })();
  EXPECT_TRUE(sigismember(&its, SIGINT));
  EXPECT_TRUE(sigismember(&its, SIGTERM));
  EXPECT_FALSE(sigismember(&its, SIGSEGV));
}

}  // namespace
