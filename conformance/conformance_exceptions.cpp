// SPDX-License-Identifier: MIT
// Cases about exceptions that escape callbacks: they go to the exception handler and stop nothing.
#include "conformance_bench.hpp"

#include <stdexcept>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

// Checks that the handler was called once, with a `Thrown`.
template <class Thrown>
void one_escaped(bench& b) {
  b.equal(b.escaped().size(), std::size_t{1}, "exceptions given to the handler");
  b.check(b.escaped().front().is<Thrown>(), "the handler is given the very exception");
  b.escaped().clear();
}

}  // namespace

void add_exception_cases(case_list& all) {
  all.add("an exception in a callable goes to the handler and the next ones run", [](bench& b) {
    int ran = 0;
    b.soon([&] { ++ran; });
    b.soon([] { throw std::runtime_error("thrown by a callable"); });
    b.soon([&] { ++ran; });
    b.turns();
    b.equal(ran, 2, "callables that ran");
    one_escaped<std::runtime_error>(b);
  });

  all.add("an exception of any type goes to the handler", [](bench& b) {
    bool ran = false;
    b.soon([] { throw 42; });
    b.soon([&] { ran = true; });
    b.turns();
    b.check(ran, "the next callable runs");
    one_escaped<int>(b);
  });

  all.add("an exception in a timer goes to the handler and the next timers fire", [](bench& b) {
    int ran = 0;
    const time_point when = b.core().now() + 1ms;
    b.at(when, [] { throw std::runtime_error("thrown by a timer"); });
    b.at(when, [&] { ++ran; });
    b.at(when + 1ms, [&] { ++ran; });
    b.until([&] { return ran == 2; }, "the other timers fire");
    one_escaped<std::runtime_error>(b);
  });

  all.add("an exception in a posted callable goes to the handler and the next ones run", [](bench& b) {
    bool ran = false;
    auto poster = b.thread([&, remote = b.core().remote()] {
      b.post(remote, [] { throw std::runtime_error("thrown by a posted callable"); });
      b.post(remote, [&] { ran = true; });
    });
    poster.join();
    b.until([&] { return ran; }, "the next post runs");
    one_escaped<std::runtime_error>(b);
  });

  all.add("an exception in a watch's callback goes to the handler and the watch goes on", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    const auto watching = b.watch(fds.near(), interest::read, [&](interest) {
      fds.receive();
      if (++reported == 1) throw std::runtime_error("thrown by a watch");
    });
    fds.send();
    b.until([&] { return reported == 1; }, "the descriptor is reported");
    fds.send();
    b.until([&] { return reported == 2; }, "the descriptor is reported again");
    one_escaped<std::runtime_error>(b);
  });

  all.add("an exception in a future's callback goes to the handler and the next callbacks run", [](bench& b) {
    int ran = 0;
    const auto comes = b.make<int>();
    b.then(comes, [](int) { throw std::runtime_error("thrown by a callback"); });
    b.then(comes, [&](int) { ++ran; });
    resolve(comes, 1);
    b.turns();
    b.equal(ran, 1, "callbacks that ran");
    one_escaped<std::runtime_error>(b);
  });

  all.add("an exception thrown by the exception handler itself does not stop the loop", [](bench& b) {
    bool ran = false;
    int handled = 0;
    b.core().set_exception_handler([&](std::string_view, const failure&) {
      ++handled;
      throw std::runtime_error("thrown by the exception handler");
    });
    b.soon([] { throw std::runtime_error("thrown by a callable"); });
    b.soon([&] { ran = true; });
    b.turns();
    b.check(ran, "the next callable runs");
    b.equal(handled, 1, "times the handler was called");
  });

  all.add("a callable that throws is destroyed once", [](bench& b) {
    tally count;
    b.soon([mine = counted(count)] { throw std::runtime_error("thrown by a callable"); });
    b.later(0ms, [mine = counted(count)] { throw std::runtime_error("thrown by a timer"); });
    b.until([&] { return b.escaped().size() == 2; }, "both throw");
    b.turns();
    b.equal(count.destroyed, 2, "times destroyed");
    b.escaped().clear();
  });
}

}  // namespace interloop::testing::conformance
