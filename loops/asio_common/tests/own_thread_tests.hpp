// SPDX-License-Identifier: MIT
// For each flavour of Asio: its tests/ define `net`, `net_loop` and so on, and include this.
// Waits that would deadlock are refused if the application runs an Asio context itself: neither too many (a thread of
// its pool may wait) nor too few (that would hang).
#pragma once

#include "support/blocking.hpp"

#include <interloop/interloop.hpp>

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
  net::io_context io;
  const auto keep = net::make_work_guard(io);
  net_loop owner(io);
  const loop_remote remote = owner->remote();
  const loop_hold hold = owner->hold();
  std::vector<std::thread> pool;
  for (int t = 0; t < 3; ++t) pool.emplace_back([&io] { io.run(); });
  // Turns happen in all of the pool's threads, and handlers between them wait: at most two, because the loop needs one.
  std::atomic<int> right{0};
  for (int round = 0; round < 200; ++round) {
    std::promise<void> first, second;
    net::post(io, [&] {
      right += served(remote);
      first.set_value();
    });
    net::post(io, [&] {
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
  net::io_context io;
  const auto keep = net::make_work_guard(io);
  net_loop owner(io);
  const loop_remote remote = owner->remote();
  const loop_hold hold = owner->hold();
  event turned;
  event other_runs;
  std::atomic<int> right{-1};
  // One thread has had all turns so far; now another one comes, and the first waits in a handler.
  net::post(io, [&] {
    remote.post([&] { turned.set(); });
    net::post(io, [&] {
      net::post(io, [&] {
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
  net::io_context io;
  const auto strand = net::make_strand(io);
  net_loop owner(strand);
  const loop_remote remote = owner->remote();
  std::vector<int> seen;
  remote.post([&] { seen.push_back(served(remote)); });
  net::post(strand, [&] { seen.push_back(served(remote)); });
  io.run();
  EXPECT_EQ(seen, (std::vector<int>{0, 0}));
}

TEST(asio_own_thread_test, an_asio_context_of_one_thread_is_known_before_its_first_turn_and_after_its_run) {
  net::io_context io(1);
  net_loop owner(io, one_thread);
  const loop_remote remote = owner->remote();
  int in_handler = -1;
  net::post(io, [&] { in_handler = served(remote); });  // before the first turn
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
