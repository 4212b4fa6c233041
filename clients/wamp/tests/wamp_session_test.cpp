// SPDX-License-Identifier: MIT
// A session against a router that the test plays, on a loop whose clock it moves.
#include "on_watched_loop.hpp"
#include "played_router.hpp"

#include <interloop/interloop.hpp>
#include <interloop/testing/cancel_everywhere.hpp>

#include <gmock/gmock.h>
#include <chrono>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace interloop;
using namespace wamp_test;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using text = std::string;

template <class Exception, class T>
text failed_with(const future<T>& f) {
  if (!is_called(f)) return "pending";
  const failure* const why = f.get_failure();
  if (!why) return "resolved";
  EXPECT_TRUE(why->is<Exception>()) << failure_message(*why);
  return why->message();
}

class wamp_session : public on_watched_loop {
 protected:
  future<session> begin(session_options options = {}) {
    auto joining = join_by(async_, std::make_unique<played_transport>(wire_), std::move(options));
    return joining;
  }
  /// The next message that was sent; empty if there is none.
  text sent() {
    loop_.run_ready();
    if (wire_->sent.empty()) return {};
    text first = std::move(wire_->sent.front());
    wire_->sent.pop_front();
    return first;
  }
  void say(std::string_view message) {
    loop_->call_soon([this, message] { wire_->say(message); });
    loop_.run_ready();
  }
  session joined(session_options options = {}) {
    const auto joining = begin(std::move(options));
    EXPECT_THAT(sent(), HasSubstr("[1,\"realm1\""));
    say(R"([2,9129137332,{"authid":"joe","authrole":"user","authmethod":"anonymous","roles":{"broker":{}}}])");
    return joining.take();
  }
  registration registered(const future<registration>& pending, std::string_view confirmed) {
    sent();
    say(confirmed);
    return pending.value();
  }

  std::shared_ptr<wire> wire_ = std::make_shared<wire>();
};

// ---- Joining ----

TEST_F(wamp_session, says_hello_with_all_roles_and_knows_what_welcome_said) {
  const auto joining = begin();
  const value hello = from_json(sent());
  EXPECT_EQ(hello[1].text(), "realm1");
  EXPECT_EQ(hello[2]["authmethods"], value(list{"anonymous"}));
  EXPECT_EQ(hello[2].find("authid"), nullptr);
  for (const char* role : {"caller", "callee", "publisher", "subscriber"})
    EXPECT_NE(hello[2]["roles"].find(role), nullptr);
  EXPECT_TRUE(hello[2]["roles"]["caller"]["features"]["call_canceling"].boolean());
  say(R"([2,7,{"authid":"joe","authrole":"user","authmethod":"anonymous","authprovider":"static","realm":"other","roles":{}}])");
  const session made = joining.take();
  EXPECT_TRUE(made.joined());
  EXPECT_EQ(made.id(), 7U);
  EXPECT_EQ(made.details().authid, "joe");
  EXPECT_EQ(made.details().authrole, "user");
  EXPECT_EQ(made.details().authprovider, "static");
  EXPECT_EQ(made.details().realm, "other");
}

TEST_F(wamp_session, gives_up_if_hello_is_not_answered) {
  const auto joining = begin();
  loop_.advance(9s);
  EXPECT_FALSE(is_called(joining));
  loop_.advance(2s);
  EXPECT_THAT(failed_with<timeout_error>(joining), HasSubstr("did not answer HELLO within 10000 ms"));
  loop_.advance(3s);
  EXPECT_TRUE(wire_->gone);
}

TEST_F(wamp_session, fails_to_join_with_the_routers_reason) {
  const auto joining = begin("nowhere");
  sent();
  say(R"([3,{"message":"no realm \"nowhere\""},"wamp.error.no_such_realm"])");
  EXPECT_EQ(failed_with<join_refused>(joining),
            "the router refuses the session: wamp.error.no_such_realm (no realm \"nowhere\")");
}

TEST_F(wamp_session, authenticates_by_what_the_router_chooses) {
  session_options options;
  options.authentications = {wampcra{"joe", "s3cret"}, ticket{"joe", "t1cket"}};
  const auto joining = begin(options);
  const value hello = from_json(sent());
  EXPECT_EQ(hello[2]["authmethods"], value(list{"wampcra", "ticket"}));
  EXPECT_EQ(hello[2]["authid"].text(), "joe");
  say(R"([4,"ticket",{}])");
  EXPECT_EQ(sent(), R"([5,"t1cket",{}])");
  say(R"([2,7,{}])");
  EXPECT_TRUE(joining.take().joined());
}

TEST_F(wamp_session, refuses_a_challenge_that_it_cannot_answer) {
  session_options options;
  options.authentications = {ticket{"joe", "t1cket"}};
  const auto joining = begin(options);
  sent();
  say(R"([4,"scram",{}])");
  EXPECT_THAT(sent(), ::testing::AllOf(HasSubstr("[3,"), HasSubstr("wamp.error.authentication_failed")));
  const text why = failed_with<connection_error>(joining);
  EXPECT_THAT(why, HasSubstr("authentication by \"scram\""));
  EXPECT_THAT(why, ::testing::Not(HasSubstr("t1cket")));
}

TEST_F(wamp_session, refuses_options_that_cannot_be) {
  session_options twice;
  twice.authentications = {ticket{"a", "x"}, ticket{"a", "y"}};
  EXPECT_THAT(failed_with<usage_error>(begin(twice)), HasSubstr("two authentications by ticket"));
  session_options different;
  different.authentications = {ticket{"a", "x"}, wampcra{"b", "y"}};
  EXPECT_THAT(failed_with<usage_error>(begin(different)), HasSubstr("same authid"));
  EXPECT_THAT(failed_with<usage_error>(begin("no realm")), HasSubstr("not a WAMP URI"));
}

