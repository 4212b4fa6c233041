// SPDX-License-Identifier: MIT
// Limits, races, groups, shields: operations that end together.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/stop_token.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

/// A server that answers after `delay`, or fails if `delay` is negative.
interloop::future<std::string> fetch(std::string server, interloop::duration delay) {
  if (delay < 0s) throw std::runtime_error(server + " is down");
  try {
    co_await interloop::sleep(delay);
  } catch (const interloop::cancelled_error& why) {
    std::printf("  %s: %s\n", server.c_str(), why.what());
    throw;
  }
  co_return "the answer of " + server;
}

// [timeout]
interloop::future<void> ask_patiently() {
  try {
    std::puts((co_await interloop::with_timeout(2s, fetch("a quick server", 1s))).c_str());
    std::puts((co_await interloop::with_timeout(2s, fetch("a slow server", 1h))).c_str());
  } catch (const interloop::timeout_error& late) {
    std::puts("too late");  // late.what() says the limit, and which line has set it
  }
}
// [/timeout]

// [deadline]
interloop::future<void> ask_both(interloop::api async) {
  const interloop::time_point end = async.now() + 3s;  // for both together
  co_await interloop::with_deadline(end, fetch("one", 2s));
  try {
    co_await interloop::with_deadline(end, fetch("another", 2s));
  } catch (const interloop::timeout_error&) {
    std::puts("the second was too late");
  }
}
// [/deadline]

// [first]
interloop::future<void> ask_any() {
  std::vector<interloop::future<std::string>> mirrors;
  for (const auto delay : {3s, 1s, -1s}) mirrors.push_back(fetch("mirror " + std::to_string(mirrors.size()), delay));
  const auto winner = interloop::first_of(interloop::race::to_succeed, mirrors);
  const auto& [index, text] = co_await winner;
  std::printf("%zu: %s\n", index, text.c_str());
}
// [/first]

// [variant]
interloop::future<void> answer_or_tick() {
  const auto first = co_await interloop::first_of(fetch("a server", 5s), interloop::sleep(1s));
  if (first.index() == 1) std::puts("a second has passed");
}
// [/variant]

// [group]
interloop::future<void> download_all(interloop::api async) {
  interloop::task_group group(async, 2);  // two at a time
  for (int page = 1; page <= 3; ++page)
    group.spawn([page]() -> interloop::future<void> {
      std::puts((co_await fetch("page " + std::to_string(page), page * 1s)).c_str());
    });
  co_await group.join();
}
// [/group]

// [with]
interloop::future<void> serve(interloop::api async) {
  co_await interloop::with_task_group(async, [](interloop::task_group& group) -> interloop::future<void> {
    group.spawn([]() -> interloop::future<void> { co_await fetch("the log", 1h); });
    group.spawn([]() -> interloop::future<void> { co_await fetch("the database", -1s); });
    co_await fetch("the clients", 1h);
  });
}
// [/with]

// [shield]
interloop::future<void> save(interloop::future<void> writing) {
  co_await interloop::shield(writing);  // cancelling `save` does not stop the writing
}
// [/shield]

// [yield]
interloop::future<long> sum_up(interloop::api async, const std::vector<long>& numbers) {
  long sum = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    sum += numbers[i];
    if (i % 1000 == 999) co_await async.yield();  // the loop's other work is not kept waiting
  }
  co_return sum;
}
// [/yield]

void stop_tokens(interloop::testing::manual_loop& loop) {
  // [stop]
  std::stop_source window;
  const auto request = fetch("a server", 1h);
  interloop::cancel_on_stop(request, window.get_token());
  std::jthread stopper([&window] { window.request_stop(); });  // any thread may
  // [/stop]
  stopper.join();
  loop.run_ready();

  // [token]
  const auto result = interloop::create_future<int>();
  const std::stop_token unwanted = interloop::stop_token_of(result);
  std::jthread worker([unwanted] {
    while (!unwanted.stop_requested()) std::this_thread::yield();  // compute a little more
  });
  interloop::cancel(result);
  // [/token]
  loop.run_ready();
  worker.join();
  std::puts("the worker has ended");
}

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);
  const interloop::api async(loop);

  ask_patiently();
  loop->run();
  std::puts("-- deadline");
  ask_both(async);
  loop->run();
  std::puts("-- first");
  ask_any();
  loop->run();
  answer_or_tick();
  loop->run();
  std::puts("-- group");
  download_all(async);
  loop->run();
  const auto served = serve(async);
  loop->run();
  std::puts(interloop::failure_message(*served.get_failure()).c_str());
  std::puts("-- shield");
  const auto writing = interloop::create_future<void>();
  const auto saving = save(writing);
  interloop::cancel(saving);
  loop.run_ready();
  std::printf("saving: %s; writing goes on: %d\n", saving.get_failure()->message().c_str(),
              !interloop::is_called(writing));
  const std::vector<long> numbers(5000, 2);
  const auto sum = sum_up(async, numbers);
  loop.run_ready();
  std::printf("%d, %ld\n", interloop::is_called(sum), interloop::is_called(sum) ? sum.value() : 0);
  std::puts("-- stop");
  stop_tokens(loop);
}
