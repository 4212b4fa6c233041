// SPDX-License-Identifier: MIT
// Coroutines that wait for each other: channels, locks, semaphores, events, conditions, generators.
#include <cstddef>
#include <cstdio>
#include <interloop/async_generator.hpp>
#include <interloop/channel.hpp>
#include <interloop/condition.hpp>
#include <interloop/event.hpp>
#include <interloop/interloop.hpp>
#include <interloop/mutex.hpp>
#include <interloop/semaphore.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

// [channel]
interloop::future<void> crawl(interloop::api, interloop::channel<std::string>& pages) {
  for (const char* each : {"index.html", "about.html", "contact.html"}) co_await pages.send(each);
  pages.close();
}

interloop::future<void> index(interloop::api async, interloop::channel<std::string>& pages) {
  while (const std::optional<std::string> page = co_await pages.next()) {
    co_await async.sleep(10ms);
    std::printf("indexed %s\n", page->c_str());
  }
}
// [/channel]

void channels(interloop::testing::manual_loop& loop) {
  const interloop::api async = interloop::with_config();
  interloop::channel<std::string> pages(async, 1);
  const auto sent = crawl(async, pages);
  const auto done = index(async, pages);
  loop.advance(1s);
  std::printf("done: %d\n", interloop::is_called(done));
}

void remote(interloop::testing::manual_loop& loop) {
  const interloop::api async = interloop::with_config();
  // [remote]
  interloop::channel<int> samples(async, 100);
  std::thread sensor([to = samples.remote()] {
    if (!to.try_send(21)) std::puts("the loop is too slow; this sample is lost");
    to.close();
  });
  // [/remote]
  sensor.join();
  loop.run_ready();
  std::printf("sample: %d\n", samples.try_next().value_or(0));
}

// [mutex]
interloop::future<void> transfer(interloop::api async, interloop::mutex& connection, std::string what) {
  const interloop::mutex::scoped_lock lock = co_await connection.lock();
  std::printf("begin %s\n", what.c_str());
  co_await async.sleep(10ms);  // nobody else uses the connection meanwhile
  std::printf("end %s\n", what.c_str());
}
// [/mutex]

// [semaphore]
interloop::future<void> download(interloop::api async, interloop::semaphore& two_at_once, int number) {
  const interloop::permit permit = co_await two_at_once.acquire();
  co_await async.sleep(10ms);
  std::printf("downloaded %d\n", number);
}
// [/semaphore]

// [condition]
struct pool {
  explicit pool(interloop::loop& core) : access(core), changed(core) {}
  interloop::mutex access;
  interloop::condition changed;
  int connections = 0;
};

interloop::future<void> take_two(interloop::api, pool& from) {
  interloop::mutex::scoped_lock lock = co_await from.access.lock();
  while (from.connections < 2) co_await from.changed.wait(lock);
  from.connections -= 2;
  std::puts("took two");
}
// [/condition]

// [generator]
interloop::async_generator<int> ticks(interloop::api async) {
  for (int i = 1;; ++i) {
    co_await async.sleep(1s);
    co_yield i;
  }
}

interloop::future<void> countdown(interloop::api async) {
  auto all = ticks(async);
  while (const std::optional<int> tick = co_await all.next()) {
    std::printf("tick %d\n", *tick);
    if (*tick == 3) break;  // `all` is destroyed, and with it the body's variables
  }
}
// [/generator]

void locks(interloop::testing::manual_loop& loop) {
  const interloop::api async = interloop::with_config();
  interloop::mutex connection(async);
  const auto a = transfer(async, connection, "a");
  const auto b = transfer(async, connection, "b");
  loop.advance(1s);

  interloop::semaphore two_at_once(async, 2);
  std::vector<interloop::future<void>> all;
  for (int i = 1; i <= 3; ++i) all.push_back(download(async, two_at_once, i));
  std::printf("%zu waits\n", two_at_once.waiting());
  loop.advance(1s);

  pool connections(async);
  const auto taken = take_two(async, connections);
  connections.connections = 2;
  connections.changed.notify_one();
  loop.run_ready();
}

void callbacks(interloop::testing::manual_loop& loop) {
  const interloop::api async = interloop::with_config();
  // [callbacks]
  interloop::event ready(async);
  interloop::add_callbacks(ready.wait().as_future(), [] { std::puts("it is ready"); });
  ready.set();
  // [/callbacks]
  loop.run_ready();
}

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);

  channels(loop);
  remote(loop);
  locks(loop);
  const auto counted = countdown(interloop::with_config());
  loop.advance(5s);
  callbacks(loop);
}
