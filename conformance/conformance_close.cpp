// SPDX-License-Identifier: MIT
// Cases about closing a loop: what is queued is destroyed exactly once and never run.
#include "conformance_bench.hpp"

#include <optional>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

future<void> waits(loop&, future<int> comes, counted local) {
  static_cast<void>(co_await comes);
  local();
}

// Everything that a loop can have pending, counted.
struct everything {
  tally count;
  pair_of_fds fds = sockets();
  fd_watch watching;
  timer timing;
  loop_hold held;
  future<int> pending;
  future<int> completed;
  future<void> coroutine;
  static constexpr int callables = 8;

  explicit everything(bench& b) : pending(b.make<int>()), completed(b.make<int>()) {
    fds.send();
    b.soon(counted(count));
    b.soon(counted(count));
    b.post(counted(count));
    timing = b.later(0ms, counted(count));
    watching = b.watch(fds.near(), interest::read_write, counted(count));
    b.then(pending, [mine = counted(count)](int) mutable { mine(); });
    b.then(completed, [mine = counted(count)](int) mutable { mine(); });
    resolve(completed, 1);
    coroutine = waits(b.core(), pending, counted(count));
    held = b.core().hold();
  }

  void check_over(bench& b) const {
    b.equal(count.ran, 0, "callables that ran");
    b.equal(count.destroyed, callables, "callables destroyed");
    b.check(!watching.active() && !timing.active(), "nothing is active");
    b.check(pending.get_failure() && pending.get_failure()->is<loop_closed>(),
            "a pending future fails with loop_closed");
    b.check(coroutine.get_failure() && coroutine.get_failure()->is<loop_closed>(), "so does a coroutine's");
    b.equal(completed.value(), 1, "the value of a completed future");
  }
};

void destroyed_cases(case_list& all) {
  const auto destroyed = [&all](std::string_view name, auto queue) {
    all.add(name, [queue](bench& b) {
      tally count;
      [[maybe_unused]] const auto kept = queue(b, count);
      b.equal(count.destroyed, 0, "times destroyed while queued");
      b.close();
      b.equal(count.destroyed, 1, "times destroyed");
      b.linger(2ms);
      b.equal(count.ran, 0, "times run");
      b.equal(count.destroyed, 1, "times destroyed");
    });
  };
  destroyed("closing destroys a queued callable without calling it", [](bench& b, tally& count) {
    b.soon(counted(count));
    return 0;
  });
  destroyed("closing destroys a posted callable without calling it", [](bench& b, tally& count) {
    auto poster = b.thread([&, remote = b.core().remote()] { b.post(remote, counted(count)); });
    poster.join();
    return 0;
  });
  destroyed("closing destroys a timer's callable without calling it",
            [](bench& b, tally& count) { return b.later(1ms, counted(count)); });
  destroyed("closing destroys a watch's callback without calling it", [](bench& b, tally& count) {
    auto fds = std::make_unique<pair_of_fds>(sockets());
    fds->send();
    fd_watch watching = b.watch(fds->near(), interest::read_write, counted(count));
    return std::pair(std::move(fds), std::move(watching));
  });
  destroyed("closing destroys the callbacks of a pending future without calling them", [](bench& b, tally& count) {
    const auto comes = b.make<void>();
    b.then(comes, counted(count));
    return comes;
  });
  destroyed("closing destroys the callbacks of a completed future without calling them", [](bench& b, tally& count) {
    const auto comes = b.make<void>();
    b.then(comes, counted(count));
    resolve(comes);
    return comes;
  });
  destroyed("closing destroys a suspended coroutine", [](bench& b, tally& count) {
    const auto comes = b.make<int>();
    return std::pair(comes, waits(b.core(), comes, counted(count)));
  });
}

