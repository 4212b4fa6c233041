// SPDX-License-Identifier: MIT
// Coroutines: starting, awaiting, cancelling, and lambdas with captures.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <string>

namespace {

using namespace std::chrono_literals;

// [start]
interloop::future<std::string> name_of(int id) {
  co_await interloop::sleep(20ms);
  co_return "user " + std::to_string(id);
}

interloop::future<void> greet(int id) {
  std::puts("greet has started");
  const std::string name = co_await name_of(id);
  std::printf("hello, %s\n", name.c_str());
}
// [/start]

// [cancel]
interloop::future<void> poll_for_ever(interloop::api async) {
  try {
    for (;;) {
      co_await async.sleep(1s);
      std::puts("still there");
    }
  } catch (const interloop::cancelled_error& stop) {
    std::printf("cleaning up: %s\n", stop.what());
    throw;
  }
}
// [/cancel]

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);

  // [call]
  auto greeting = greet(7);
  std::puts("greet has returned its future");
  // [/call]
  loop.advance(20ms);
  std::printf("finished: %d\n", interloop::is_called(greeting));

  // [stop]
  auto polling = poll_for_ever(interloop::with_config());
  // [/stop]
  loop.advance(2500ms);
  // [stop_it]
  interloop::cancel(polling, "the window was closed");
  // [/stop_it]
  loop.run_ready();

  // [lambda]
  interloop::call_soon([name = std::string("Grace")]() -> interloop::future<void> {
    co_await interloop::sleep(10ms);
    std::printf("hello, %s\n", name.c_str());  // a capture: the lambda is kept
  });
  // [/lambda]
  loop.run_ready();
  loop.advance(10ms);
}
