// SPDX-License-Identifier: MIT
// Where waiting would be waiting for oneself, when the application runs the native loop itself: not known too often (a
// thread of its pool may wait), nor too seldom (that would be a hang).
#include "loops.hpp"

#include <interloop/adapters/asio.hpp>
#include <interloop/adapters/glib.hpp>
#include <interloop/adapters/libuv.hpp>
#include <interloop/interloop.hpp>

#include <glib.h>
#include <uv.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;

namespace {

int one() { return 1; }

// What became of a call that waits for `where`: 1 if it was served, 0 if it was refused.
int served(const loop_remote& where) {
  try {
    return run_in_reactor(where, one)().wait(60s);
  } catch (const usage_error&) {
    return 0;
  }
}

TEST(own_thread_test, any_thread_of_a_pool_that_runs_a_strands_context_may_wait) {
  asio::io_context io;
  const auto keep = asio::make_work_guard(io);
  asio_loop owner(io);
  const loop_remote remote = owner->remote();
  const loop_hold hold = owner->hold();
  std::vector<std::thread> pool;
  for (int t = 0; t < 3; ++t) pool.emplace_back([&io] { io.run(); });
  // Turns happen in all of the pool's threads, and handlers between them wait: two at most, as the loop needs one.
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

TEST(own_thread_test, the_thread_of_the_last_turn_may_wait_in_a_pool_where_others_have_not_turned_yet) {
  asio::io_context io;
  const auto keep = asio::make_work_guard(io);
  asio_loop owner(io);
  const loop_remote remote = owner->remote();
  const loop_hold hold = owner->hold();
  event turned;
  event other_runs;
  std::atomic<int> right{-1};
  // One thread has had all the turns so far; now another one comes, and the first waits in a handler.
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

TEST(own_thread_test, inside_a_callback_or_a_handler_on_the_strand_a_wait_is_refused) {
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

TEST(own_thread_test, an_asio_context_of_one_thread_is_known_before_its_first_turn_and_after_its_run) {
  asio::io_context io(1);
  asio_loop owner(io, one_thread);
  const loop_remote remote = owner->remote();
  int in_handler = -1;
  asio::post(io, [&] { in_handler = served(remote); });  // no turn was before
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

TEST(own_thread_test, a_glib_context_is_known_before_its_first_turn_and_may_be_handed_over) {
  GMainContext* context = g_main_context_new();
  {
    glib_loop owner(context);
    const loop_remote remote = owner->remote();
    struct state {
      const loop_remote& remote;
      int seen = -1;
    } mine{remote};
    GSource* idle = g_idle_source_new();
    g_source_set_priority(idle, G_PRIORITY_HIGH);
    g_source_set_callback(
        idle,
        [](gpointer data) -> gboolean {
          auto& self = *static_cast<state*>(data);
          self.seen = served(self.remote);
          return G_SOURCE_REMOVE;
        },
        &mine, nullptr);
    g_source_attach(idle, context);
    g_source_unref(idle);
    while (g_main_context_iteration(context, FALSE)) {
    }
    EXPECT_EQ(mine.seen, 0);

    GMainLoop* running = g_main_loop_new(context, FALSE);
    std::thread other([running] { g_main_loop_run(running); });
    EXPECT_EQ(served(remote), 1);
    g_main_loop_quit(running);
    other.join();
    g_main_loop_unref(running);
  }
  g_main_context_unref(context);
}

/// A libuv timer whose handler, one of the application's own, waits for the loop. To be destroyed after another turn of libuv.
class waiting_timer {
 public:
  waiting_timer(uv_loop_t& native, const loop_remote& remote) : remote_(remote) {
    uv_timer_init(&native, &timer_);
    timer_.data = this;
    const auto on_timer = [](uv_timer_t* handle) {
      auto& self = *static_cast<waiting_timer*>(handle->data);
      self.seen_ = served(self.remote_);
      uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
    };
    uv_timer_start(&timer_, on_timer, 0, 0);
  }
  waiting_timer(const waiting_timer&) = delete;
  waiting_timer& operator=(const waiting_timer&) = delete;

  /// What `served` said; -1: it has not been called yet.
  [[nodiscard]] int seen() const { return seen_; }

 private:
  const loop_remote& remote_;
  int seen_ = -1;
  uv_timer_t timer_;
};

TEST(own_thread_test, a_libuv_loop_is_known_by_its_last_turn_and_by_run) {
  uv_loop_t native;
  uv_loop_init(&native);
  {
    libuv_loop owner(&native);
    const loop_remote remote = owner->remote();
    owner->call_soon([] {});
    uv_run(&native, UV_RUN_DEFAULT);
    const waiting_timer handler(native, remote);
    uv_run(&native, UV_RUN_DEFAULT);
    EXPECT_EQ(handler.seen(), 0) << "the thread of the last turn";
  }
  uv_run(&native, UV_RUN_DEFAULT);

  {
    libuv_loop owner(&native);
    const loop_remote remote = owner->remote();
    const waiting_timer handler(native, remote);
    owner->run();
    EXPECT_EQ(handler.seen(), 0) << "run says where, before any turn";
    // run() is over: nobody runs it, and another thread may.
    loop_hold hold = owner->hold();
    std::thread other([&native] { uv_run(&native, UV_RUN_DEFAULT); });
    EXPECT_EQ(served(remote), 1);
    remote.post([&hold] { hold.release(); });
    other.join();
  }
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&native), 0);
}

TEST(own_thread_test, a_libuv_loop_that_plain_uv_run_hands_to_another_thread_is_known_there) {
  uv_loop_t native;
  uv_loop_init(&native);
  {
    libuv_loop owner(&native);
    const loop_remote remote = owner->remote();
    std::optional<loop_hold> hold = owner->hold();  // without it uv_run returns at once
    // In each thread a turn, then a handler of the application's own that waits.
    const auto seen_by_a_handler = [&] {
      remote.post([] {});
      uv_run(&native, UV_RUN_NOWAIT);
      const waiting_timer handler(native, remote);
      while (handler.seen() < 0) uv_run(&native, UV_RUN_NOWAIT);
      uv_run(&native, UV_RUN_NOWAIT);
      return handler.seen();
    };
    EXPECT_EQ(seen_by_a_handler(), 0);
    for (int i = 0; i < 2; ++i)
      std::thread([&] { EXPECT_EQ(seen_by_a_handler(), 0) << "the second and third thread"; }).join();
    EXPECT_EQ(seen_by_a_handler(), 0) << "the first one again";
    // Another thread has it, so this one may wait.
    event turned;
    remote.post([&] { turned.set(); });
    std::thread other([&native] { uv_run(&native, UV_RUN_DEFAULT); });
    turned.wait();
    EXPECT_EQ(served(remote), 1);
    remote.post([&hold] { hold.reset(); });
    other.join();
  }
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(uv_loop_close(&native), 0);
}

TEST(own_thread_test, after_close_the_loops_thread_may_ask_for_outcomes) {
  for (const std::string& name : blocking_test::loop_names()) {
    std::optional<eventual_result<int>> never;
    {
      blocking_test::owned_loop own(name);
      loop& core = own;
      const loop_remote remote = core.remote();
      core.call_soon([&] {
        never = run_in_reactor(remote, [] { return blocking_test::never<int>(); })();
        call_soon([&] { core.stop(); });
      });
      const loop_hold hold = core.hold();
      core.run();
    }
    EXPECT_THROW(static_cast<void>(never->wait(60s)), reactor_stopped) << name;
  }
}

}  // namespace