void inside_cases(case_list& all) {
  const auto inside = [&all](std::string_view name, auto arrange) {
    all.add(name, [arrange](bench& b) {
      auto trigger = sockets();
      fd_watch first;
      std::optional<everything> pending;
      bool closed = false;
      arrange(b, trigger, first, [&] {
        if (closed) b.check(false, "nothing runs after the loop was closed");
        pending.emplace(b);
        b.close();
        closed = true;
        pending->check_over(b);
      });
      b.until([&] { return closed; }, "the loop closes itself");
      b.linger(3ms);
      pending->check_over(b);
      b.check(b.core().closed(), "the loop is closed");
    });
  };
  inside("a callable may close the loop",
         [](bench& b, pair_of_fds&, fd_watch&, auto close) { b.soon(std::move(close)); });
  inside("a timer may close the loop",
         [](bench& b, pair_of_fds&, fd_watch&, auto close) { b.later(1ms, std::move(close)); });
  inside("a posted callable may close the loop",
         [](bench& b, pair_of_fds&, fd_watch&, auto close) { b.post(std::move(close)); });
  inside("a watch's callback may close the loop", [](bench& b, pair_of_fds& trigger, fd_watch& first, auto close) {
    first = b.watch(trigger.near(), interest::read, [close = std::move(close)](interest) mutable { close(); });
    trigger.send();
  });
  inside("a future's callback may close the loop", [](bench& b, pair_of_fds&, fd_watch&, auto close) {
    const auto comes = b.make<void>();
    b.then(comes, std::move(close));
    resolve(comes);
  });

  const auto drops = [&all](std::string_view name, auto arrange) {
    all.add(name, [arrange](bench& b) {
      auto trigger = sockets();
      fd_watch first;
      std::optional<everything> pending;
      bool dropped = false;
      arrange(b, trigger, first, [&] {
        pending.emplace(b);
        b.native().drop_owner();
        dropped = true;
      });
      b.until([&] { return dropped; }, "the loop's owner is destroyed inside a callback");
      b.linger(3ms);
      pending->check_over(b);
      pending.reset();
    });
  };
  drops("a callable may destroy the loop's owner",
        [](bench& b, pair_of_fds&, fd_watch&, auto drop) { b.soon(std::move(drop)); });
  drops("a timer may destroy the loop's owner",
        [](bench& b, pair_of_fds&, fd_watch&, auto drop) { b.later(1ms, std::move(drop)); });
  drops("a watch's callback may destroy the loop's owner",
        [](bench& b, pair_of_fds& trigger, fd_watch& first, auto drop) {
          first = b.watch(trigger.near(), interest::read, [drop = std::move(drop)](interest) mutable { drop(); });
          trigger.send();
        });
}

}  // namespace

