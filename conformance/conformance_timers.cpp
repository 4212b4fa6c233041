// SPDX-License-Identifier: MIT
// Cases about timers: their order, their time, and how they are cancelled.
#include "conformance_bench.hpp"

#include <algorithm>
#include <limits>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

void order_cases(case_list& all) {
  all.add("a hundred timers with one deadline run in the order they were made", [](bench& b) {
    std::vector<int> order;
    const time_point when = b.core().now() + 3ms;
    for (int i = 0; i < 100; ++i) b.at(when, [&order, i] { order.push_back(i); });
    b.until([&] { return order.size() == 100; }, "a hundred timers fire");
    b.check(std::is_sorted(order.begin(), order.end()), "timers with equal deadlines keep their order");
  });

  all.add("timers run in the order of their deadlines", [](bench& b) {
    std::vector<int> order;
    const time_point start = b.core().now();
    for (const int ms : {5, 2, 9, 1, 7, 3, 8, 4, 6}) b.at(start + ms * 1ms, [&order, ms] { order.push_back(ms); });
    b.until([&] { return order.size() == 9; }, "nine timers fire");
    b.check(std::is_sorted(order.begin(), order.end()), "earlier deadlines come first");
  });

  all.add("timers that are overdue together run in the order of their deadlines", [](bench& b) {
    b.needs(ability::passes_time);
    std::vector<int> order;
    b.soon([&] {
      const time_point start = b.core().now();
      for (const int ms : {9, 3, 6, 1, 3}) b.at(start + ms * 1ms, [&order, ms] { order.push_back(ms); });
      b.stall(12ms);
    });
    b.until([&] { return order.size() == 5; }, "five timers fire");
    b.equal(order, std::vector<int>{1, 3, 3, 6, 9}, "the order");
  });

  all.add("timers of zero delay run in the order they were made", [](bench& b) {
    std::vector<int> order;
    for (const int each : {0, 1, 2, 3, 4, 5, 6, 7, 8}) b.later(0ms, [&order, each] { order.push_back(each); });
    b.until([&] { return order.size() == 9; }, "nine timers fire");
    b.check(std::is_sorted(order.begin(), order.end()), "timers of zero delay keep their order");
  });

  all.add("a timer that is made later with an earlier deadline fires first", [](bench& b) {
    timer far = b.later(2h, [] {});
    b.turns();  // the alarm is armed for it by now
    int fired = 0;
    b.later(2ms, [&] { ++fired; });
    b.until(
        [&] { return fired == 1; },
        "a timer of 2 ms fires although the alarm was armed for two hours; set_alarm() has to replace what is armed");
    b.turns();
    b.soon([&] { b.later(2ms, [&] { ++fired; }); });
    b.until([&] { return fired == 2; }, "so does one that is made in a turn; look at set_alarm()");
    b.check(far.cancel(), "the far timer waits");
  });

  all.add("timers of zero delay that set themselves again do not starve descriptors", [](bench& b) {
    bool stopped = false;
    std::function<void()> again = [&] {
      if (!stopped) b.core().call_later(0ms, std::ref(again));
    };
    again();
    auto fds = sockets();
    int reported = 0;
    const auto watching = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
    fds.send();
    b.until([&] { return reported > 1; }, "a descriptor is reported beside a timer that is always due");
    stopped = true;
    b.turns();
  });

  all.add("timers of zero delay that set themselves again do not starve native handlers", [](bench& b) {
    b.needs(ability::calls_natively);
    bool stopped = false;
    std::function<void()> again = [&] {
      if (!stopped) b.core().call_later(0ms, std::ref(again));
    };
    again();
    int handled = 0;
    std::function<void()> handler = [&] {
      if (++handled < 5) b.native().call_native(handler);
    };
    b.native().call_native(handler);
    b.until([&] { return handled == 5; }, "native handlers run beside a timer that is always due");
    stopped = true;
    b.turns();
  });
}

