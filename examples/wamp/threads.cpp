// SPDX-License-Identifier: MIT
// Calls through a WAMP router from ordinary threads: threads_<loop> [URL]. Without a URL it starts a router of its own.
#include "blocking_program.hpp"

#include "clients/support/wamp_router.hpp"

#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>
#include <interloop/wamp.hpp>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace wamp = interloop::wamp;

// [functions]
wamp::session session;  // used in the loop's thread only

const auto open_session = interloop::wait_for(5s, [](std::string url) -> interloop::future<void> {
  session = co_await wamp::join(interloop::with_config(), url, "open");
  co_await session.register_("demo.double", [](int n) { return 2 * n; });
});
const auto twice = interloop::wait_for(5s, [](int n) { return session.call<int>("demo.double", n); });
const auto close_session = interloop::wait_for(5s, [] { return std::exchange(session, {}).leave(); });
// [/functions]

}  // namespace

int example::blocking_program(int count, char** arguments) {
  if (count < 2 && !test_servers::wamp_router::available()) {
    std::puts("skipped: Crossbar is not installed (make setup)");
    return 77;
  }
  open_session(count < 2 ? test_servers::wamp_router::shared().url("unix") : std::string(arguments[1]));
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&right] {
      for (int n = 0; n < 25; ++n) right += twice(n) == 2 * n;
    });
  for (std::thread& each : threads) each.join();
  std::printf("8 threads, 25 calls each: %d right\n", right.load());
  close_session();
  return 0;
}
