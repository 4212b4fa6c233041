// SPDX-License-Identifier: MIT
// A callback that holds its loop: what says so afterwards, what says so while it lasts, and what counts.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/slow_callback.hpp>
#include <interloop/statistics.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <thread>

namespace {

using namespace std::chrono_literals;

std::atomic<bool> seen{false};

// [callback]
struct write_report {
  void operator()() const {
    // Formats a large report, say, on the loop's thread.
    const auto end = std::chrono::steady_clock::now() + 60ms;
    while (std::chrono::steady_clock::now() < end || !seen) std::this_thread::sleep_for(1ms);
  }
};
// [/callback]

void run(interloop::testing::manual_loop& loop) {
  // [afterwards]
  interloop::set_slow_callback(*loop, 50ms, [](const interloop::slow_callback& slow) {
    std::printf("slow: %s, for 50 ms or more: %s\n", slow.what.c_str(), slow.held >= 50ms ? "yes" : "no");
  });
  // [/afterwards]

  // [watchdog]
  const interloop::watchdog dog(*loop, 20ms, [](const interloop::stuck_callback& stuck) {
    std::printf("now: %s holds the loop %s\n", stuck.what.c_str(), stuck.loop.c_str());
    for (const std::string& each : stuck.stack) std::printf("  %s\n", each.c_str());
    seen = true;
  });
  // [/watchdog]

  loop->call_soon(write_report());
  loop.run_ready();

  // [statistics]
  const interloop::loop_statistics counted = interloop::statistics(*loop);
  std::printf("%s: %llu callbacks, %llu timers\n", std::string(counted.loop).c_str(),
              static_cast<unsigned long long>(counted.callbacks), static_cast<unsigned long long>(counted.timers));
  // [/statistics]
}

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  run(loop);
}
