// SPDX-License-Identifier: MIT
#include "wamp_page.hpp"

#include <chrono>

namespace page {

namespace wamp = interloop::wamp;
using namespace std::chrono_literals;

// [shop]
interloop::future<std::vector<std::string>> shop(interloop::api io, std::string url) {
  std::vector<std::string> heard;
  wamp::session session = co_await wamp::join(io, url, "open");

  int pens = 10;
  const auto sell = [&pens](const std::string& what, int count) {
    if (what != "pens" || count > pens) throw wamp::application_error("com.shop.error.sold_out", "no more " + what);
    return pens -= count;
  };
  co_await session.register_("com.shop.sell", sell);
  const auto note = [&heard](const std::string& text) { heard.push_back(text); };
  co_await session.subscribe("com.shop.news", note);

  const int left = co_await session.call<int>("com.shop.sell", "pens", 3);
  heard.push_back(std::to_string(left) + " left");
  try {
    co_await session.call<int>("com.shop.sell", "ink", 1);
  } catch (const wamp::application_error& refused) {
    heard.push_back(refused.uri() + ": " + refused.args().at(0).text());
  }
  const auto to_all = wamp::publish_options().exclude_me(false);
  session.publish(to_all, "com.shop.news", "closing");
  while (heard.size() < 3) co_await io.sleep(1ms);
  co_await session.leave();
  co_return heard;
}
// [/shop]

// [progress]
interloop::future<std::vector<int>> count(interloop::api io, std::string url) {
  wamp::session session = co_await wamp::join(io, url, "open");
  const auto counting = [io](wamp::invocation call, int to) -> interloop::future<int> {
    for (int i = 1; i < to; ++i) {
      call.progress(i);
      co_await io.sleep(1ms);
    }
    co_return to;
  };
  co_await session.register_("com.example.count", counting);

  std::vector<int> heard;
  const auto note = [&heard](int number) { heard.push_back(number); };
  const auto patiently = wamp::call_options().timeout(5s).on_progress(note);
  heard.push_back(co_await session.call<int>(patiently, "com.example.count", 4));
  co_await session.leave();
  co_return heard;
}
// [/progress]

// [component]
interloop::future<int> keep_answering(interloop::api io, std::string url) {
  wamp::component parts(io, url, "open");
  parts.register_("com.example.add", [](int a, int b) { return a + b; });
  const auto running = parts.start();  // joins again whenever the session is lost
  const wamp::session session = co_await parts.joined();
  const int sum = co_await session.call<int>("com.example.add", 2, 3);
  co_await parts.stop();
  co_await running;
  co_return sum;
}
// [/component]

}  // namespace page
