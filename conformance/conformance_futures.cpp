// SPDX-License-Identifier: MIT
// Cases about futures and coroutines as far as the loop is concerned: when callbacks run, and what cancelling reaches.
#include "conformance_bench.hpp"

#include <stdexcept>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

future<int> twice(loop&, future<int> comes) { co_return 2 * co_await comes; }

future<int> sleeper(loop& core, std::string& seen) {
  try {
    co_await with_config(core).sleep(1h);
  } catch (const cancelled_error&) {
    seen = "cancelled";
    throw;
  }
  co_return 0;
}

}  // namespace

void add_future_cases(case_list& all) {
  all.add("a future's callbacks run in a later turn and get the same value", [](bench& b) {
    std::vector<int> got;
    const auto comes = b.make<int>();
    for (int i = 0; i < 5; ++i) b.then(comes, [&, i](int value) { got.push_back(10 * i + value); });
    resolve(comes, 7);
    b.check(got.empty(), "no callback runs inside resolve()");
    b.until([&] { return got.size() == 5; }, "all callbacks run");
    b.equal(got, std::vector<int>{7, 17, 27, 37, 47}, "what they got, in the order they were added");
  });

  all.add("a callback that is added to a completed future runs in a later turn", [](bench& b) {
    const auto comes = b.make<int>();
    resolve(comes, 7);
    b.turns();
    int got = 0;
    b.then(comes, [&](int value) { got = value; });
    b.equal(got, 0, "what it got inside add_callbacks()");
    b.until([&] { return got == 7; }, "the callback runs");
  });

  all.add("callbacks run in turn with what else is queued", [](bench& b) {
    std::vector<int> order;
    const auto comes = b.make<void>();
    b.then(comes, [&] { order.push_back(1); });
    b.soon([&] { order.push_back(0); });
    resolve(comes);
    b.soon([&] { order.push_back(2); });
    b.until([&] { return order.size() == 3; }, "all run");
    b.equal(order, std::vector<int>{0, 1, 2}, "the order");
  });

  all.add("a failed future calls its errback, in a later turn", [](bench& b) {
    std::string message;
    const auto comes = b.make<int>();
    b.otherwise(comes, [&](const failure& why) { message = why.message(); });
    reject(comes, std::runtime_error("no luck"));
    b.equal(message, std::string(), "the message inside reject()");
    b.until([&] { return !message.empty(); }, "the errback runs");
    b.equal(message, std::string("no luck"), "the message");
  });

  all.add("a future that is completed twice throws invalid_state", [](bench& b) {
    const auto comes = b.make<int>();
    resolve(comes, 1);
    b.throws<invalid_state>([&] { resolve(comes, 2); }, "resolve() after resolve()");
    b.throws<invalid_state>([&] { reject(comes, std::runtime_error("late")); }, "reject() after resolve()");
    b.check(!cancel(comes), "cancel() says that it came too late");
    b.equal(comes.value(), 1, "the value");
  });

  all.add("a failure that nobody looked at goes to the exception handler", [](bench& b) {
    {
      const auto comes = b.make<int>();
      reject(comes, std::runtime_error("unseen"));
    }
    b.turns();
    b.equal(b.escaped().size(), std::size_t{1}, "failures given to the handler");
    b.equal(b.escaped().front().message(), std::string("unseen"), "the message");
    b.escaped().clear();
  });

  all.add("dropping the last handle of a pending future destroys its callbacks without calling them", [](bench& b) {
    tally count;
    b.then(b.make<void>(), counted(count));
    b.equal(count.destroyed, 1, "times destroyed");
    b.turns();
    b.equal(count.ran, 0, "times run");
  });

  all.add("a coroutine resumes in a turn, not inside resolve", [](bench& b) {
    const auto comes = b.make<int>();
    const auto doubled = twice(b.core(), comes);
    int got = 0;
    b.then(doubled, [&](int value) { got = value; });
    resolve(comes, 21);
    b.check(!is_called(doubled), "the coroutine waits for its turn");
    b.until([&] { return got != 0; }, "the coroutine returns");
    b.equal(got, 42, "the value");
  });

  all.add("cancelling a coroutine cancels what it awaits", [](bench& b) {
    bool asked = false;
    const auto comes = with_config(b.core()).create_future<int>([&] { asked = true; });
    const auto doubled = twice(b.core(), comes);
    bool cancelled = false;
    b.otherwise(doubled, [&](const failure& why) { cancelled = why.is<cancelled_error>(); });
    b.check(cancel(doubled), "there is something to cancel");
    b.check(asked && is_called(comes), "the awaited future is cancelled by its canceller");
    b.until([&] { return cancelled; }, "the errback sees cancelled_error");
  });

  all.add("a sleeping coroutine that is cancelled wakes and may clean up", [](bench& b) {
    std::string seen;
    bool cancelled = false;
    const auto sleeping = sleeper(b.core(), seen);
    b.otherwise(sleeping, [&](const failure& why) { cancelled = why.is<cancelled_error>(); });
    b.turns();
    b.check(cancel(sleeping), "there is something to cancel");
    b.until([&] { return cancelled; }, "the errback sees cancelled_error");
    b.equal(seen, std::string("cancelled"), "what the coroutine saw");
  });

  all.add("a sleep ends when its time has come, not before", [](bench& b) {
    const time_point until = b.core().now() + 5ms;
    const auto sleeping = with_config(b.core()).sleep(5ms);
    bool woke = false;
    b.then(sleeping, [&] {
      b.check(b.core().now() >= until, "the time has passed");
      woke = true;
    });
    b.until([&] { return woke; }, "the sleep ends");
  });

  all.add("gathered futures give their results in their order, failures in their places", [](bench& b) {
    std::vector<future<int>> parts;
    for (int i = 0; i < 3; ++i) parts.push_back(b.make<int>());
    const auto whole = with_config(b.core()).gather(parts);
    resolve(parts[2], 2);
    reject(parts[1], std::runtime_error("no luck"));
    b.turns();
    b.check(!is_called(whole), "it waits for all of them");
    resolve(parts[0], 0);
    bool complete = false;
    b.otherwise(whole, [&](const failure&) { b.check(false, "failures are in their places"); });
    add_callbacks(whole, [&](const auto&) { complete = true; });
    b.until([&] { return complete; }, "it is complete");
    const auto& results = whole.value();
    b.check(results[0].value() == 0 && results[2].value() == 2, "values are in their places");
    b.check(!results[1].has_value(), "the failure is in its place");
  });
}

}  // namespace interloop::testing::conformance
