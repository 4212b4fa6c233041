// SPDX-License-Identifier: MIT
// The examples of run_in_reactor, wait_for and eventual_result in docs/blocking.md.
#include <interloop/adapters/libuv.hpp>
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

// [async]
// Asynchronous code, on any loop.
interloop::future<int> slow_sum(int a, int b) {
  co_await interloop::sleep(100ms);
  if (a > 1000) throw std::range_error("too much");
  co_return a + b;
}
// [/async]

// [wait_for]
// A blocking function. It has the parameters of slow_sum, and returns an int.
const auto sum = interloop::wait_for(5s, &slow_sum);
// [/wait_for]

// [run_in_reactor]
// The same without blocking: returns an eventual_result<int> at once.
const auto start_sum = interloop::run_in_reactor(&slow_sum);
// [/run_in_reactor]

int main() {
  // [setup]
  interloop::setup<interloop::libuv_loop>();  // once; libraries may do it too, the first call wins
  // [/setup]

  // [call]
  std::printf("%d\n", sum(1, 2));
  try {
    sum(2000, 1);
  } catch (const std::range_error& error) {
    std::printf("%s\n", error.what());
  }
  // [/call]

  // [eventual]
  const interloop::eventual_result<int> result = start_sum(3, 4);
  try {
    result.wait(1us);
  } catch (const interloop::timeout_error&) {
    std::printf("not yet\n");  // it continues: wait again, or result.cancel()
  }
  std::printf("%d\n", result.wait(5s));
  std::printf("%d\n", result.wait(5s));  // the same again, in any thread
  // [/eventual]

  // [failure]
  const auto failed = start_sum(2000, 1);
  try {
    failed.wait(5s);
  } catch (const std::exception&) {
    std::printf("%s\n", failure_message(*failed.original_failure()).c_str());  // failure_format_traceback: all of it
  }
  // [/failure]

  // [stash]
  const std::uint64_t uid = start_sum(5, 6).stash();  // a number, to keep in a session or pass on
  std::printf("%d\n", interloop::retrieve_result<int>(uid).wait(5s));
  // [/stash]

  // [own_thread]
  // In the loop's own thread a blocking call would deadlock, so it throws.
  try {
    interloop::wait_for(5s, [] { return sum(1, 2); })();
  } catch (const interloop::usage_error& error) {
    std::printf("usage_error: %s\n", error.what());
  }
  // [/own_thread]
}
