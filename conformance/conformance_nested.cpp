// SPDX-License-Identifier: MIT
// Cases about a native loop that is run inside a callback, as a dialog does: order is kept and nothing is lost.
#include "conformance_bench.hpp"

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

// Runs the native loop inside a callback, until `done`. A broken loop fails in it, and may call later what the callback has
// queued: so that refers to the case's variables, not to the callback's.
void nest(bench& b, const std::function<bool()>& done, const std::string& what, here where = here::current()) {
  b.until(done, what + ", in a nested run", where);
}

}  // namespace

void add_nested_cases(case_list& all) {
  all.add("a nested run goes on with what was queued before, in order", [](bench& b) {
    b.needs(ability::nests);
    std::vector<int> order;
    b.soon([&] {
      order.push_back(0);
      b.soon([&] { order.push_back(3); });
      nest(b, [&] { return order.size() == 4; }, "what is queued runs");
      order.push_back(4);
    });
    b.soon([&] { order.push_back(1); });
    b.soon([&] { order.push_back(2); });
    b.until([&] { return order.size() == 5; }, "all run");
    b.soon([&] { order.push_back(5); });
    b.until([&] { return order.size() == 6; }, "the loop goes on");
    b.equal(order, std::vector<int>{0, 1, 2, 3, 4, 5}, "the order");
  });

  all.add("a nested run serves a timer that was set before it", [](bench& b) {
    b.needs(ability::nests);
    bool done = false;
    bool rang = false;
    b.soon([&] {
      b.later(2ms, [&] { rang = true; });
      nest(b, [&] { return rang; }, "the timer fires");
      done = true;
    });
    b.until([&] { return done; }, "the nested run ends");
  });

  all.add("a nested run inside a timer serves the next timer", [](bench& b) {
    b.needs(ability::nests);
    bool done = false;
    bool rang = false;
    b.later(1ms, [&] {
      nest(b, [&] { return rang; }, "the next timer fires");
      done = true;
    });
    b.later(4ms, [&] { rang = true; });
    b.until([&] { return done; }, "the nested run ends");
  });

  all.add("a nested run inside a timer serves those that are due with it, in order", [](bench& b) {
    b.needs(ability::nests);
    std::vector<int> order;
    const time_point when = b.core().now() + 2ms;
    b.at(when, [&] {
      order.push_back(0);
      nest(b, [&] { return order.size() == 4; }, "the other timers fire");
      order.push_back(4);
    });
    for (int i = 1; i < 4; ++i) b.at(when, [&order, i] { order.push_back(i); });
    b.until([&] { return order.size() == 5; }, "all fire");
    b.equal(order, std::vector<int>{0, 1, 2, 3, 4}, "the order");
  });

  all.add("a nested run serves descriptors and posts", [](bench& b) {
    b.needs(ability::nests);
    auto fds = sockets();
    bool done = false;
    bool reported = false;
    bool posted = false;
    b.soon([&] {
      const auto watching = b.watch(fds.near(), interest::read, [&](interest) { reported = true; });
      fds.send();
      auto poster = b.thread([&, remote = b.core().remote()] { b.post(remote, [&] { posted = true; }); });
      poster.join();
      nest(b, [&] { return reported && posted; }, "the descriptor is reported and the post runs");
      done = true;
    });
    b.until([&] { return done; }, "the nested run ends");
  });

  all.add("a watch's callback is not called again by a run nested in it", [](bench& b) {
    b.needs(ability::nests);
    auto fds = sockets();
    auto others = sockets();
    int depth = 0;
    int reported = 0;
    bool other = false;
    const auto beside = b.watch(others.near(), interest::read, [&](interest) {
      others.receive();
      other = true;
    });
    const auto watching = b.watch(fds.near(), interest::read, [&](interest) {
      ++reported;
      b.equal(++depth, 1, "calls in progress");
      if (reported == 1) {
        others.send();  // its own data is still there to be read
        nest(b, [&] { return other; }, "another descriptor is reported");
      }
      fds.receive();
      --depth;
    });
    fds.send();
    b.until([&] { return reported == 1 && depth == 0; }, "the nested run ends");
    fds.send();
    b.until([&] { return reported == 2; }, "the descriptor is reported again");
  });

  all.add("a nested run inside a watch's callback serves callables and timers", [](bench& b) {
    b.needs(ability::nests);
    auto fds = sockets();
    bool done = false;
    int ran = 0;
    const auto watching = b.watch(fds.near(), interest::read, [&](interest) {
      fds.receive();
      b.soon([&] {
        ++ran;
        b.later(1ms, [&] { ++ran; });
      });
      nest(b, [&] { return ran == 2; }, "a callable and its timer run");
      done = true;
    });
    fds.send();
    b.until([&] { return done; }, "the nested run ends");
  });

  all.add("nested runs may be nested again", [](bench& b) {
    b.needs(ability::nests);
    std::vector<int> order;
    bool rang = false;
    b.soon([&] {
      b.soon([&] {
        b.soon([&] {
          b.later(1ms, [&] { rang = true; });
          nest(b, [&] { return rang; }, "a timer fires");
          order.push_back(0);
        });
        nest(b, [&] { return order.size() == 1; }, "the innermost run ends");
        order.push_back(1);
      });
      nest(b, [&] { return order.size() == 2; }, "the inner run ends");
      order.push_back(2);
    });
    b.until([&] { return order.size() == 3; }, "all end");
    b.equal(order, std::vector<int>{0, 1, 2}, "the order");
  });

  all.add("a nested run may close the loop", [](bench& b) {
    b.needs(ability::nests);
    tally count;
    bool done = false;
    b.soon([&] {
      b.soon([&] { b.close(); });
      b.soon(counted(count));
      nest(b, [&] { return b.core().closed(); }, "the loop closes");
      done = true;
    });
    b.soon([&] {});
    b.until([&] { return done; }, "the nested run ends");
    b.linger(2ms);
    b.equal(count.ran, 0, "callables that ran after the closing");
    b.equal(count.destroyed, 1, "times destroyed");
  });

  all.add("after a nested run timers fire as before", [](bench& b) {
    b.needs(ability::nests);
    std::vector<int> order;
    b.later(100ms, [&] { order.push_back(1); });
    bool rang = false;
    b.later(200ms, [&] { order.push_back(2); });
    b.soon([&] {
      b.later(1ms, [&] { rang = true; });
      nest(b, [&] { return rang; }, "a timer fires");
      order.push_back(0);
    });
    b.until([&] { return order.size() == 3; }, "the outer timers fire");
    b.equal(order, std::vector<int>{0, 1, 2}, "the order");
  });
}

}  // namespace interloop::testing::conformance
