// SPDX-License-Identifier: MIT
// Waits that would deadlock are refused if the application runs an Asio context itself: neither too many (a thread of
// its pool may wait) nor too few (that would hang).
#include "support/blocking.hpp"

#include <interloop/adapters/asio.hpp>
#include <interloop/interloop.hpp>

#include <asio.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::served;

TEST(asio_own_thread_test, any_thread_of_a_pool_that_runs_a_strands_context_may_wait) {
  asio::io_context io;
  const auto keep = asio::make_work_guard(io);
  asio_loop owner(io);
  const loop_remote remote = owner->remote();
  const loop_hold hold = owner->hold();
  std::vector<std::thread> pool;
  for (int t = 0; t < 3; ++t) pool.emplace_back([&io] { io.run(); });
  // Turns happen in all of the pool's threads, and handlers between them wait: at most two, because the loop needs one.
  std::atomic<int> right{0};
  for (int round = 0; round < 200; ++round) {
    std::promise<void> first, second;
    asio::post(io, [&] {
      right += served(remote);
      first.set_value();
    });
    asio::post(io, [&] {
      right += served(remote);
      second.set_value();
    });
    first.get_future().wait();
    second.get_future().wait();
  }
  EXPECT_EQ(right, 400);
  io.stop();
  for (std::thread& each : pool) each.join();
}

TEST(asio_own_thread_test, the_thread_of_the_last_turn_may_wait_in_a_pool_where_others_have_not_turned_yet) {
  asio::io_context io;
  const auto keep = asio::make_work_guard(io);
  asio_loop owner(io);
  const loop_remote remote = owner->remote();
  const loop_hold hold = owner->hold();
  event turned;
  event other_runs;
  std::atomic<int> right{-1};
  // One thread has had all turns so far; now another one comes, and the first waits in a handler.
  asio::post(io, [&] {
    remote.post([&] { turned.set(); });
    asio::post(io, [&] {
      asio::post(io, [&] {
        turned.wait();
        other_runs.wait();
        right = served(remote);
        io.stop();
      });
    });
  });
  std::thread first([&io] { io.run(); });
  turned.wait();
  std::thread second([&] {
    other_runs.set();
    io.run();
  });
  first.join();
  second.join();
  EXPECT_EQ(right, 1);
}

TEST(asio_own_thread_test, inside_a_callback_or_a_handler_on_the_strand_a_wait_is_refused) {
  asio::io_context io;
  const auto strand = asio::make_strand(io);
  asio_loop owner(strand);
  const loop_remote remote = owner->remote();
  std::vector<int> seen;
  remote.post([&] { seen.push_back(served(remote)); });
  asio::post(strand, [&] { seen.push_back(served(remote)); });
  io.run();
  EXPECT_EQ(seen, (std::vector<int>{0, 0}));
}

TEST(asio_own_thread_test, an_asio_context_of_one_thread_is_known_before_its_first_turn_and_after_its_run) {
  asio::io_context io(1);
  asio_loop owner(io, one_thread);
  const loop_remote remote = owner->remote();
  int in_handler = -1;
  asio::post(io, [&] { in_handler = served(remote); });  // before the first turn
  io.run();
  EXPECT_EQ(in_handler, 0);
  // Another thread runs the context now, so this one may wait.
  const loop_hold hold = owner->hold();
  io.restart();
  std::thread other([&io] { io.run(); });
  EXPECT_EQ(served(remote), 1);
  io.stop();
  other.join();
}

}  // namespace
