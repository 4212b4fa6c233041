// SPDX-License-Identifier: MIT
// A component, whose transports the test makes: each new one is a new wire to a router that answers everything.
#include "../component_core.hpp"
#include "on_watched_loop.hpp"
#include "played_router.hpp"

#include <interloop/interloop.hpp>
#include <interloop/testing/cancel_everywhere.hpp>

#include <gmock/gmock.h>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace interloop;
using namespace wamp_test;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using text = std::string;

class wamp_component : public on_watched_loop {
 protected:
  std::shared_ptr<component_core> made(component_options options = {}, std::vector<transport_options> to = {"ws://a"}) {
    options.reconnect.first = 1s;
    options.reconnect.most = 4s;
    return std::make_shared<component_core>(
        async_, std::move(to), std::move(options),
        [this](api, const transport_options& where) -> future<std::unique_ptr<transport>> {
          tried_.push_back(where.url);
          if (refused_ > 0) {
            --refused_;
            throw connection_error("nobody listens there");
          }
          wires_.push_back(std::make_shared<wire>());
          const auto& over = wires_.back();
          const auto answer = content(async_, over);
          over->answers = [this, answer](wire& there, const text& message) {
            said_.push_back(message);
            if (answering_) answer(there, message);
          };
          co_return std::make_unique<played_transport>(over);
        });
  }
  void lose() {
    loop_->call_soon([this] { wires_.back()->lose("the cable was cut"); });
    loop_.run_ready();
  }

  std::vector<text> tried_;
  std::vector<text> said_;
  std::vector<std::shared_ptr<wire>> wires_;
  int refused_ = 0;
  bool answering_ = true;
};

TEST_F(wamp_component, joins_again_with_all_that_it_offers_whenever_the_session_is_lost) {
  const auto parts = made();
  std::vector<text> events;
  int calls = 0;
  parts->add("com.add", wamp::detail::make_procedure([&calls](int a) {
               ++calls;
               return a;
             }),
             {});
  parts->add("com.news", wamp::detail::make_event_handler([] {}), {});
  parts->set_on_join(
      function<void(session)>([&](session now) { events.push_back("joined " + std::to_string(now.id())); }));
  parts->set_on_leave([&](const leave_details& how) { events.push_back(how.reason); });
  const auto ended = parts->start();
  loop_.run_ready();
  EXPECT_THAT(said_,
              ElementsAre(HasSubstr("[1,"), HasSubstr("[64,1,{},\"com.add\"]"), HasSubstr("[32,2,{},\"com.news\"]")));
  wires_.back()->say("[68,9,101,{},[5]]");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(said_.back(), "[70,9,{},[5]]");
  said_.clear();
  lose();
  EXPECT_FALSE(parts->current().joined());
  EXPECT_EQ(wires_.size(), 1U);
  loop_.advance(1s);
  EXPECT_EQ(wires_.size(), 2U);
  EXPECT_TRUE(parts->current().joined());
  EXPECT_EQ(said_.size(), 3U);
  EXPECT_THAT(events, ElementsAre("joined 77", "wamp.close.transport_lost", "joined 77"));
  const auto stopped = parts->stop();
  loop_.run_ready();
  EXPECT_TRUE(is_called(stopped));
  EXPECT_NO_THROW(ended.value());
  EXPECT_EQ(said_.back(), R"([6,{},"wamp.close.normal"])");
  EXPECT_EQ(events.back(), "wamp.close.normal");
}

TEST_F(wamp_component, waits_longer_after_each_failure_and_tries_all_transports) {
  const auto parts = made({}, {"ws://a", "ws://b"});
  std::vector<duration> pauses;
  parts->set_on_failed_attempt([&](const failure& why, duration pause) {
    EXPECT_EQ(why.message(), "nobody listens there");
    pauses.push_back(pause);
  });
  refused_ = 4;
  const auto ended = parts->start();
  const auto joining = parts->joined();
  loop_.advance(20s);
  EXPECT_THAT(tried_, ElementsAre("ws://a", "ws://b", "ws://a", "ws://b", "ws://a"));
  const duration whole[] = {1s, 2s, 4s, 4s};
  ASSERT_EQ(pauses.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_LE(pauses[i], whole[i]);
    EXPECT_GE(pauses[i], whole[i] / 2);
  }
  EXPECT_TRUE(joining.value().joined());
  EXPECT_TRUE(parts->joined().value() == parts->current());
  parts->close();
  loop_.run_ready();
  EXPECT_THAT(ended.get_failure()->message(), HasSubstr("destroyed"));
}

TEST_F(wamp_component, gives_up_when_it_is_refused_for_good_or_too_often) {
  answering_ = false;
  const auto refused = made();
  const auto ended = refused->start();
  const auto joining = refused->joined();
  loop_.run_ready();
  loop_->call_soon([this] { wires_.back()->say(R"([3,{},"wamp.error.no_such_realm"])"); });
  loop_.run_ready();
  EXPECT_TRUE(ended.get_failure()->is<join_refused>());
  EXPECT_TRUE(joining.get_failure()->is<join_refused>());
  EXPECT_TRUE(refused->joined().get_failure()->is<connection_error>());
  component_options twice;
  twice.reconnect.attempts = 2;
  refused_ = 100;
  tried_.clear();
  const auto often = made(twice);
  const auto failed = often->start();
  loop_.advance(60s);
  EXPECT_TRUE(failed.get_failure()->is<connection_error>());
  EXPECT_EQ(tried_.size(), 2U);
}

