// SPDX-License-Identifier: MIT
// For gdb_test.py: objects to print, and coroutines that wait.
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

future<int> inner(loop&, future<int> what) { co_return co_await std::move(what); }
future<int> outer(loop& core, future<int> what) { co_return co_await inner(core, std::move(what)); }

void call_me() {}

[[gnu::noinline]] void stop_here() { asm volatile(""); }

}  // namespace

int main() {
  testing::manual_loop native;
  const api io(native);
  const future<int> pending = io.create_future<int>();
  const future<int> resolved = io.create_future<int>(1);
  const future<int> waiting = outer(native, pending);
  const failure why = create_failure(std::runtime_error("lost"));
  const timer later = io.call_later(3s, [] {});
  const timer full = io.call_later(4s, [large = std::array<char, 24>{}] { static_cast<void>(large); });
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  fd_watch watch = io.watch(ends[0], interest::read, [](interest) {});
  loop_hold hold = io.hold();
  const future<int> done = io.create_future<int>();
  add_callbacks(done, [](int) {});
  resolve(done, 1);
  io.call_soon([] {});
  io.call_soon([](int) {}, 1);
  io.remote().post(&call_me);
  function<void()> calls = &call_me;
  function<void()> empty;
  stop_here();
  calls();
  resolve(pending, 1);
  native.run_ready();
  return is_called(waiting) && is_called(resolved) && !empty && later.active() ? 0 : 1;
}