void time_cases(case_list& all) {
  all.add("a timer never fires early by the loop's clock", [](bench& b) {
    int fired = 0;
    for (int i = 0; i < 20; ++i) {
      const time_point when = b.core().now() + 1ms + i * 137us;
      b.at(when, [&, when] {
        b.check(b.core().now() >= when, "now() is at or after the deadline");
        ++fired;
      });
    }
    b.until([&] { return fired == 20; }, "twenty timers fire");
  });

  all.add("on a machine that is not busy a timer is not late", [](bench& b) {
    b.needs(ability::punctual);
    // A busy machine makes some timers late; a late alarm all of them, except those that came due before their turn.
    duration best = (duration::max)();
    int on_time = 0;
    for (int tries = 0; tries < 25 && on_time < 3; ++tries) {
      bool fired = false;
      const time_point when = b.core().now() + 2ms;
      b.at(when, [&, when] {
        const duration late = b.core().now() - when;
        best = std::min(best, late);
        if (late <= 20ms) ++on_time;
        fired = true;
      });
      b.until([&] { return fired; }, "a timer fires");
    }
    b.check(on_time == 3, "of 25 timers three are less than 20 ms late, but there were " + std::to_string(on_time) +
                              ", and the best one was late by " + std::to_string(best / 1us) +
                              " us; look at set_alarm(), its units and its rounding");
  });

  all.add("the clock never goes back", [](bench& b) {
    auto fds = sockets();
    // Looks at the clock in each step of the native loop: such a watch is always ready.
    int unmoved = 0;
    time_point last{};
    fd_watch looking = b.watch(fds.near(), interest::write, [&](interest) {
      b.look_at_the_clock("between two events");
      unmoved = b.core().now() == last ? unmoved + 1 : 0;
      last = b.core().now();
      if (unmoved > 100) looking.set_interest(interest::none);  // this clock moves only when nothing else is to be done
    });
    int fired = 0;
    std::function<void()> ring = [&] {
      b.look_at_the_clock("when the alarm rang");
      unmoved = 0;
      looking.set_interest(interest::write);
      if (++fired < 20) b.core().call_later(300us, std::ref(ring));
    };
    b.core().call_later(300us, std::ref(ring));
    b.soon([&] { b.look_at_the_clock("in a turn"); });
    b.until(
        [&] {
          b.look_at_the_clock("between two steps of the native loop");
          return fired == 20;
        },
        "twenty timers fire");
  });

  all.add("timers fire on a native loop that is run in slices shorter than their delay", [](bench& b) {
    bool fired = false;
    b.later(5ms, [&] { fired = true; });
    const auto give_up = std::chrono::steady_clock::now() + b.patience();
    for (duration slice = 2ms; !fired; slice = std::max<duration>(slice / 2, 50us)) {
      static_cast<void>(b.native().run_until([&] { return fired; }, slice));
      b.check(
          std::chrono::steady_clock::now() < give_up,
          "a timer of 5 ms fires although the native loop runs for less than that at a time; set_alarm() has to arm "
          "for a point in time, and running the native loop again must not arm anew");
    }
  });

  const auto at_once = [&all](std::string_view name, auto delay) {
    all.add(name, [delay](bench& b) {
      bool ran = false;
      const auto set = [&] {
        if (auto* between = b.between()) {
          b.core().call_later(delay, between->callable([&] { ran = true; }));
        } else {
          b.core().call_later(delay, [&] { ran = true; });
        }
      };
      set();
      b.check(!ran, "it does not run inside the call");
      b.until([&] { return ran; }, "it runs");
      ran = false;
      bool tried = false;
      b.soon([&] {
        set();
        b.check(!ran, "it does not run inside the call, in a turn");
        tried = true;
      });
      b.until([&] { return tried && ran; }, "it runs again");
    });
  };
  at_once("a timer of zero delay runs in a later turn", 0ms);
  at_once("a timer of negative delay runs in a later turn", -5s);
  at_once("a timer of the most negative delay runs in a later turn", (duration::min)());
  at_once("a delay that is not a number counts as zero",
          std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()));

  all.add("a delay too long for the clock never fires and does not affect other timers", [](bench& b) {
    tally count;
    std::vector<timer> timers;
    for (const duration delay :
         {(duration::max)(), (duration::max)() - 1ns, duration(24h * 365 * 250), duration(1h * 24 * 50),
          duration(std::chrono::milliseconds(0x80000000LL)), duration(std::chrono::milliseconds(0x100000001LL))})
      timers.push_back(b.later(delay, counted(count)));
    timers.push_back(b.at((time_point::max)(), counted(count)));
    b.pass(5ms);
    b.equal(count.ran, 0, "timers fired");
    for (timer& each : timers) b.check(each.active() && each.cancel(), "it waits, and can be cancelled");
    b.equal(count.destroyed, static_cast<int>(timers.size()), "callables destroyed");
  });

  all.add("a timer that is set after a stall counts from the call", [](bench& b) {
    b.needs(ability::passes_time);
    bool fired = false;
    b.soon([&] {
      b.stall(20ms);
      const auto set = std::chrono::steady_clock::now();
      b.later(8ms, [&, set] {
        b.check(std::chrono::steady_clock::now() - set >= 7ms,
                "the delay is measured from the call, not from the start of the turn");
        fired = true;
      });
    });
    b.until([&] { return fired; }, "the timer fires");
  });
}