TEST_F(wamp_session, fails_to_join_if_the_connection_is_lost_or_the_router_talks_out_of_order) {
  const auto lost = begin();
  loop_->call_soon([this] { wire_->lose("the cable was cut"); });
  loop_.run_ready();
  EXPECT_EQ(failed_with<connection_error>(lost), "the cable was cut");
  wire_ = std::make_shared<wire>();
  const auto early = begin();
  sent();
  say("[50,1,{}]");
  EXPECT_EQ(failed_with<protocol_error>(early), "the router sent RESULT before WELCOME");
  EXPECT_THAT(sent(), HasSubstr("wamp.error.protocol_violation"));
  EXPECT_TRUE(wire_->closing);
}

TEST_F(wamp_session, stops_joining_when_that_is_cancelled) {
  const auto joining = begin();
  cancel(joining);
  loop_.run_ready();
  EXPECT_TRUE(wire_->gone);
  EXPECT_TRUE(joining.get_failure()->is<cancelled_error>());
}

// ---- Calling ----

TEST_F(wamp_session, calls_with_typed_arguments_in_each_format) {
  for (const serializer format : {serializer::json, serializer::msgpack, serializer::cbor}) {
    wire_ = std::make_shared<wire>();
    wire_->format = format;
    const session made = joined();
    const auto sum =
        made.call<int>("com.add", 2, 3.5, "x", text("y"), std::optional<int>(), std::vector<int>{1, 2}, true);
    EXPECT_EQ(sent(), R"([48,1,{},"com.add",[2,3.5,"x","y",null,[1,2],true]])");
    EXPECT_EQ(made.in_flight(), 1U);
    say("[50,1,{},[5]]");
    EXPECT_EQ(sum.value(), 5);
    EXPECT_EQ(made.in_flight(), 0U);
    const auto again = made.call<void>("com.nothing");
    EXPECT_EQ(sent(), R"([48,2,{},"com.nothing"])");
    say("[50,2,{}]");
    EXPECT_NO_THROW(again.value());
  }
}

TEST_F(wamp_session, sends_keywords_and_options) {
  const session made = joined();
  const auto one = made.call(call_options().kwarg("unit", "m").timeout(2s).disclose_me().option("x", 1), "com.a", 7);
  EXPECT_EQ(sent(), R"([48,1,{"disclose_me":true,"timeout":2000,"x":1},"com.a",[7],{"unit":"m"}])");
  const auto two = made.call(call_options().kwargs({{"k", list{1}}}), "com.b");
  EXPECT_EQ(sent(), R"([48,2,{},"com.b",[],{"k":[1]}])");
  const auto three = made.call("com.c", 1, arguments{{2, "x"}});
  EXPECT_EQ(sent(), R"([48,3,{},"com.c",[1,2,"x"]])");
  say("[50,1,{}]");
  say("[50,2,{},[{\"a\":1}]]");
  EXPECT_TRUE(one.value().is_null());
  EXPECT_EQ(two.value()["a"].integer(), 1);
}

TEST_F(wamp_session, reads_results_as_what_was_asked_for) {
  const session made = joined();
  const auto tuple = made.call<std::tuple<int, text>>("com.a");
  const auto all = made.call<wamp::result>("com.a");
  const auto nothing = made.call<std::optional<int>>("com.a");
  const auto one = made.call<int>("com.a");
  const auto other = made.call<int>("com.a");
  const auto several = made.call<int>("com.a");
  say(R"([50,1,{},[1,"x"]])");
  say(R"([50,2,{"callee":5},[1,"x"],{"k":2}])");
  say(R"([50,3,{}])");
  say(R"([50,4,{},[]])");
  say(R"([50,5,{},["x"]])");
  say(R"([50,6,{},[1,2]])");
  EXPECT_EQ(tuple.value(), std::tuple(1, text("x")));
  EXPECT_EQ(all.value().args, (list{1, "x"}));
  EXPECT_EQ(all.value().kwargs, (dict{{"k", 2}}));
  EXPECT_EQ(all.value().details, (dict{{"callee", 5}}));
  EXPECT_EQ(nothing.value(), std::nullopt);
  EXPECT_THAT(failed_with<value_error>(one), HasSubstr("the call has no result"));
  EXPECT_EQ(failed_with<value_error>(other), "wanted an integer, but it is a text");
  EXPECT_THAT(failed_with<value_error>(several), HasSubstr("several results"));
  EXPECT_TRUE(made.joined());
}

TEST_F(wamp_session, fails_a_call_with_the_remotes_error) {
  const session made = joined();
  const auto call = made.call("com.a");
  say(R"([8,48,1,{},"com.error.sold_out",["none left",3],{"traceback":["line 1","line 2"]}])");
  EXPECT_EQ(failed_with<application_error>(call), "com.error.sold_out: none left");
  try {
    static_cast<void>(call.value());
  } catch (const application_error& why) {
    EXPECT_EQ(why.uri(), "com.error.sold_out");
    EXPECT_EQ(why.args(), (list{"none left", 3}));
    EXPECT_EQ(why.traceback(), "line 1\nline 2\n");
  }
}

TEST_F(wamp_session, settles_a_cancelled_call_by_itself_and_drops_late_answers) {
  const session made = joined();
  const auto plain = made.call<int>("com.a");
  const auto skip = made.call<int>(call_options().on_cancel(cancel_mode::skip), "com.a");
  const auto kill = made.call<int>(call_options().on_cancel(cancel_mode::kill), "com.a");
  for (int i = 0; i < 3; ++i) sent();
  cancel(plain, "not needed");
  cancel(skip);
  cancel(kill);
  EXPECT_EQ(made.in_flight(), 0U);
  EXPECT_EQ(sent(), R"([49,1,{"mode":"killnowait"}])");
  EXPECT_EQ(sent(), R"([49,2,{"mode":"skip"}])");
  EXPECT_EQ(sent(), R"([49,3,{"mode":"kill"}])");
  EXPECT_TRUE(plain.get_failure()->is<cancelled_error>());
  EXPECT_EQ(plain.get_failure()->message(), "not needed");
  EXPECT_TRUE(skip.get_failure()->is<cancelled_error>());
  EXPECT_TRUE(kill.get_failure()->is<cancelled_error>());
  say("[50,1,{},[1]]");
  say(R"([8,48,3,{},"wamp.error.canceled"])");
  EXPECT_TRUE(made.joined());
}

