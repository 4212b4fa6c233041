// SPDX-License-Identifier: MIT
// Throws deep inside a coroutine, and checks that the traceback says where. With the argument `stripped`, in a binary
// that knows only the addresses.

#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <stdexcept>
#include <string>

namespace {

volatile bool always = true;
constexpr int line_of_throw = __LINE__ + 2;
[[gnu::noinline]] int deep(int depth) {
  if (depth == 0 && always) throw std::runtime_error("thrown");
  return depth == 0 ? 0 : deep(depth - 1) + 1;
}

interloop::future<int> works() {
  co_await interloop::sleep(std::chrono::seconds(1));
  co_return deep(3);
}

}  // namespace

int main(int count, char**) {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);
  const interloop::future<int> result = works();
  loop.advance(std::chrono::seconds(1));
  const std::string text = interloop::failure_format_traceback(*result.get_failure());
  const bool stripped = count > 1;
  const std::string place = stripped ? "consumer+0x" : "main.cpp:" + std::to_string(line_of_throw) + " in deep(int)\n";
  const auto thrown = text.find("\n  thrown at ");
  if (thrown != std::string::npos && text.find(place) < text.find("caught at")) {
    std::puts("ok");
  } else {
    std::printf("no '%s' in:\n%s\n", place.c_str(), text.c_str());
  }
}