void add_close_cases(case_list& all) {
  destroyed_cases(all);
  inside_cases(all);

  all.add("closing ends everything that is pending", [](bench& b) {
    const everything pending(b);
    b.close();
    pending.check_over(b);
    b.linger(3ms);
    pending.check_over(b);
  });

  all.add("destroying the loop's owner ends everything that is pending", [](bench& b) {
    std::optional<everything> pending(std::in_place, b);
    b.native().drop_owner();
    pending->check_over(b);
    b.linger(3ms);
    pending->check_over(b);
    pending.reset();  // its handles may be the last ones
  });

  all.add("destroying the native loop ends everything that is pending", [](bench& b) {
    b.pass(1ms);
    const everything pending(b);
    b.destroy_native();
    pending.check_over(b);
  });

  all.add("closing says once that the native loop has released everything", [](bench& b) {
    int released = 0;
    const auto watch_too = sockets();
    const auto watching = b.watch(watch_too.near(), interest::read, [](interest) {});
    b.turns();
    b.close([&] { ++released; });
    b.until([&] { return released > 0; }, "`released` is called");
    b.linger(2ms);
    b.equal(released, 1, "times it was called");
  });

  all.add("closing disarms the alarm", [](bench& b) {
    timer set;
    duration delay = 3ms;
    do {  // on a busy machine it may fire before it is armed
      delay *= 2;
      set = b.later(delay, [] {});
      b.turns();
    } while (!set.active());
    b.close();
    b.linger(delay);
    b.steps(10);  // past the timer's time: the core says so if the port calls it
  });

  all.add("closing leaves nothing of the loop in the native loop", [](bench& b) {
    const auto fds = sockets();
    bool released = false;
    const auto watching = b.watch(fds.near(), interest::read, [](interest) {});
    b.later(1h, [] {});
    b.turns();
    b.close([&] { released = true; });
    b.until([&] { return released; }, "`released` is called");
    b.native().drop_owner();
    b.linger(2ms);
    const std::string left = b.native().left_behind();
    b.check(left.empty(), "close() takes everything out of the native loop, but this is left: " + left);
  });

  all.add("a native loop may get another loop after the first was closed", [](bench& b) {
    for (int i = 0; i < 3; ++i) {
      auto fds = sockets();
      bool rang = false;
      bool posted = false;
      bool reported = false;
      {
        const auto watching = b.watch(fds.near(), interest::read, [&](interest) { reported = fds.receive() > 0; });
        b.thread([&, remote = b.core().remote()] { b.post(remote, [&] { posted = true; }); }).join();
        fds.send();
        b.until([&] { return posted && reported; }, "a post and a descriptor are served");
        b.later(10ms, [&] { rang = true; });  // nothing else makes a turn, in which a timer that is due would fire
        b.until([&] { return rang; }, "a timer is served");
      }
      b.native().drop_owner();
      b.linger(1ms);
      if (!b.renew()) throw case_skipped{"this harness has no make_owner()"};
    }
  });

  all.add("closing twice does nothing", [](bench& b) {
    int released = 0;
    int again = 0;
    b.close([&] { ++released; });
    b.close([&] { ++again; });
    b.until([&] { return released > 0; }, "the first `released` is called");
    b.linger(2ms);
    b.equal(released, 1, "times the first `released` was called");
    b.equal(again, 0, "times the second `released` was called");
    b.check(b.core().closed(), "the loop is closed");
  });

  all.add("a closed loop refuses every call with loop_closed", [](bench& b) {
    const auto fds = sockets();
    const auto comes = b.make<int>();
    b.close();
    b.throws<loop_closed>([&] { b.core().call_soon([] {}); }, "call_soon");
    b.throws<loop_closed>([&] { b.core().call_later(0ms, [] {}); }, "call_later");
    b.throws<loop_closed>([&] { b.core().call_at(b.core().now(), [] {}); }, "call_at");
    b.throws<loop_closed>([&] { b.core().post([] {}); }, "post");
    b.throws<loop_closed>([&] { static_cast<void>(b.core().watch(fds.near(), interest::read, [](interest) {})); },
                          "watch");
    b.throws<loop_closed>([&] { static_cast<void>(b.core().hold()); }, "hold");
    b.throws<loop_closed>([&] { static_cast<void>(b.make<int>()); }, "create_future");
    b.throws<loop_closed>([&] { add_callbacks(comes, [](int) {}); }, "add_callbacks");
    b.throws<loop_closed>([&] { static_cast<void>(with_config(b.core()).sleep(1ms)); }, "sleep");
    b.throws<loop_closed>([&] { b.core().run(); }, "run");
  });

  all.add("what a destructor queues while the loop closes is refused", [](bench& b) {
    struct queues_at_the_end {
      loop* core;
      tally count;
      queues_at_the_end(bench& b, const tally& in) : core(&b.core()), count(in) {}
      queues_at_the_end(queues_at_the_end&& other) noexcept
          : core(std::exchange(other.core, nullptr)), count(other.count) {}
      queues_at_the_end& operator=(queues_at_the_end&&) = delete;
      ~queues_at_the_end() {
        if (!core) return;
        try {
          core->call_soon(counted(count));
        } catch (const loop_closed&) {
          ++count.ran;
        }
        ++count.destroyed;
      }
      void operator()() {}
    };
    tally count;
    b.soon(queues_at_the_end(b, count));
    const timer set = b.later(1h, queues_at_the_end(b, count));
    auto poster = b.thread([&, remote = b.core().remote()] { b.post(remote, queues_at_the_end(b, count)); });
    poster.join();
    b.close();
    b.equal(count.ran, 3, "refusals");
    b.equal(count.destroyed, 6, "destroyed, with what they tried to queue");
  });

  all.add("handles may be destroyed after the loop and in any order", [](bench& b) {
    tally count;
    auto fds = sockets();
    auto comes = b.make<int>();
    timer set = b.later(1h, counted(count));
    fd_watch watching = b.watch(fds.near(), interest::read, counted(count));
    loop_hold held = b.core().hold();
    const loop_remote remote = b.core().remote();
    b.turns();
    b.native().drop_owner();
    held.release();
    b.destroy_native();
    comes = {};
    watching = {};
    set = {};
    b.equal(count.destroyed, 2, "times destroyed");
  });
}

}  // namespace interloop::testing::conformance
