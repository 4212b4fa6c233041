// SPDX-License-Identifier: MIT
// Timers, a watched descriptor, another thread and a coroutine on the loop of adapter_poll.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <interloop/adapters/poll.hpp>
#include <interloop/interloop.hpp>
#include <thread>

namespace {

using namespace std::chrono_literals;

interloop::future<int> count(interloop::api async, int upto) {
  for (int i = 0; i < upto; ++i) co_await async.sleep(1ms);
  co_return upto;
}

}  // namespace

int main() {
  // [use]
  interloop::poll_loop loop;
  interloop::config().loop = &*loop;  // or interloop::with_config(loop)
  // [/use]

  const interloop::time_point now = loop->now();
  loop->call_at(now + 20ms, [] { std::puts("timer: second"); });
  loop->call_at(now + 10ms, [] { std::puts("timer: first"); });
  interloop::call_soon([] { std::puts("soon"); });
  loop->run();

  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return 1;
  interloop::fd_watch watch = interloop::watch(ends[0], interloop::interest::read, [&](interloop::interest) {
    char letter = 0;
    if (::read(ends[0], &letter, 1) == 1) {
      std::printf("watch: %c\n", letter);
    } else {
      std::puts("watch: closed");
      watch.stop();
    }
  });
  interloop::call_later(1ms, [&] {
    if (::write(ends[1], "ab", 2) == 2) ::close(ends[1]);
  });
  loop->run();
  ::close(ends[0]);

  interloop::loop_hold hold = interloop::hold();
  std::thread thread([&, remote = loop->remote()] {
    for (int i = 1; i <= 3; ++i) remote.post([i] { std::printf("post: %d\n", i); });
    remote.post([&] { hold.release(); });
  });
  loop->run();
  thread.join();

  auto counted = count(interloop::with_config(), 3);
  loop->run();
  std::printf("coroutine: %d\n", counted.value());

  interloop::close();
  std::printf("closed: %d\n", loop->closed());
  interloop::config().loop = nullptr;
}
