// SPDX-License-Identifier: MIT
// A program that hangs in a known way: hanging LOOP SCENARIO. It says "ready" when it hangs, and ends when its input does.
#include <interloop/channel.hpp>
#include <interloop/interloop.hpp>
#include <interloop/task_group.hpp>

#include "support/loops.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

future<int> fetch_page(loop&, future<int> reply) { co_return co_await std::move(reply); }
future<int> fetch_all(loop& core, future<int> reply) {
  const auto one = fetch_page(core, reply);
  const auto two = fetch_page(core, reply);
  const auto both = co_await api(core).gather(one, two);
  co_return 2;
}
future<void> work_through(loop&, channel<int>& jobs) {
  for (;;) {
    const auto job = co_await jobs.next();
    if (!job) break;
  }
}

struct hang {
  explicit hang(loop& core)
      : io(core),
        reply(io.create_future<int>()),
        jobs(core, 4),
        all(fetch_all(core, reply)),
        worker(work_through(core, jobs)),
        retry(core.call_later(1h, [] { std::puts("again"); })),
        open(core.hold()) {}

  api io;
  future<int> reply;
  channel<int> jobs;
  future<int> all;
  future<void> worker;
  timer retry;
  loop_hold open;
};

void wait_for_the_end_of_input() {
  char byte;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

[[noreturn]] void ready_then_end() {
  std::puts("ready");
  std::fflush(stdout);
  wait_for_the_end_of_input();
  std::_Exit(0);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string kind = count > 1 ? arguments[1] : "manual";
  const std::string scenario = count > 2 ? arguments[2] : "between";
  if (scenario == "main_ended") {  // only another thread is left
    std::thread([kind] {
      const auto native = test::make_loop(kind);
      const hang it(native->core());
      while (std::ifstream("/proc/self/maps").peek() != std::ifstream::traits_type::eof())
        std::this_thread::sleep_for(1ms);
      ready_then_end();
    }).detach();
    ::pthread_exit(nullptr);
  }
  const auto native = test::make_loop(kind);
  loop& core = native->core();
  const hang it(core);
  int turns = 0;
  test::run_until(core, [&] { return ++turns > 3; });

  if (scenario == "between") ready_then_end();  // the loop is left alone
  if (scenario == "in_turn") {                  // a callback holds it
    core.call_soon([&core] {
      core.call_soon([] { std::puts("soon"); });
      core.remote().post([] { std::puts("posted"); });
      core.call_soon(std::puts, "with an argument");
      const auto answer = create_future<int>();
      add_callbacks(answer, [](int) {});
      resolve(answer, 1);
      ready_then_end();
    });
    test::run_until(core, [] { return false; });
  }
  if (scenario == "posts") {  // eight threads post, and it runs all that; they wait where it cannot keep up
    static std::atomic<int> ahead{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([remote = core.remote()] {
        for (;;) {
          ++ahead;
          remote.post([] {
            --ahead;
            const auto soon = create_future<int>();
            add_callbacks(soon, [](int) {});
            resolve(soon, 1);
          });
          do {
            std::this_thread::sleep_for(10us);
          } while (ahead > 1'000);
        }
      });
    std::thread([] { ready_then_end(); }).detach();
    test::run_until(core, [] { return false; });
  }
  if (scenario == "threads") {  // another loop in another thread
    std::thread([&] {
      const auto other = test::make_loop(kind);
      const hang also(other->core());
      ready_then_end();
    }).join();
  }
  if (scenario == "many") {
    std::vector<future<int>> all;
    for (int i = 0; i < 100'000; ++i) all.push_back(it.io.create_future<int>());
    ready_then_end();
  }
  std::fprintf(stderr, "no such scenario: %s\n", scenario.c_str());
  return 2;
}
