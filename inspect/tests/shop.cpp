// SPDX-License-Identifier: MIT
// The program of docs/looking-inside.md, which hangs.
#include <interloop/channel.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

using namespace interloop;
using namespace std::chrono_literals;

// [shop]
future<int> price_of(loop&, std::string item, channel<int>& prices) {
  std::printf("asking for the price of %s\n", item.c_str());
  const auto price = co_await prices.next();
  co_return price.value_or(0);
}

future<int> total(loop& core, channel<int>& prices) {
  const auto tea = price_of(core, "tea", prices);
  const auto milk = price_of(core, "milk", prices);
  const auto both = co_await api(core).gather(consume_exceptions::no, tea, milk);
  co_return std::get<0>(both).value() + std::get<1>(both).value();
}

future<void> serve(loop& core, channel<int>& prices) { std::printf("%d cents\n", co_await total(core, prices)); }
// [/shop]

int main() {
  testing::manual_loop native;
  channel<int> prices(native, 8);
  const future<void> serving = serve(native, prices);
  const timer restock = native->call_later(1h, [] { std::puts("tea is on its way"); });
  if (!prices.try_send(250)) return 1;  // nobody sends the price of milk
  native.run_ready();
  std::puts("ready");
  std::fflush(stdout);
  char byte;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {  // a program would run its native loop here
  }
}
