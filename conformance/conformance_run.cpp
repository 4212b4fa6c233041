// SPDX-License-Identifier: MIT
// Cases about running and stopping, and about what keeps alive a native loop that ends when idle.
#include "conformance_bench.hpp"

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

void stop_cases(case_list& all) {
  all.add("run ends at a stop, and what is pending is there in the next run", [](bench& b) {
    b.needs(ability::runs);
    std::vector<int> order;
    b.later(1ms, [&] {
      order.push_back(0);
      b.core().stop();
    });
    const timer pending = b.later(1h, [] {});
    b.check(b.run(), "run() returns");
    b.equal(order, std::vector<int>{0}, "what ran");
    b.check(pending.active(), "a timer waits for the next run");
    b.later(0ms, [&] {
      order.push_back(1);
      b.core().stop();
    });
    b.check(b.run(), "run() returns");
    b.equal(order, std::vector<int>{0, 1}, "what ran");
  });

  all.add("a stop before a run makes that run return at once, and no later one", [](bench& b) {
    b.needs(ability::runs);
    bool ran = false;
    b.later(1ms, [&] {
      ran = true;
      b.core().stop();
    });
    const auto held = b.core().hold();
    b.core().stop();
    b.check(b.run(), "run() returns");
    b.check(!ran, "the first run does nothing");
    b.check(b.run(), "run() returns");
    b.check(ran, "the second run goes on until it is stopped");
  });

  all.add("a stop that another thread posts ends the run", [](bench& b) {
    b.needs(ability::runs);
    for (int i = 0; i < 10; ++i) {
      const auto held = b.core().hold();
      bool ran = false;
      auto poster = b.thread([&, remote = b.core().remote()] {
        b.post(remote, [&] {
          ran = true;
          b.core().stop();
        });
      });
      const bool ended = b.run();
      poster.join();
      b.check(ended && ran, "run() returns");
    }
  });

  all.add("a post during the last turn of a run is not lost", [](bench& b) {
    b.needs(ability::runs);
    const auto held = b.core().hold();
    int ran = 0;
    b.soon([&] {
      b.core().stop();
      auto poster = b.thread([&, remote = b.core().remote()] {
        b.post(remote, [&] {
          ++ran;
          b.core().stop();
        });
      });
      poster.join();
    });
    b.check(b.run(), "run() returns");
    if (ran == 0) b.check(b.run(), "run() returns");
    b.equal(ran, 1, "posts that ran");
  });

  all.add("closing the loop in a callback ends the run", [](bench& b) {
    b.needs(ability::runs);
    tally count;
    const auto held = b.core().hold();
    b.later(1ms, [&] {
      b.soon(counted(count));
      b.close();
    });
    b.check(b.run(), "run() returns");
    b.equal(count.ran, 0, "callables that ran after the closing");
    b.check(b.core().closed(), "the loop is closed");
  });

  all.add("closing the loop ends the run although the application keeps the native loop busy", [](bench& b) {
    b.needs(ability::runs);
    b.needs(ability::calls_natively);
    // Shared, because the last handler may run after the case.
    struct handler : std::enable_shared_from_this<handler> {
      bench* on;
      bool over = false;
      bool gave_up = false;
      std::chrono::steady_clock::time_point end;
      void call() {
        on->native().call_native([self = shared_from_this()] {
          if (self->over) return;
          self->gave_up = std::chrono::steady_clock::now() > self->end;
          if (!self->gave_up) self->call();  // otherwise a loop that ends when idle ends, and the case with it
        });
      }
    };
    const auto busy = std::make_shared<handler>();
    busy->on = &b;
    busy->end = std::chrono::steady_clock::now() + b.patience();
    busy->call();
    const auto held = b.core().hold();
    b.later(1ms, [&] { b.close(); });
    static_cast<void>(b.run());
    busy->over = true;
    b.check(!busy->gave_up,
            "run() returns when the loop is closed, although the application's own objects keep the native loop going; "
            "close() has to end the run, as stop() does");
    b.linger(2ms);
  });

  all.add("run inside a turn is refused instead of hanging", [](bench& b) {
    b.needs(ability::runs);
    bool tried = false;
    b.soon([&] {
      b.throws<usage_error>([&] { b.core().run(); }, "run() inside a callback");
      tried = true;
    });
    b.until([&] { return tried; }, "the callable runs");
    tried = false;
    b.soon([&] {
      b.throws<usage_error>([&] { b.core().run(); }, "run() inside a callback of run()");
      tried = true;
      b.core().stop();
    });
    b.check(b.run() && tried, "run() returns");
  });
}

