// SPDX-License-Identifier: MIT
#include "workload.hpp"

#include <vector>

namespace demo {
namespace {

/// One command in flight at a time: SET an item, GET it, compare, continue with the next.
interloop::future<void> lane(interloop::api, redis::client& client, measurement& measured) {
  item mine;
  while (measured.next(mine)) {
    try {
      auto sent = measurement::clock::now();
      const redis::reply stored = co_await client.command("SET", mine.key(), mine.value());
      measured.done(sent, stored.text() == "OK");

      sent = measurement::clock::now();
      const redis::reply got = co_await client.command("GET", mine.key());
      measured.done(sent, got.type() == redis::reply::kind::string && got.text() == mine.value());
    } catch (const interloop::error& why) {
      measured.failed(why.what());
    }
  }
}

}  // namespace

interloop::future<void> run_coroutines(interloop::api loop, redis::client& client, measurement& measured,
                                       std::uint64_t window) {
  std::vector<interloop::future<void>> lanes;
  for (std::uint64_t i = 0; i < window; ++i) lanes.push_back(lane(loop, client, measured));
  for (auto& each : lanes) co_await each;
}

}  // namespace demo
