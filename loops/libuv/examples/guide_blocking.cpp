// SPDX-License-Identifier: MIT
// Asynchronous code in a program that has threads and no loop.
#include <cstdio>
#include <interloop/adapters/libuv.hpp>
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>
#include <string>

#include "retry.hpp"

namespace {

using namespace std::chrono_literals;

interloop::future<std::string> fetch_patiently() { return retry(interloop::with_config(), 5, fetch); }

}  // namespace

int main() {
  // [wait_for]
  interloop::setup<interloop::libuv_loop>();  // a loop in a thread of its own; joined when the process exits

  const auto fetch_now = interloop::wait_for(5s, fetch_patiently);
  std::puts(fetch_now().c_str());  // blocks this thread, not the loop
  // [/wait_for]

  // [eventual]
  const auto start_sleep = interloop::run_in_reactor([](interloop::duration span) { return interloop::sleep(span); });
  interloop::eventual_result<void> nap = start_sleep(1h);  // returns at once
  try {
    nap.wait(1ms);
  } catch (const interloop::timeout_error& late) {
    std::puts("not yet");  // it continues: wait again, or
    nap.cancel();
  }
  try {
    nap.wait();
  } catch (const interloop::operation_cancelled&) {
    std::puts("cancelled");
  }
  // [/eventual]
}