void cancel_cases(case_list& all) {
  all.add("a cancelled timer does not fire and its callable is destroyed at once", [](bench& b) {
    tally count;
    timer set = b.later(2ms, counted(count));
    b.check(set.active(), "it is active");
    b.check(set.cancel(), "cancel() tells that there was something to cancel");
    b.check(!set.active(), "it is not active any more");
    b.equal(count.destroyed, 1, "times destroyed");
    b.pass(5ms);
    b.equal(count.ran, 0, "times run");
  });

  all.add("cancelling a timer in its own callback does nothing", [](bench& b) {
    tally count;
    timer set;
    bool returned = false;
    set = b.later(1ms, [&, mine = counted(count)]() mutable {
      b.check(!set.active(), "a timer that runs is not active");
      b.check(!set.cancel(), "there is nothing to cancel");
      mine();
      b.equal(count.destroyed, 0, "destroyed while running");
      returned = true;
    });
    b.until([&] { return returned; }, "the timer fires");
    b.pass(2ms);
    b.equal(count.ran, 1, "times run");
    b.equal(count.destroyed, 1, "times destroyed");
  });

  all.add("a timer cancels another that is due at the same time", [](bench& b) {
    tally count;
    timer second;
    bool first = false;
    const time_point when = b.core().now() + 2ms;
    b.at(when, [&] {
      first = true;
      b.check(second.cancel(), "the sibling can still be cancelled");
    });
    second = b.at(when, counted(count));
    b.until([&] { return first; }, "the first timer fires");
    b.pass(2ms);
    b.equal(count.ran, 0, "times that the cancelled sibling ran");
    b.equal(count.destroyed, 1, "times destroyed");
  });

  all.add("cancelling twice or after the timer fired does nothing", [](bench& b) {
    tally count;
    timer set = b.later(1ms, counted(count));
    timer copy = set;
    b.check(copy.cancel() && !set.cancel() && !copy.cancel(), "only the first of several cancels does something");
    timer fired = b.later(0ms, counted(count));
    b.until([&] { return count.ran == 1; }, "the other timer fires");
    b.turns();
    b.check(!fired.active() && !fired.cancel(), "there is nothing to cancel after it fired");
    // The place of a timer that is over may be reused by another one, which the old handle must not affect.
    const timer next = b.later(1h, counted(count));
    b.check(!fired.cancel() && !set.cancel() && next.active(), "an old handle does not cancel a new timer");
    b.equal(count.destroyed, 2, "times destroyed");
  });

  all.add("dropping a timer's handle does not cancel it", [](bench& b) {
    tally count;
    static_cast<void>(b.later(1ms, counted(count)));
    b.until([&] { return count.ran == 1; }, "the timer fires");
  });

  all.add("a timer's handle may outlive the loop", [](bench& b) {
    tally count;
    timer set = b.later(1h, counted(count));
    timer fired = b.later(0ms, [] {});
    b.turns();
    b.native().drop_owner();
    b.equal(count.destroyed, 1, "times destroyed when the loop was destroyed");
    b.check(!set.active() && !set.cancel() && !fired.active(), "its handle says that it is over");
    b.destroy_native();
    b.check(!set.active() && !set.cancel() && !fired.active(), "its handle still says so");
  });

  all.add("cancelling the earliest timer leaves the next one to fire", [](bench& b) {
    // A busy machine may pause until the first timer has fired: it is tried again with a longer delay then.
    bool in_time = false;
    for (duration delay = 2ms; !in_time; delay *= 2) {
      b.check(delay < 1s, "a timer can be cancelled before it fires");
      tally count;
      timer first = b.later(delay, counted(count));
      bool rang = false;
      b.later(delay + 2ms, [&] { rang = true; });
      b.turns();
      in_time = first.cancel();
      b.until([&] { return rang; }, "the second timer fires");
      b.equal(count.ran, in_time ? 0 : 1, "times that the first timer ran");
    }
  });

  all.add("of a thousand timers those that are not cancelled fire once each", [](bench& b) {
    tally kept;
    tally dropped;
    std::vector<timer> timers;
    for (int i = 0; i < 1000; ++i) timers.push_back(b.later(i % 7 * 1ms, counted(i % 2 ? kept : dropped)));
    for (std::size_t i = 0; i < timers.size(); i += 2) timers[i].cancel();
    b.until([&] { return kept.ran >= 500; }, "the others fire");
    b.pass(8ms);
    b.equal(kept.ran, 500, "timers fired");
    b.equal(dropped.ran, 0, "cancelled timers fired");
    b.equal(kept.destroyed + dropped.destroyed, 1000, "callables destroyed");
  });
}

}  // namespace

void add_timer_cases(case_list& all) {
  order_cases(all);
  time_cases(all);
  cancel_cases(all);
}

}  // namespace interloop::testing::conformance