TEST_F(wamp_session, drops_an_answer_that_comes_between_cancelling_and_the_next_turn) {
  const session made = joined();
  const auto call = made.call<int>("com.a");
  loop_->call_soon([&] {
    cancel(call);
    wire_->say("[50,1,{},[1]]");
  });
  loop_.run_ready();
  EXPECT_TRUE(call.get_failure()->is<cancelled_error>());
  EXPECT_TRUE(made.joined());
}

TEST_F(wamp_session, keeps_time_limits_by_itself) {
  const session made = joined();
  const auto late = made.call<int>(call_options().timeout(100ms), "com.a");
  const auto early = made.call<int>(call_options().timeout(100ms), "com.a");
  EXPECT_EQ(sent(), R"([48,1,{"timeout":100},"com.a"])");
  sent();
  say("[50,2,{},[2]]");
  loop_.advance(99ms);
  EXPECT_FALSE(is_called(late));
  loop_.advance(1ms);
  EXPECT_EQ(failed_with<timeout_error>(late), "the call was not answered within 100 ms");
  EXPECT_EQ(early.value(), 2);
  EXPECT_EQ(sent(), R"([49,1,{"mode":"killnowait"}])");
  EXPECT_EQ(sent(), "");
  say("[50,1,{},[1]]");
  EXPECT_TRUE(made.joined());
  EXPECT_EQ(loop_.next_alarm(), (time_point::max)());
}

TEST_F(wamp_session, hands_out_progressive_results) {
  const session made = joined();
  std::vector<int> seen;
  const auto call = made.call<int>(call_options().on_progress([&](int percent) { seen.push_back(percent); }), "com.a");
  const auto unasked = made.call<int>("com.b");
  EXPECT_EQ(sent(), R"([48,1,{"receive_progress":true},"com.a"])");
  say(R"([50,1,{"progress":true},[10]])");
  say(R"([50,1,{"progress":true},[20]])");
  say(R"([50,2,{"progress":true},[99]])");
  say(R"([50,1,{"progress":true},["x"]])");
  EXPECT_THAT(seen, ElementsAre(10, 20));
  EXPECT_THAT(escaped_, ElementsAre(HasSubstr("wanted an integer, but it is a text")));
  escaped_.clear();
  say(R"([50,1,{},[100]])");
  say(R"([50,2,{"progress":false},[1]])");
  say(R"([50,1,{"progress":true},[30]])");
  EXPECT_EQ(call.value(), 100);
  EXPECT_EQ(unasked.value(), 1);
  EXPECT_THAT(seen, ElementsAre(10, 20));
}

TEST_F(wamp_session, sends_nothing_that_would_lose_the_connection) {
  const session made = joined();
  EXPECT_THROW(static_cast<void>(made.call("not a uri")), usage_error);
  EXPECT_THROW(static_cast<void>(made.call("com..a")), usage_error);
  EXPECT_THROW(made.publish("wamp.x"), usage_error);
  EXPECT_THROW(made.publish(""), usage_error);
  EXPECT_THROW(static_cast<void>(made.register_("wamp.x", [] {})), usage_error);
  EXPECT_THROW(static_cast<void>(made.subscribe("a b", [] {})), usage_error);
  EXPECT_THROW(static_cast<void>(made.call("com.a", "\xff")), value_error);
  wire_->largest = 100;
  EXPECT_THROW(static_cast<void>(made.call("com.a", text(200, 'x'))), protocol_error);
  EXPECT_THROW(static_cast<void>(made.call(call_options().timeout(1s), "com.a", text(200, 'x'))), protocol_error);
  EXPECT_EQ(made.in_flight(), 0U);
  EXPECT_EQ(sent(), "");
  const auto next = made.call<int>("com.a");
  EXPECT_EQ(sent(), R"([48,1,{},"com.a"])");
  say("[50,1,{},[1]]");
  EXPECT_EQ(next.value(), 1);
}

// ---- Nonsense ----

TEST_F(wamp_session, ends_with_all_that_is_pending_when_the_router_talks_nonsense) {
  const std::pair<const char*, const char*> cases[] = {
      {"[50,99,{}]", "RESULT for the request 99, which was never made"},
      {"[50,0,{}]", "RESULT for the request 0, which was never made"},
      {"[65,1,5]", "REGISTERED for the request 1, which is CALL"},
      {R"([8,64,1,{},"a.b"])", "ERROR for the request 1, which is CALL"},
      {R"([8,64,77,{},"a.b"])", "ERROR for the request 77, which was never made"},
      {"[68,1,5,{}]", "INVOCATION for the registration 5, which does not exist"},
      {"[36,5,1,{}]", "EVENT for the subscription 5, which does not exist"},
      {"[2,5,{}]", "WELCOME, which a client does not expect in a session"},
      {R"([4,"ticket",{}])", "CHALLENGE, which a client does not expect"},
      {R"([48,1,{},"com.a"])", "CALL, which a client does not expect"},
      {"[50,1]", "a malformed RESULT: it ends too early"},
      {"[99]", "its type, 99, is unknown"},
      {"{}", "wanted a list, but it is a map"},
  };
  for (const auto& [message, what] : cases) {
    wire_ = std::make_shared<wire>();
    const session made = joined();
    const auto call = made.call("com.a");
    const auto registering = made.register_("com.b", [] {});
    const auto subscribing = made.subscribe("com.c", [] {});
    const auto publishing = made.publish_acknowledged("com.d");
    const auto left = made.left();
    wire_->sent.clear();
    say(message);
    EXPECT_THAT(failed_with<connection_lost>(call), HasSubstr(what)) << message;
    EXPECT_THAT(failed_with<connection_lost>(registering), HasSubstr(what));
    EXPECT_THAT(failed_with<connection_lost>(subscribing), HasSubstr(what));
    EXPECT_THAT(failed_with<connection_lost>(publishing), HasSubstr(what));
    EXPECT_THAT(sent(), ::testing::AllOf(HasSubstr("[3,"), HasSubstr("wamp.error.protocol_violation")));
    EXPECT_TRUE(left.value().error->is<protocol_error>());
    EXPECT_FALSE(made.joined());
    EXPECT_EQ(made.in_flight(), 0U);
    EXPECT_THAT(failed_with<connection_error>(made.call("com.a")), HasSubstr("there is no session: "));
    EXPECT_THROW(made.publish("com.a"), connection_error);
    say("[50,1,{}]");  // nobody listens
    loop_.advance(3s);
    EXPECT_TRUE(wire_->gone);
  }
}

