// SPDX-License-Identifier: MIT
// The examples in docs/blocking.md of an application that runs its own loop, and of loop_thread objects.
#include <interloop/adapters/libuv.hpp>
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include <uv.h>

#include <cstdio>
#include <thread>

using namespace std::chrono_literals;

namespace library {
// Calls setup for programs that have no loop. After no_setup, it does nothing.
const auto answer = interloop::wait_for(5s, [] { return 42; });
void initialize() { interloop::setup<interloop::libuv_loop>(); }
}  // namespace library

int main() {
  // [no_setup]
  uv_loop_t* native = uv_default_loop();
  interloop::libuv_loop loop(native);
  interloop::no_setup(loop);  // before anything that may call setup
  library::initialize();

  interloop::loop_hold running = loop->hold();  // a libuv loop ends when it is idle
  std::thread worker([&running, to_loop = loop->remote()] {
    std::printf("%d\n", library::answer());  // ran in the application's loop
    to_loop.post([&running] { running.release(); });
  });
  uv_run(native, UV_RUN_DEFAULT);
  worker.join();
  // [/no_setup]

  // [threads]
  interloop::loop_thread first([] { return interloop::libuv_loop(); });
  interloop::loop_thread second([] { return interloop::libuv_loop(); });
  const auto there = [] { return std::this_thread::get_id(); };
  const bool apart = interloop::wait_for(first, 5s, there)() != interloop::wait_for(second, 5s, there)();
  std::printf("two loops, two threads: %s\n", apart ? "yes" : "no");

  const auto slow = interloop::run_in_reactor(first, [] { return interloop::sleep(1h); })();
  first.stop();
  try {
    slow.wait();
  } catch (const interloop::reactor_stopped& error) {
    std::printf("reactor_stopped: %s\n", error.what());
  }
  // [/threads]

  loop->close();
  uv_run(native, UV_RUN_DEFAULT);  // lets libuv close its handles
}
