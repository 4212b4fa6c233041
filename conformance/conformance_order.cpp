// SPDX-License-Identifier: MIT
// Cases about callables that are ready: when, where and in which order they run.
#include "conformance_bench.hpp"

#include <array>
#include <numeric>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

std::vector<int> counting(int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// Queues itself again until told to stop.
struct endless {
  std::function<void()> again;
  bool stopped = false;

  explicit endless(bench& b) {
    again = [this, &b] {
      if (!stopped) b.core().call_soon([this] { again(); });
    };
    again();
  }
};

}  // namespace

void add_order_cases(case_list& all) {
  all.add("callables run in the order in which they were queued", [](bench& b) {
    std::vector<int> order;
    for (int i = 0; i < 1000; ++i) b.soon([&order, i] { order.push_back(i); });
    b.until([&] { return order.size() == 1000; }, "a thousand callables run");
    b.equal(order, counting(1000), "the order");
  });

  all.add("a callable never runs inside the call that queued it", [](bench& b) {
    bool ran = false;
    b.soon([&] { ran = true; });
    b.check(!ran, "a callable queued from outside waits for a turn");
    b.until([&] { return ran; }, "the callable runs");
    bool inner = false;
    bool tried = false;
    b.soon([&] {
      b.soon([&] { inner = true; });
      b.check(!inner, "a callable queued by a callable waits for that to return");
      tried = true;
    });
    b.until([&] { return tried && inner; }, "the inner callable runs");
  });

  all.add("what a callable queues runs after what was queued before", [](bench& b) {
    std::vector<int> order;
    b.soon([&] {
      order.push_back(0);
      b.soon([&] { order.push_back(3); });
    });
    b.soon([&] { order.push_back(1); });
    b.soon([&] { order.push_back(2); });
    b.until([&] { return order.size() == 4; }, "four callables run");
    b.equal(order, counting(4), "the order");
  });

  all.add("callables run in the loop's thread", [](bench& b) {
    bool ran = false;
    b.soon([&] {
      b.check(b.core().in_loop_thread(), "in_loop_thread() holds inside a callable");
      ran = true;
    });
    b.until([&] { return ran; }, "the callable runs");
    b.check(b.core().in_loop_thread(), "in_loop_thread() holds where the native loop was run");
  });

  all.add("only the loop's thread is taken for it", [](bench& b) {
    const auto ask_elsewhere = [&] {
      b.thread([&, remote = b.core().remote()] {
         b.check(!b.core().in_loop_thread(),
                 "in_loop_thread() is false in a thread that has nothing to do with the loop; look at the port's "
                 "in_loop_thread(), which the core asks in any thread");
         b.check(!remote.is_here(),
                 "that thread may wait for the loop; look at the port's in_loop_thread() and knowledge()");
       }).join();
    };
    bool asked = false;
    ask_elsewhere();
    b.soon([&] {
      b.check(b.core().in_loop_thread() && b.core().remote().is_here(),
              "a callable knows that it is in the loop's thread");
      ask_elsewhere();
      asked = true;
    });
    b.until([&] { return asked; }, "the callable runs");
    ask_elsewhere();
  });

  all.add("a callable runs once and is destroyed once", [](bench& b) {
    tally count;
    b.soon(counted(count));
    b.equal(count.destroyed, 0, "destroyed before the turn");
    b.turns();
    b.equal(count.ran, 1, "times run");
    b.equal(count.destroyed, 1, "times destroyed");
  });

  all.add("large callables keep their place among small ones", [](bench& b) {
    std::vector<int> order;
    for (int i = 0; i < 100; ++i) {
      if (i % 3 == 0) {
        b.soon([&order, i, ballast = std::array<char, 700>{}] { order.push_back(i + ballast[0]); });
      } else {
        b.soon([&order, i] { order.push_back(i); });
      }
    }
    b.until([&] { return order.size() == 100; }, "a hundred callables run");
    b.equal(order, counting(100), "the order");
  });

  all.add("what is queued runs before a timer of zero delay", [](bench& b) {
    std::vector<int> order;
    b.later(0ms, [&] { order.push_back(1); });
    b.soon([&] { order.push_back(0); });
    b.until([&] { return order.size() == 2; }, "both run");
    b.equal(order, counting(2), "the order");
  });

  all.add("a chain of callables runs to its end", [](bench& b) {
    int left = 1000;
    std::function<void()> again = [&] {
      if (--left > 0) b.soon(std::ref(again));
    };
    b.soon(std::ref(again));
    b.until([&] { return left == 0; },
            "a chain of a thousand callables ends; look at wake(), which the core calls inside a turn too");
  });

  all.add("a callable that queues itself forever does not starve native handlers", [](bench& b) {
    b.needs(ability::calls_natively);
    endless busy(b);
    int handled = 0;
    std::function<void()> handler = [&] {
      if (++handled < 5) b.native().call_native(handler);
    };
    b.native().call_native(handler);
    b.until([&] { return handled == 5; }, "five native handlers run beside an endless chain");
    busy.stopped = true;
    b.turns();
  });

  all.add("a callable that queues itself forever does not starve timers", [](bench& b) {
    b.needs(ability::passes_time);
    endless busy(b);
    bool rang = false;
    b.later(1ms, [&] { rang = true; });
    b.until([&] { return rang; }, "a timer fires beside an endless chain");
    busy.stopped = true;
    b.turns();
  });

  all.add("a callable that queues itself forever does not starve descriptors", [](bench& b) {
    endless busy(b);
    auto fds = sockets();
    int reported = 0;
    const auto watching = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
    fds.send();
    b.until([&] { return reported > 1; }, "a descriptor is reported beside an endless chain");
    busy.stopped = true;
    b.turns();
  });

  all.add("native handlers and callables may cause each other", [](bench& b) {
    b.needs(ability::calls_natively);
    std::vector<int> order;
    std::function<void()> handler = [&] {
      order.push_back(static_cast<int>(order.size()));
      b.soon([&] {
        order.push_back(static_cast<int>(order.size()));
        if (order.size() < 200) b.native().call_native(handler);
      });
    };
    b.native().call_native(handler);
    b.until([&] { return order.size() == 200; }, "a hundred handlers and a hundred callables run in turn");
  });

#if INTERLOOP_CHECKED
  all.add("touching the loop from another thread throws wrong_thread", [](bench& b) {
    const auto pending = b.make<int>();
    auto fds = sockets();
    auto stranger = b.thread([&] {
      b.throws<wrong_thread>([&] { b.core().call_soon([] {}); }, "call_soon");
      b.throws<wrong_thread>([&] { b.core().call_later(1ms, [] {}); }, "call_later");
      b.throws<wrong_thread>([&] { static_cast<void>(b.core().watch(fds.near(), interest::read, [](interest) {})); },
                             "watch");
      b.throws<wrong_thread>([&] { static_cast<void>(b.core().hold()); }, "hold");
      b.throws<wrong_thread>([&] { resolve(pending, 1); }, "resolve");
    });
    stranger.join();
    b.check(!is_called(pending), "a refused call has no effect");
  });
#else
  all.add("touching the loop from another thread throws wrong_thread",
          [](bench&) { throw case_skipped{"only a checked build (INTERLOOP_CHECKED) looks at the thread"}; });
#endif
}

}  // namespace interloop::testing::conformance