TEST_F(wamp_session, ends_at_bytes_that_are_no_message) {
  const session made = joined();
  const auto call = made.call("com.a");
  loop_->call_soon([this] { wire_->deliver("\xc1"); });
  loop_.run_ready();
  EXPECT_THAT(failed_with<connection_lost>(call), HasSubstr("malformed MessagePack at byte 0"));
}

TEST_F(wamp_session, goes_on_if_others_send_what_cannot_be_read) {
  using enum serializer;
  const std::string deep = std::string(70, '[') + std::string(70, ']');
  // Instead of arguments, or in them; a router passes it on. In JSON, bytes are a NUL and base64.
  struct unreadable_arguments {
    serializer format;
    std::string args;
    const char* why;
  };
  const unreadable_arguments all[] = {{json, R"("\u0000AAAA")", "they are bytes"},
                                      {msgpack, "\xc4\x01x", "they are bytes"},
                                      {cbor, "\x41x", "they are bytes"},
                                      {json, deep, "64 deep"},
                                      {json, R"([{"\u0000AAAA":1}])", "a map's key is not a text"},
                                      {json, R"(["\u0000a text"])", "not base64"},
                                      {msgpack, "\x91\x81\x01\x02", "a map's key is not a text"},
                                      {cbor, "\x81\xa1\x01\x02", "a map's key is not a text"},
                                      {msgpack, "\x91\xd4\x01\x01", "extension types have no meaning here"},
                                      {cbor, "\x81\xf8\x20", "an unknown simple value"}};
  for (const unreadable_arguments& each : all) {
    const serializer format = each.format;
    SCOPED_TRACE(each.why);
    wire_ = std::make_shared<wire>();
    wire_->format = format;
    const session made = joined();
    static_cast<void>(registered(made.register_("com.a", [] { ADD_FAILURE(); }), "[65,1,11]"));
    const auto subscribing = made.subscribe("com.t", [](const arguments&) { ADD_FAILURE(); });
    sent();
    say("[33,2,5]");
    /// A message with these arguments at its end.
    const auto say_raw = [&](const list& begin) {
      writer bytes(format);
      codec<value>::write(bytes, begin);
      std::string whole(bytes.view());
      if (format == json) {
        whole.back() = ',';
        whole += each.args + "]";
      } else {
        ++whole.front();  // the list's length
        whole += each.args;
      }
      loop_->call_soon([this, whole] { wire_->deliver(whole); });
      loop_.run_ready();
    };
    const auto cannot = [&](const char* whose) {
      return ::testing::AllOf(HasSubstr(std::string("the arguments of ") + whose + " cannot be read"),
                              HasSubstr(each.why));
    };
    say_raw({36, 5, 1, dict()});
    EXPECT_THAT(std::exchange(escaped_, {}), ElementsAre(cannot("an event")));
    say_raw({68, 7, 11, dict()});
    EXPECT_THAT(sent(), ::testing::AllOf(HasSubstr("[8,68,7,"), HasSubstr("wamp.error.invalid_argument")));
    const auto call = made.call<int>("com.b");
    say_raw({50, 3, dict()});
    EXPECT_THAT(failed_with<value_error>(call), cannot("the result"));
    const auto fails = made.call<int>("com.b");
    say_raw({8, 48, 4, dict(), "com.error.own"});
    EXPECT_THAT(failed_with<application_error>(fails),
                ::testing::AllOf(HasSubstr("com.error.own"), cannot("the error")));
    const auto stepwise = made.call<int>(call_options().on_progress([](int) { ADD_FAILURE(); }), "com.b");
    say_raw({50, 5, dict{{"progress", true}}});
    EXPECT_THAT(std::exchange(escaped_, {}), ElementsAre(cannot("a progressive result")));
    say("[50,5,{},[1]]");
    EXPECT_EQ(stepwise.value(), 1);
    EXPECT_TRUE(made.joined());
  }
}

TEST_F(wamp_session, drops_a_second_answer_to_the_same_request) {
  const session made = joined();
  const auto call = made.call<int>("com.a");
  say("[50,1,{},[1]]");
  say("[50,1,{},[2]]");
  say(R"([8,48,1,{},"com.error"])");
  EXPECT_EQ(call.value(), 1);
  EXPECT_TRUE(made.joined());
}

/// What a router may say, and what it may not; `#` is a random id.
const char* const things_to_say[] = {
    "[50,#,{},[1]]",
    "[50,#,{\"progress\":true},[1]]",
    "[50,#,{},[\"x\"]]",
    "[8,48,#,{},\"com.error\",[1],{\"a\":1}]",
    "[8,64,#,{},\"com.error\"]",
    "[8,32,#,{},\"com.error\"]",
    "[65,#,#]",
    "[33,#,#]",
    "[17,#,#]",
    "[67,#]",
    "[35,#]",
    "[67,0,{\"registration\":#}]",
    "[35,0,{\"subscription\":#}]",
    "[68,#,#,{},[1]]",
    "[68,#,#,{\"timeout\":1},[1]]",
    "[69,#,{}]",
    "[36,#,#,{},[1]]",
    "[6,{},\"wamp.close.normal\"]",
    "[3,{},\"wamp.error.x\"]",
    "[2,#,{}]",
    "[99]",
    "[50]",
};

