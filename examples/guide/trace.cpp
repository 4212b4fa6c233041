// SPDX-License-Identifier: MIT
// A trace of two coroutines, callbacks and a thread that posts. Usage: trace [FILE], by default in the temporary folder.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <interloop/channel.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <interloop/trace.hpp>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

interloop::future<void> produce(interloop::api async, interloop::channel<int>& numbers) {
  for (int i = 0; i < 3; ++i) {
    co_await async.sleep(1ms);
    co_await numbers.send(i);
  }
  numbers.close();
}

interloop::future<int> consume(interloop::api, interloop::channel<int>& numbers) {
  int sum = 0;
  while (const std::optional<int> next = co_await numbers.next()) sum += *next;
  co_return sum;
}

void run(interloop::testing::manual_loop& loop) {
  const interloop::api async = interloop::with_config();
  interloop::channel<int> numbers(async, 1);
  const auto sent = produce(async, numbers);
  const auto sum = consume(async, numbers);
  interloop::add_callbacks(sum, [](int all) { std::printf("the sum is %d\n", all); });
  std::thread([remote = loop->remote()] { remote.post([] { std::printf("posted\n"); }); }).join();
  loop.advance(10ms);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string file =
      count > 1 ? arguments[1] : (std::filesystem::temp_directory_path() / "interloop_trace_example.json").string();
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(*loop);
  // [trace]
  interloop::start_trace(*loop, file);
  run(loop);
  const interloop::trace_result result = interloop::stop_trace(*loop);
  std::printf("%llu events lost%s\n", static_cast<unsigned long long>(result.lost), result.error.c_str());
  // [/trace]
}