void alive_cases(case_list& all) {
  all.add("a run with no work ends", [](bench& b) {
    b.needs(ability::ends_when_idle);
    b.check(b.run(), "run() returns");
    b.check(b.run(), "a second run() returns");
  });

  all.add("queued callables keep the loop running, and then it ends", [](bench& b) {
    b.needs(ability::ends_when_idle);
    int left = 100;
    std::function<void()> again = [&] {
      if (--left > 0) b.soon(std::ref(again));
    };
    b.soon(std::ref(again));
    b.check(b.run(), "run() returns");
    b.equal(left, 0, "callables left");
    bool posted = false;
    b.post([&] { posted = true; });
    b.check(b.run(), "run() returns");
    b.check(posted, "what the loop's own thread posted has run");
  });

  all.add("timers keep the loop running, and then it ends", [](bench& b) {
    b.needs(ability::ends_when_idle);
    int fired = 0;
    b.later(3ms, [&] {
      ++fired;
      b.later(2ms, [&] { ++fired; });
    });
    b.check(b.run(), "run() returns");
    b.equal(fired, 2, "timers fired");
  });

  all.add("a last timer that is cancelled does not keep the loop running", [](bench& b) {
    b.needs(ability::ends_when_idle);
    timer set = b.later(1h, [] {});
    b.turns();
    set.cancel();
    b.check(b.run(), "run() returns after a timer was cancelled between turns");
    set = b.later(1h, [] {});
    b.later(1ms, [&] { set.cancel(); });
    b.check(b.run(), "run() returns after a timer was cancelled in a turn");
  });

  all.add("a watch keeps the loop running until it ends", [](bench& b) {
    b.needs(ability::ends_when_idle);
    auto fds = sockets();
    bool reported = false;
    fd_watch watching;
    watching = b.watch(fds.near(), interest::read, [&](interest) {
      reported = true;
      watching.stop();
    });
    auto sender = b.thread([&] {
      std::this_thread::sleep_for(5ms);
      fds.send();
    });
    const bool ended = b.run();
    sender.join();
    b.check(ended, "run() returns");
    b.check(reported, "it did not return before the descriptor was reported");
    watching = b.watch(fds.near(), interest::none, [](interest) {});
    b.turns();
    watching.stop();
    b.check(b.run(), "run() returns after a watch ended outside a turn");
  });

  all.add("a hold keeps the loop running until it is released", [](bench& b) {
    b.needs(ability::ends_when_idle);
    loop_hold held = b.core().hold();
    bool ran = false;
    auto poster = b.thread([&, remote = b.core().remote()] {
      std::this_thread::sleep_for(5ms);
      b.post(remote, [&] {
        ran = true;
        held.release();
      });
    });
    const bool ended = b.run();
    poster.join();
    b.check(ended, "run() returns");
    b.check(ran, "it did not return before the post came");
    {
      const loop_hold brief = b.core().hold();
    }
    b.check(b.run(), "run() returns after a hold came and went");
  });

  all.add("a pending future does not keep the loop running", [](bench& b) {
    b.needs(ability::ends_when_idle);
    const auto comes = b.make<int>();
    b.then(comes, [](int) {});
    b.check(b.run(), "run() returns");
    b.check(!is_called(comes), "the future is pending");
  });

  all.add("a loop that ended can be run again", [](bench& b) {
    b.needs(ability::ends_when_idle);
    for (int i = 0; i < 3; ++i) {
      int ran = 0;
      b.soon([&] { ++ran; });
      b.later(1ms, [&] { ++ran; });
      b.check(b.run(), "run() returns");
      b.equal(ran, 2, "callables and timers run");
    }
  });

  all.add("a closed loop does not keep the native loop running", [](bench& b) {
    b.needs(ability::runs);
    const timer set = b.later(1h, [] {});
    const auto fds = sockets();
    const auto watching = b.watch(fds.near(), interest::read, [](interest) {});
    const auto held = b.core().hold();
    b.later(1ms, [&] { b.close(); });
    b.check(b.run(), "run() returns");
  });
}

}  // namespace

void add_run_cases(case_list& all) {
  stop_cases(all);
  alive_cases(all);
}

}  // namespace interloop::testing::conformance