TEST_F(wamp_session, leaves_nothing_pending_whatever_the_router_says) {
  std::mt19937 random(22);
  const auto up_to = [&random](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random);
  };
  loop_->set_exception_handler([](std::string_view, const failure&) {});
  int ended_early = 0;
  for (int run = 0; run < 400; ++run) {
    wire_ = std::make_shared<wire>();
    session made = joined();
    auto call = made.call<int>(call_options().timeout(1s).on_progress([](int) {}), "com.a");
    const auto other = made.call<int>("com.a");
    const auto registering = made.register_("com.b", [](int n) -> future<int> {
      co_await interloop::sleep(std::chrono::milliseconds(n));
      co_return n;
    });
    const auto subscribing = made.subscribe("com.c", [](int) {});
    const auto publishing = made.publish_acknowledged("com.d");
    const auto left = made.left();
    for (std::size_t i = up_to(25); i > 0; --i) {
      text said;
      for (const char* at = things_to_say[up_to(std::size(things_to_say) - (up_to(3) == 0 ? 1 : 6))]; *at != '\0';
           ++at) {
        if (*at == '#') {
          said += std::to_string(up_to(up_to(9) == 0 ? 50 : 6));
        } else {
          said += *at;
        }
      }
      say(said);
      if (up_to(12) == 0) cancel(call);
      if (up_to(12) == 0) cancel(registering);
      if (up_to(12) == 0) loop_.advance(10ms);
      if (up_to(40) == 0) static_cast<void>(made.leave());
    }
    if (!made.joined()) ++ended_early;
    made = {};
    loop_.advance(10s);
    for (const bool over : {is_called(call), is_called(other), is_called(registering), is_called(subscribing),
                            is_called(publishing), is_called(left), wire_->gone})
      ASSERT_TRUE(over) << "run " << run;
    ASSERT_EQ(loop_.next_alarm(), (time_point::max)()) << "run " << run;
  }
  EXPECT_GT(ended_early, 50);
  EXPECT_LT(ended_early, 390);
}

TEST_F(wamp_session, fails_what_is_pending_when_the_connection_is_lost) {
  const session made = joined();
  const auto call = made.call("com.a");
  const auto left = made.left();
  loop_->call_soon([this] { wire_->lose("the cable was cut"); });
  loop_.run_ready();
  EXPECT_THAT(failed_with<connection_lost>(call), HasSubstr("the cable was cut"));
  EXPECT_EQ(left.value().reason, "wamp.close.transport_lost");
  EXPECT_TRUE(wire_->gone);
}

// ---- Being called ----

future<int> doubled(int n) {
  co_await interloop::sleep(10ms);
  co_return 2 * n;
}

TEST_F(wamp_session, answers_calls_by_functions_and_coroutines) {
  const session made = joined();
  const auto add = made.register_("com.add", [](int a, std::optional<int> b) { return a + b.value_or(100); });
  EXPECT_EQ(sent(), R"([64,1,{},"com.add"])");
  const auto slow =
      made.register_("com.double", doubled,
                     register_options().match(match::prefix).invoke(invoke::round_robin).concurrency(3).force());
  EXPECT_EQ(sent(),
            R"([64,2,{"concurrency":3,"force_reregister":true,"invoke":"roundrobin","match":"prefix"},"com.double"])");
  say("[65,1,11]");
  say("[65,2,12]");
  EXPECT_EQ(add.value().id(), 11U);
  EXPECT_TRUE(slow.value().active());
  say("[68,500,11,{},[2,3]]");
  EXPECT_EQ(sent(), "[70,500,{},[5]]");
  say("[68,501,11,{},[2]]");
  EXPECT_EQ(sent(), "[70,501,{},[102]]");
  say("[68,502,12,{},[4]]");
  say("[68,503,12,{},[5]]");
  EXPECT_EQ(sent(), "");
  loop_.advance(10ms);
  EXPECT_EQ(sent(), "[70,502,{},[8]]");
  EXPECT_EQ(sent(), "[70,503,{},[10]]");
}

TEST_F(wamp_session, answers_with_what_procedures_return_in_any_shape) {
  const session made = joined();
  registered(made.register_("com.a", [] {}), "[65,1,11]");
  registered(made.register_("com.b", [] { return std::tuple(1, text("x")); }), "[65,2,12]");
  registered(
      made.register_("com.c", [](arguments all) { return wamp::result{all.rest, dict{{"n", all.rest.size()}}, {}}; }),
      "[65,3,13]");
  registered(made.register_("com.d", []() -> future<void> { co_return; }), "[65,4,14]");
  registered(made.register_("com.e",
                            [](invocation call, const text& first) {
                              EXPECT_EQ(call.caller(), 99U);
                              EXPECT_EQ(call.caller_authid(), "joe");
                              EXPECT_EQ(call.procedure(), "com.e.x");
                              EXPECT_EQ(call.kwargs(), (dict{{"k", 1}}));
                              EXPECT_FALSE(call.wants_progress());
                              EXPECT_FALSE(call.progress(1));
                              return first;
                            }),
             "[65,5,15]");
  say("[68,1,11,{}]");
  EXPECT_EQ(sent(), "[70,1,{}]");
  say("[68,2,12,{},[]]");
  EXPECT_EQ(sent(), R"([70,2,{},[1,"x"]])");
  say(R"([68,3,13,{},["p",2]])");
  EXPECT_EQ(sent(), R"([70,3,{},["p",2],{"n":2}])");
  say("[68,4,14,{}]");
  EXPECT_EQ(sent(), "[70,4,{}]");
  say(R"([68,5,15,{"caller":99,"caller_authid":"joe","procedure":"com.e.x"},["z"],{"k":1}])");
  EXPECT_EQ(sent(), R"([70,5,{},["z"]])");
}

