// SPDX-License-Identifier: MIT
// Several futures at once, sleeping, timers, and a time limit.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

interloop::future<int> size_of(std::string page) {
  co_await interloop::sleep(10ms);
  if (page.empty()) throw std::invalid_argument("an empty address");
  co_return static_cast<int>(page.size());
}

// [gather]
interloop::future<void> sizes(std::vector<std::string> pages) {
  std::vector<interloop::future<int>> asked;
  for (const std::string& page : pages) asked.push_back(size_of(page));

  for (const interloop::result<int>& each : co_await interloop::gather(asked)) {
    if (each) {
      std::printf("%d\n", each.value());
    } else {
      std::puts(interloop::failure_message(each.error()).c_str());
    }
  }
}
// [/gather]

// [gather_types]
interloop::future<void> both() {
  auto number = size_of("index.html");
  auto pause = interloop::sleep(1ms);
  const auto [size, slept] = co_await interloop::gather(number, pause);
  std::printf("%d %d\n", size.value(), slept.has_value());
}
// [/gather_types]

// [gather_first]
interloop::future<void> all_or_nothing() {
  try {
    co_await interloop::gather(interloop::consume_exceptions::no, size_of("a"), size_of(""));
  } catch (const std::invalid_argument& error) {
    std::printf("one failed: %s\n", error.what());
  }
}
// [/gather_first]

void timers(interloop::testing::manual_loop& loop) {
  // [timers]
  interloop::call_soon([] { std::puts("in the next turn"); });
  interloop::call_later(20ms, [](int a, int b) { std::printf("%d after 20 ms\n", a + b); }, 1, 2);
  const auto noon = interloop::now() + 10ms;
  interloop::call_at(noon, [] { std::puts("at a point of the loop's clock"); });

  interloop::timer unwanted = interloop::call_later(15ms, [] { std::puts("never"); });
  std::printf("active: %d\n", unwanted.active());
  std::printf("cancel: %d\n", unwanted.cancel());
  std::printf("again: %d\n", unwanted.cancel());
  // [/timers]
  loop.advance(20ms);
}

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);

  auto a = sizes({"index.html", "", "about.html"});
  loop.advance(10ms);
  auto b = both();
  loop.advance(10ms);
  auto c = all_or_nothing();
  loop.advance(10ms);

  timers(loop);
}