TEST_F(wamp_component, goes_on_if_the_router_is_only_shutting_down) {
  answering_ = false;
  const auto parts = made();
  const auto ended = parts->start();
  loop_.run_ready();
  answering_ = true;
  loop_->call_soon([this] { wires_.back()->say(R"([3,{},"wamp.close.system_shutdown"])"); });
  loop_.advance(1s);
  EXPECT_TRUE(parts->current().joined());
  const auto stopped = parts->stop();
  loop_.run_ready();
  EXPECT_TRUE(is_called(stopped));
  EXPECT_NO_THROW(ended.value());
}

TEST_F(wamp_component, stops_while_it_connects_joins_or_waits) {
  for (const int when : {0, 1, 2}) {
    answering_ = when != 1;
    refused_ = when == 2 ? 1 : 0;
    const auto parts = made();
    const auto ended = parts->start();
    if (when != 0) loop_.run_ready();
    const auto stopped = parts->stop();
    const auto again = parts->stop();
    loop_.run_ready();
    EXPECT_TRUE(is_called(stopped)) << when;
    EXPECT_TRUE(is_called(again));
    EXPECT_NO_THROW(ended.value());
    EXPECT_THROW(static_cast<void>(parts->start()), usage_error);
  }
  const auto never = made();
  EXPECT_TRUE(is_called(never->stop()));
  EXPECT_THROW(static_cast<void>(never->start()), usage_error);
}

TEST_F(wamp_component, reports_what_the_router_refuses_and_what_handlers_throw) {
  const auto parts = made();
  parts->add("com.add", wamp::detail::make_procedure([] {}), {});
  parts->set_on_join(function<future<void>(session)>([](session) -> future<void> {
    co_await interloop::sleep(1ms);
    throw std::runtime_error("in on_join");
  }));
  parts->set_on_leave([](const leave_details&) { throw std::runtime_error("in on_leave"); });
  answering_ = false;
  const auto ended = parts->start();
  loop_.run_ready();
  wires_.back()->say("[2,7,{}]");
  loop_.run_ready();
  wires_.back()->say(R"([8,64,1,{},"wamp.error.procedure_already_exists"])");
  loop_.advance(1ms);
  EXPECT_THAT(escaped_, ElementsAre(HasSubstr("procedure_already_exists"), HasSubstr("in on_join")));
  escaped_.clear();
  EXPECT_TRUE(parts->current().joined());
  lose();
  EXPECT_THAT(escaped_, ElementsAre(HasSubstr("in on_leave")));
  escaped_.clear();
  parts->close();
  loop_.run_ready();
  EXPECT_TRUE(ended.get_failure()->is<connection_error>());
}

TEST_F(wamp_component, may_be_destroyed_in_its_own_handlers_and_with_its_loop) {
  auto parts = made();
  parts->set_on_join(function<void(session)>([&](session) {
    parts->close();
    parts.reset();
  }));
  const auto ended = parts->start();
  loop_.run_ready();
  EXPECT_TRUE(ended.get_failure()->is<connection_error>());
  EXPECT_TRUE(wires_.back()->gone);
  const auto other = made();
  const auto never = other->start();
  loop_.run_ready();
  loop_->close();
  EXPECT_TRUE(wires_.back()->gone);
  EXPECT_TRUE(never.get_failure()->is<loop_closed>());
  other->close();
}

TEST_F(wamp_component, refuses_options_that_cannot_be) {
  EXPECT_THROW(made({}, {}), usage_error);
  EXPECT_THROW(made("no realm"), usage_error);
  component_options key;
  key.session.authentications = {cryptosign{"", "abc"}};
  EXPECT_THROW(made(key), usage_error);
  EXPECT_THROW(static_cast<void>(made()->joined()), usage_error);
}

TEST(wamp_components, leave_nothing_behind_wherever_they_are_cancelled) {
  const auto scenario = [](api async) -> future<void> {
    const auto parts =
        std::make_shared<component_core>(async, std::vector<transport_options>{"ws://a"}, component_options(),
                                         [](api home, const transport_options&) -> future<std::unique_ptr<transport>> {
                                           co_await home.sleep(1ms);
                                           const auto over = std::make_shared<wire>();
                                           over->answers = content(home, over);
                                           co_return std::make_unique<played_transport>(over);
                                         });
    parts->add("com.add", wamp::detail::make_procedure([](int a) { return a; }), {});
    const future<void> ended = parts->start();
    const future<session> joining = parts->joined();
    bool cancelled = false;
    try {
      const session first = co_await joining;
      static_cast<void>(co_await first.call<int>("com.echo", 1));
      try {
        static_cast<void>(co_await first.call<int>("com.lose"));
      } catch (const connection_lost&) {
      }
      co_await async.sleep(200ms);
    } catch (const cancelled_error&) {
      cancelled = true;
    }
    const future<void> stopped = parts->stop();
    co_await stopped;
    co_await ended;
    if (cancelled) throw cancelled_error("passed on");
  };
  EXPECT_EQ(interloop::testing::cancel_everywhere(scenario).text(), "");
}

}  // namespace