TEST_F(wamp_session, answers_errors_by_their_kind) {
  session_options options;
  const session made = joined(options);
  registered(made.register_("com.a",
                            [](int which) {
                              if (which == 1)
                                throw application_error("com.error.mine", list{"late", 2}, dict{{"k", 1}});
                              if (which == 2) throw std::out_of_range("no such row");
                              if (which == 3) throw timeout_error("too slow");
                            }),
             "[65,1,11]");
  registered(made.register_("com.b", [] { return text("\xff"); }), "[65,2,12]");
  registered(made.register_("com.c",
                            []() -> future<int> {
                              throw std::runtime_error("later");
                              co_return 1;
                            }),
             "[65,3,13]");
  say("[68,1,11,{},[1]]");
  EXPECT_EQ(sent(), R"([8,68,1,{},"com.error.mine",["late",2],{"k":1}])");
  say("[68,2,11,{},[2]]");
  EXPECT_EQ(sent(), R"([8,68,2,{},"wamp.error.runtime_error",["std::out_of_range: no such row"]])");
  say("[68,3,11,{},[3]]");
  EXPECT_EQ(sent(), R"([8,68,3,{},"wamp.error.timeout",["too slow"]])");
  say("[68,4,11,{},[\"x\"]]");
  EXPECT_EQ(sent(), R"([8,68,4,{},"wamp.error.invalid_argument",["wanted an integer, but it is a text"]])");
  say("[68,5,11,{}]");
  EXPECT_EQ(sent(), R"([8,68,5,{},"wamp.error.invalid_argument",["wanted 1 argument, but there are fewer"]])");
  say("[68,6,11,{},[0,1]]");
  EXPECT_EQ(sent(), R"([8,68,6,{},"wamp.error.invalid_argument",["wanted 1 argument, but there are more"]])");
  say("[68,7,12,{}]");
  EXPECT_THAT(sent(), HasSubstr("wamp.error.runtime_error"));
  say("[68,8,13,{}]");
  EXPECT_EQ(sent(), R"([8,68,8,{},"wamp.error.runtime_error",["std::runtime_error: later"]])");
  EXPECT_TRUE(made.joined());
}

TEST_F(wamp_session, sends_tracebacks_if_it_may) {
  session_options options;
  options.send_tracebacks = true;
  const session made = joined(options);
  registered(made.register_("com.a", [] { throw std::out_of_range("no such row"); }), "[65,1,11]");
  say("[68,1,11,{}]");
  EXPECT_THAT(to_text(from_json(sent())[6]["traceback"]), HasSubstr("std::out_of_range: no such row"));
}

TEST_F(wamp_session, answers_results_that_are_too_long_with_an_error) {
  const session made = joined();
  registered(made.register_("com.a", [] { return text(1000, 'x'); }), "[65,1,11]");
  wire_->largest = 200;
  say("[68,1,11,{}]");
  EXPECT_THAT(sent(), HasSubstr("wamp.error.payload_size_exceeded"));
}

TEST_F(wamp_session, cancels_a_procedure_that_is_interrupted_or_takes_too_long) {
  const session made = joined();
  registered(made.register_("com.a", doubled), "[65,1,11]");
  say("[68,1,11,{},[1]]");
  say(R"([69,1,{"mode":"killnowait"}])");
  EXPECT_EQ(sent(), R"([8,68,1,{},"wamp.error.canceled",["the caller has cancelled the call"]])");
  say(R"([69,1,{}])");  // again, too late
  say(R"([69,77,{}])");
  say(R"([68,2,11,{"timeout":5},[1]])");
  loop_.advance(5ms);
  EXPECT_EQ(sent(), R"([8,68,2,{},"wamp.error.canceled",["the time that the caller allows has passed"]])");
  say(R"([68,3,11,{"timeout":50},[1]])");
  loop_.advance(100ms);
  EXPECT_EQ(sent(), "[70,3,{},[2]]");
  EXPECT_EQ(sent(), "");
}

TEST_F(wamp_session, sends_progressive_results_while_a_procedure_runs) {
  const session made = joined();
  std::optional<invocation> kept;
  registered(made.register_("com.a",
                            [&kept](invocation call, int n) -> future<int> {
                              kept = call;
                              for (int i = 0; i < n; ++i) {
                                EXPECT_TRUE(call.progress(i, "x"));
                                co_await interloop::sleep(1ms);
                              }
                              co_return n;
                            }),
             "[65,1,11]");
  say(R"([68,1,11,{"receive_progress":true},[2]])");
  loop_.advance(10ms);
  EXPECT_EQ(sent(), R"([70,1,{"progress":true},[0,"x"]])");
  EXPECT_EQ(sent(), R"([70,1,{"progress":true},[1,"x"]])");
  EXPECT_EQ(sent(), R"([70,1,{},[2]])");
  EXPECT_FALSE(kept->progress(3));
  EXPECT_EQ(sent(), "");
}

TEST_F(wamp_session, answers_if_a_procedures_future_cannot_be_completed_any_more) {
  const session made = joined();
  registered(made.register_("com.a", [this] { return async_.create_future<int>(); }), "[65,1,11]");
  say("[68,1,11,{}]");
  EXPECT_THAT(sent(), HasSubstr("broken_promise"));
}

TEST_F(wamp_session, unregisters_and_hears_when_the_router_does) {
  const session made = joined();
  const auto first = registered(made.register_("com.a", [] {}), "[65,1,11]");
  std::vector<text> reasons;
  const auto second =
      registered(made.register_(
                     "com.b", [] {}, register_options().on_ended([&](const text& why) { reasons.push_back(why); })),
                 "[65,2,12]");
  const auto gone = first.unregister();
  EXPECT_EQ(sent(), "[66,3,11]");
  EXPECT_FALSE(first.active());
  say("[68,1,11,{}]");  // was under way
  EXPECT_EQ(sent(), "[70,1,{}]");
  say("[67,3]");
  EXPECT_NO_THROW(gone.value());
  EXPECT_NO_THROW(first.unregister().value());
  say(R"([67,0,{"registration":12,"reason":"wamp.error.unregistered"}])");
  EXPECT_FALSE(second.active());
  EXPECT_THAT(reasons, ElementsAre("wamp.error.unregistered"));
  say(R"([67,0,{"registration":12}])");
  EXPECT_TRUE(made.joined());
}

TEST_F(wamp_session, undoes_a_registration_whose_future_was_cancelled) {
  const session made = joined();
  const auto registering = made.register_("com.a", [] {});
  sent();
  cancel(registering);
  say("[65,1,11]");
  EXPECT_EQ(sent(), "[66,2,11]");
  say("[68,1,11,{}]");
  EXPECT_THAT(sent(), HasSubstr("wamp.error.no_such_procedure"));
  say("[67,2]");
  EXPECT_TRUE(made.joined());
}

