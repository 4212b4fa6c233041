// SPDX-License-Identifier: MIT
// The client with a real router and with Autobahn|Python, on every loop: each transport, calls both ways, events both
// ways, errors, progress, cancelling.
#include "support.hpp"
#include "wamp_page.hpp"

#include <interloop/testing/cancel_everywhere.hpp>

#include <memory>
#include <optional>

namespace {

using namespace wamp_test;

class wamp_router_everywhere : public with_router {};
INTERLOOP_ON_EVERY_LOOP(wamp_router_everywhere);

TEST_P(wamp_router_everywhere, joins_by_each_transport) {
  for (const char* scheme : {"ws", "wss", "rs", "rss", "unix", "ws+unix"}) {
    SCOPED_TRACE(scheme);
    wamp::session session = join(by(scheme));
    EXPECT_EQ(session.details().realm, "open");
    EXPECT_EQ(session.details().authmethod, "anonymous");
    EXPECT_EQ(session.details().session, session.id());
    EXPECT_EQ(get(session.call<int>("peer.ws.json.add", 2, 3)), 5);
    const wamp::leave_details left = get(session.leave());
    EXPECT_FALSE(left.error.has_value());
    EXPECT_FALSE(session.joined());
  }
}

TEST_P(wamp_router_everywhere, is_called_and_calls) {
  const wamp::session callee = join();
  const wamp::session caller = join(by("ws"));
  const auto add = get(callee.register_(name("add"), [](int a, int b) { return a + b; }));
  get(callee.register_(name("later"), [this](const text& word) -> interloop::future<text> {
    co_await async_.sleep(1ms);
    co_return word + "!";
  }));
  EXPECT_EQ(get(caller.call<int>(name("add"), 2, 3)), 5);
  EXPECT_EQ(get(caller.call<text>(name("later"), "hello")), "hello!");
  // Autobahn|Python calls it, too.
  const wamp::value told =
      wamp::to_value(get(caller.call<wamp::result>("peer.rs.cbor.call", name("add"), wamp::list{4, 5})).kwargs);
  EXPECT_FALSE(told["failed"].boolean());
  EXPECT_EQ(told["args"][0].integer(), 9);
  get(add.unregister());
  EXPECT_EQ(error_of<wamp::application_error>(caller.call<int>(name("add"), 2, 3)).uri(),
            "wamp.error.no_such_procedure");
}

TEST_P(wamp_router_everywhere, publishes_and_hears_events_in_their_order) {
  const wamp::session here = join();
  const wamp::session there = join(by("ws"));
  std::vector<int> heard;
  get(there.subscribe(name("news"), [&heard](int number) { heard.push_back(number); }));
  for (int i = 0; i < 100; ++i) here.publish(name("news"), i);
  until([&] { return heard.size() == 100; });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(heard[static_cast<std::size_t>(i)], i);
  // Autobahn|Python publishes.
  heard.clear();
  get(here.call<void>("peer.ws.msgpack.publish_many", name("news"), 50));
  until([&] { return heard.size() == 50; });
  EXPECT_EQ(heard.back(), 49);
}

TEST_P(wamp_router_everywhere, hears_progress_of_a_call) {
  const wamp::session session = join();
  std::vector<int> heard;
  const auto note = [&heard](int number) { heard.push_back(number); };
  EXPECT_EQ(get(session.call<int>(wamp::call_options().on_progress(note), "peer.rs.msgpack.count", 5)), 5);
  EXPECT_THAT(heard, ElementsAre(0, 1, 2, 3, 4));
}

TEST_P(wamp_router_everywhere, fails_a_call_with_the_error_of_the_callee) {
  const wamp::session session = join();
  const auto why =
      error_of<wamp::application_error>(session.call<int>("peer.ws.cbor.fail", "com.shop.error.sold_out", "pens", 3));
  EXPECT_EQ(why.uri(), "com.shop.error.sold_out");
  EXPECT_EQ(why.args(), (wamp::list{"pens", 3}));
  EXPECT_THAT(text(why.what()), HasSubstr("com.shop.error.sold_out"));
}

TEST_P(wamp_router_everywhere, cancels_a_call_at_once_and_goes_on) {
  const wamp::session session = join();
  const auto slow = session.call<int>("peer.rs.json.wait", 600);
  get(async_.sleep(5ms));
  EXPECT_TRUE(interloop::cancel(slow));
  EXPECT_TRUE(interloop::is_called(slow));
  failed_with<interloop::cancelled_error>(slow);
  EXPECT_EQ(session.in_flight(), 0u);
  EXPECT_EQ(get(session.call<int>("peer.rs.json.add", 1, 1)), 2);
}

TEST_P(wamp_router_everywhere, may_be_cancelled_anywhere) {
  const std::string url = router_->url("unix");
  const auto descriptors = interloop::test::open_descriptors();
  const auto report = interloop::testing::cancel_everywhere(
      [url](interloop::api async) -> interloop::future<void> {
        wamp::session session = co_await wamp::join(async, url, "open");
        if (co_await session.call<int>("peer.rs.msgpack.add", 1, 2) != 3) throw std::runtime_error("a wrong sum");
        const auto news = co_await session.subscribe("test.cancel_everywhere", [] {});
        co_await news.unsubscribe();
        co_await session.leave();
      },
      {.patience = 60s});
  EXPECT_EQ(report.problems, texts());
  EXPECT_GE(report.places, 4);
  EXPECT_EQ(interloop::test::open_descriptors(), descriptors);
}

// ---- The client's page ----

class wamp_router_page : public with_router {};
// On one kind of loop: two processes at once would register the same procedures.
INSTANTIATE_TEST_SUITE_P(loops, wamp_router_page, ::testing::Values(interloop::test::own_loop_names().front()),
                         [](const auto& each) { return each.param; });

TEST_P(wamp_router_page, says_what_is_true) {
  const text url = router_->url("unix");
  EXPECT_THAT(get(page::shop(async_, url)), ElementsAre("7 left", "com.shop.error.sold_out: no more ink", "closing"));
  EXPECT_THAT(get(page::count(async_, url)), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(get(page::keep_answering(async_, url)), 5);
}

}  // namespace
