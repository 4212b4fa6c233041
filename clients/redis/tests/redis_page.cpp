// SPDX-License-Identifier: MIT
#include "redis_page.hpp"

#include <chrono>

namespace page {

namespace redis = interloop::redis;
using namespace std::chrono_literals;

// [visit]
interloop::future<long long> count_visit(interloop::api io, int port) {
  redis::client client(io, {.timeout = 2s, .reconnect = redis::reconnect_options()});
  co_await client.connect("127.0.0.1", port);
  const auto visits = client.command("INCR", "visits");
  const auto name = client.command("GET", "name");  // both are on their way now
  if (const auto text = (co_await name).as<std::optional<std::string>>()) co_await io.sleep(1ms);
  co_return (co_await visits).as<long long>();
}
// [/visit]

// [transaction]
interloop::future<bool> sell(interloop::api, redis::client& client) {
  redis::transaction sale;
  const auto left = sale.command<long long>("DECR", "stock");
  const auto sold = sale.command<long long>("INCR", "sold");
  const redis::transaction_outcome outcome = co_await client.exec(sale);
  co_return outcome[left] + outcome[sold] == 10;
}

interloop::future<bool> double_it(interloop::api, redis::client& client) {  // a client that nobody else uses
  for (int attempt = 0; attempt < 10; ++attempt) {
    static_cast<void>(co_await client.command("WATCH", "number"));
    const auto number = (co_await client.command("GET", "number")).as<long long>();
    redis::transaction change;
    change.command("SET", "number", number * 2);
    if ((co_await client.exec(change)).committed()) co_return true;  // otherwise somebody has changed it
  }
  co_return false;
}
// [/transaction]

// [listen]
interloop::future<std::vector<std::string>> listen(interloop::api io, int port) {
  redis::subscriber news(io, {.reconnect = redis::reconnect_options()});
  co_await news.connect("127.0.0.1", port);
  co_await news.subscribe("weather", "sports");
  std::vector<std::string> heard;
  while (const auto got = co_await news.next()) {
    if (got->after_loss) heard.push_back("something may be missing here");
    heard.push_back(got->channel + ": " + got->payload);
    if (got->payload == "the end") news.close();
  }
  co_return heard;
}
// [/listen]

// [threads]
// For ordinary threads. The client is made, used and destroyed in the thread of the loop.
counter::counter(const interloop::loop_thread& io, int port) : io_(io) {
  interloop::wait_for(io_, 5s, [this, port] {
    client_.emplace(interloop::api(interloop::current_loop()));
    return client_->connect("127.0.0.1", port);
  })();
}

counter::~counter() {
  interloop::wait_for(io_, 5s, [this] { client_.reset(); })();
}

long long counter::next() {
  const auto increase = [this] { return client_->command("INCR", "threads"); };
  return interloop::wait_for(io_, 5s, increase)().as<long long>();
}
// [/threads]

}  // namespace page