TEST_F(wamp_session, fails_a_registration_that_the_router_refuses) {
  const session made = joined();
  const auto registering = made.register_("com.a", [] {});
  say(R"([8,64,1,{},"wamp.error.procedure_already_exists",["it exists"]])");
  EXPECT_EQ(failed_with<application_error>(registering), "wamp.error.procedure_already_exists: it exists");
}

// ---- Topics ----

TEST_F(wamp_session, counts_the_handlers_of_a_topic) {
  const session made = joined();
  std::vector<text> heard;
  const auto first = made.subscribe("com.t", [&](int n) { heard.push_back("first " + std::to_string(n)); });
  const auto second = made.subscribe("com.t", [&](const event& about, arguments all) {
    heard.push_back("second " + std::to_string(all.rest.size()) + " " + about.publisher_authid());
  });
  EXPECT_EQ(sent(), R"([32,1,{},"com.t"])");
  EXPECT_EQ(sent(), R"([32,2,{},"com.t"])");
  say("[33,1,5]");
  say("[33,2,5]");
  say(R"([36,5,1,{"publisher_authid":"joe"},[7]])");
  EXPECT_THAT(heard, ElementsAre("first 7", "second 1 joe"));
  EXPECT_NO_THROW(first.value().unsubscribe().value());
  EXPECT_EQ(sent(), "");
  EXPECT_FALSE(first.value().active());
  say("[36,5,2,{},[8]]");
  EXPECT_THAT(heard, ElementsAre("first 7", "second 1 joe", "second 1 "));
  const auto gone = second.value().unsubscribe();
  EXPECT_EQ(sent(), "[34,3,5]");
  say("[36,5,3,{},[8]]");  // was under way
  say("[35,3]");
  EXPECT_NO_THROW(gone.value());
  EXPECT_EQ(heard.size(), 3U);
  EXPECT_TRUE(made.joined());
}

TEST_F(wamp_session, does_not_end_a_subscription_that_is_about_to_get_a_handler) {
  const session made = joined();
  const auto first = made.subscribe("com.t", [] {});
  sent();
  say("[33,1,5]");
  const auto second = made.subscribe("com.t", [] {});
  EXPECT_EQ(sent(), R"([32,2,{},"com.t"])");
  EXPECT_NO_THROW(first.value().unsubscribe().value());
  EXPECT_EQ(sent(), "");
  cancel(second);
  say("[33,2,5]");  // now nobody wants it
  EXPECT_EQ(sent(), "[34,3,5]");
  say("[35,3]");
  EXPECT_TRUE(made.joined());
}

TEST_F(wamp_session, tells_what_an_event_is_about) {
  const session made = joined();
  std::vector<text> heard;
  const auto subscribing = made.subscribe(
      "com.",
      [&](event about) {
        heard.push_back(about.topic() + " " + std::to_string(about.publication()) + " " +
                        std::to_string(about.publisher().value_or(0)) + " " + (about.retained() ? "retained" : "new") +
                        " " + to_text(about.kwargs()));
      },
      subscribe_options().match(match::prefix).get_retained());
  EXPECT_EQ(sent(), R"([32,1,{"get_retained":true,"match":"prefix"},"com."])");
  say("[33,1,5]");
  say(R"([36,5,9,{"topic":"com.x","publisher":3,"retained":true},[],{"a":1}])");
  EXPECT_THAT(heard, ElementsAre("com.x 9 3 retained {\"a\":1}"));
}

TEST_F(wamp_session, reports_what_handlers_of_events_throw_and_goes_on) {
  const session made = joined();
  int heard = 0;
  const auto one = made.subscribe("com.t", [](int) { throw std::runtime_error("in a handler"); });
  const auto two = made.subscribe("com.t", [](int) -> future<void> {
    co_await interloop::sleep(1ms);
    throw std::runtime_error("in a coroutine");
  });
  const auto three = made.subscribe("com.t", [&heard](int n) { heard += n; });
  for (const char* confirmed : {"[33,1,5]", "[33,2,5]", "[33,3,5]"}) say(confirmed);
  say("[36,5,1,{},[2]]");
  loop_.advance(2ms);
  EXPECT_THAT(escaped_, ElementsAre(HasSubstr("in a handler"), HasSubstr("in a coroutine")));
  escaped_.clear();
  say("[36,5,2,{},[\"x\"]]");
  EXPECT_EQ(escaped_.size(), 3U);
  escaped_.clear();
  EXPECT_EQ(heard, 2);
}

TEST_F(wamp_session, hears_when_the_router_ends_a_subscription) {
  const session made = joined();
  const auto one = made.subscribe("com.t", [] {});
  say("[33,1,5]");
  say(R"([35,0,{"subscription":5,"reason":"wamp.error.unsubscribed"}])");
  EXPECT_FALSE(one.value().active());
  EXPECT_NO_THROW(one.value().unsubscribe().value());
}

TEST_F(wamp_session, lets_handlers_unsubscribe_and_leave_inside) {
  const session made = joined();
  std::optional<subscription> mine;
  int heard = 0;
  const auto one = made.subscribe("com.t", [&] {
    ++heard;
    static_cast<void>(mine->unsubscribe());
  });
  const auto two = made.subscribe("com.t", [&] {
    ++heard;
    static_cast<void>(made.leave());
  });
  const auto three = made.subscribe("com.t", [&] { ++heard; });
  for (const char* confirmed : {"[33,1,5]", "[33,2,5]", "[33,3,5]"}) say(confirmed);
  mine = one.value();
  say("[36,5,1,{}]");
  EXPECT_EQ(heard, 2);  // the session was left before the third
  say(R"([6,{},"wamp.close.normal"])");
  EXPECT_FALSE(made.joined());
}

TEST_F(wamp_session, publishes_with_all_options) {
  const session made = joined();
  made.publish("com.t", 1, "x");
  EXPECT_EQ(sent(), R"([16,1,{},"com.t",[1,"x"]])");
  made.publish(publish_options().exclude_me(false).eligible({1, 2}).exclude_authid({"a"}).retain().kwarg("k", 1),
               "com.t");
  EXPECT_EQ(sent(),
            R"([16,2,{"eligible":[1,2],"exclude_authid":["a"],"exclude_me":false,"retain":true},"com.t",[],{"k":1}])");
  const auto acknowledged = made.publish_acknowledged("com.t", 1);
  const auto refused = made.publish_acknowledged(publish_options().disclose_me(), "com.t");
  EXPECT_EQ(sent(), R"([16,3,{"acknowledge":true},"com.t",[1]])");
  EXPECT_EQ(sent(), R"([16,4,{"acknowledge":true,"disclose_me":true},"com.t"])");
  say("[17,3,4429313566]");
  say(R"([8,16,4,{},"wamp.error.not_authorized"])");
  EXPECT_EQ(acknowledged.value(), 4429313566U);
  EXPECT_EQ(failed_with<application_error>(refused), "wamp.error.not_authorized");
}

TEST_F(wamp_session, leaves_a_testament) {
  const session made = joined();
  const auto adding = made.add_testament("com.t", 1, "x");
  EXPECT_EQ(
      sent(),
      R"([48,1,{},"wamp.session.add_testament",["com.t",[1,"x"],{}],{"publish_options":{},"scope":"destroyed"}])");
  say("[50,1,{},[null]]");
  EXPECT_NO_THROW(adding.value());
  const auto flushing = made.flush_testaments();
  EXPECT_EQ(sent(), R"([48,2,{},"wamp.session.flush_testaments",[],{"scope":"destroyed"}])");
  say("[50,2,{},[1]]");
  EXPECT_EQ(flushing.value(), 1U);
}

// ---- The end ----

TEST_F(wamp_session, says_goodbye_and_waits_for_the_routers) {
  const session made = joined();
  const auto call = made.call("com.a");
  sent();
  const auto left = made.leave("wamp.close.logout", "enough");
  EXPECT_EQ(sent(), R"([6,{"message":"enough"},"wamp.close.logout"])");
  EXPECT_THAT(failed_with<connection_lost>(call), HasSubstr("the session was left"));
  say("[50,1,{}]");
  say("[36,5,1,{}]");
  EXPECT_FALSE(is_called(left));
  say(R"([6,{},"wamp.close.normal"])");
  EXPECT_EQ(left.value().reason, "wamp.close.normal");
  EXPECT_EQ(left.value().error, std::nullopt);
  EXPECT_TRUE(wire_->closing);
  EXPECT_EQ(made.leave().value().reason, "wamp.close.normal");
  loop_->call_soon([this] { wire_->lose("closed"); });
  loop_.run_ready();
  EXPECT_TRUE(wire_->gone);
}

TEST_F(wamp_session, does_not_wait_long_for_a_router_that_does_not_say_goodbye) {
  const session made = joined();
  const auto left = made.leave();
  loop_.advance(2s);
  EXPECT_EQ(left.value().message, "the router did not answer GOODBYE");
  EXPECT_TRUE(wire_->gone);
}

TEST_F(wamp_session, answers_the_routers_goodbye) {
  const session made = joined();
  const auto left = made.left();
  say(R"([6,{"message":"maintenance"},"wamp.close.system_shutdown"])");
  EXPECT_EQ(sent(), R"([6,{},"wamp.close.goodbye_and_out"])");
  EXPECT_EQ(left.value().reason, "wamp.close.system_shutdown");
  EXPECT_EQ(left.value().message, "maintenance");
}

TEST_F(wamp_session, ends_with_its_last_handle) {
  session made = joined();
  const auto call = made.call("com.a");
  sent();
  const session other = made;
  made = {};
  EXPECT_TRUE(other.joined());
  wire_ = std::make_shared<wire>();
  std::optional<session> last = joined();
  const auto pending = last->call("com.a");
  last.reset();
  EXPECT_THAT(failed_with<connection_lost>(pending), HasSubstr("last handle"));
  EXPECT_FALSE(is_called(call));
  EXPECT_THROW(static_cast<void>(made.call("com.a")), usage_error);
}

TEST_F(wamp_session, cancels_procedures_that_run_when_it_ends) {
  session made = joined();
  int cancelled = 0;
  registered(made.register_("com.a",
                            [&cancelled]() -> future<void> {
                              try {
                                co_await interloop::sleep(1h);
                              } catch (const cancelled_error&) {
                                ++cancelled;
                                throw;
                              }
                            }),
             "[65,1,11]");
  say("[68,1,11,{}]");
  made = {};
  loop_.run_ready();
  EXPECT_EQ(cancelled, 1);
}

TEST_F(wamp_session, is_released_when_its_loop_closes_even_if_handlers_hold_it) {
  const auto counted = std::make_shared<int>(0);
  future<value> call;
  {
    const session made = joined();
    registered(made.register_("com.a", [made, counted] {}), "[65,1,11]");
    const auto subscribing = made.subscribe("com.t", [made, counted] {});
    say("[33,2,5]");
    registered(made.register_("com.b", [made, counted]() -> future<void> { co_await interloop::sleep(1h); }),
               "[65,3,12]");
    say("[68,1,12,{}]");
    call = made.call("com.never");
  }
  EXPECT_GT(counted.use_count(), 1);
  loop_->close();
  EXPECT_EQ(counted.use_count(), 1);
  EXPECT_TRUE(wire_->gone);
  EXPECT_TRUE(call.get_failure()->is<loop_closed>());
}

TEST(wamp_sessions, lose_nothing_wherever_they_are_cancelled) {
  const auto scenario = [](api async) -> future<void> {
    const auto over = std::make_shared<wire>();
    over->answers = content(async, over);
    session made = co_await join_by(async, std::make_unique<played_transport>(over), {});
    const auto adding = co_await made.register_("com.add", [](int a) { return a; });
    const auto hearing = co_await made.subscribe("com.t", [] {});
    const int answer = co_await made.call<int>("com.echo", 42);
    EXPECT_EQ(answer, 42);
    co_await made.publish_acknowledged("com.t");
    co_await hearing.unsubscribe();
    co_await adding.unregister();
    co_await made.leave();
  };
  EXPECT_EQ(interloop::testing::cancel_everywhere(scenario).text(), "");
}

}  // namespace
