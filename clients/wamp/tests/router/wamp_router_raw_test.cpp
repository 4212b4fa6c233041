// SPDX-License-Identifier: MIT
// What the router does with bytes and messages that our client does not send, and so what the client must be careful
// about. That something is ignored shows in what is said next, and answered.
#include "raw_connection.hpp"
#include "support.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>

namespace {

using namespace wamp_test;

const text hello =
    R"([1,"open",{"roles":{"caller":{"features":{"call_canceling":true}},"publisher":{},"subscriber":{}}}])";
const text hello_to_nowhere = R"([1,"nowhere",{"roles":{"caller":{}}}])";
const text goodbye = R"([6,{},"wamp.close.normal"])";

text call(const text& request, const text& procedure = "peer.rs.json.add", const text& args = "[1,2]") {
  return "[48," + request + ",{},\"" + procedure + "\"," + args + "]";
}

/// One of a message's first numbers; field 0 is its type.
text field(const text& message, int number) {
  std::size_t begin = 1;
  while (number-- > 0) begin = message.find(',', begin) + 1;
  return message.substr(begin, message.find_first_of(",]", begin) - begin);
}

class wamp_router_raw : public with_router {
 protected:
  /// Says HELLO.
  void join(raw_talk& by, const text& message = hello) {
    by.say(message);
    ASSERT_EQ(by.hear_summary(), "WELCOME");
  }
  using with_router::join;
};
// These tests have no loop, or just one session of ours.
INSTANTIATE_TEST_SUITE_P(loops, wamp_router_raw, ::testing::Values(interloop::test::own_loop_names().front()),
                         [](const auto& each) { return each.param; });

// ---- RawSocket ----

TEST_P(wamp_router_raw, answers_a_handshake_with_the_length_that_it_takes_or_ends_the_connection) {
  const struct {
    const char* what;
    const char* where;
    text says, hears;
  } all[] = {
      {"JSON", "unix", text("\x7f\xf1\0\0", 4), text("\x7f\xf1\0\0", 4)},
      {"MessagePack", "unix", text("\x7f\xf2\0\0", 4), text("\x7f\xf2\0\0", 4)},
      {"CBOR by TCP", "tcp", text("\x7f\xf3\0\0", 4), text("\x7f\xf3\0\0", 4)},
      {"a router that takes 4,096 bytes", "small", text("\x7f\xf1\0\0", 4), text("\x7f\x31\0\0", 4)},
      {"bytes that should be 0", "unix", text("\x7f\xf1\1\0", 4), text("\x7f\xf1\0\0", 4)},
      {"a serializer that it does not know", "unix", text("\x7f\xf4\0\0", 4), ""},
      {"another one", "tcp", text("\x7f\xf9\0\0", 4), ""},
      {"no serializer", "unix", text("\x7f\xf0\0\0", 4), ""},
      {"another protocol", "unix", text("\x7e\xf1\0\0", 4), ""},
  };
  for (const auto& each : all) {
    SCOPED_TRACE(each.what);
    const raw_connection connection(*router_, each.where);
    connection.write(each.says);
    EXPECT_EQ(connection.read(4), each.hears);  // nothing: the end has come
  }
}

TEST_P(wamp_router_raw, ends_the_connection_because_of_a_frame_that_is_longer_than_it_takes) {
  raw_rawsocket talk(*router_, "small");
  join(talk);
  const text rest = call("1", "peer.rs.json.echo", R"([""])");
  talk.say(call("1", "peer.rs.json.echo", "[\"" + text(4096 - rest.size(), 'x') + "\"]"));
  // The answer is longer than the router takes itself, but not longer than what it was told of the client.
  EXPECT_EQ(talk.hear_summary(), "RESULT 1");
  talk.say(call("2", "peer.rs.json.echo", "[\"" + text(4097 - rest.size(), 'x') + "\"]"));
  EXPECT_EQ(talk.hear_summary(), "closed");
}

TEST_P(wamp_router_raw, never_sends_a_welcome_that_is_longer_than_the_client_takes) {
  raw_rawsocket talk(*router_, "unix", 0);
  talk.say(hello);
  talk.say(call("1"));
  EXPECT_EQ(talk.hear_summary(), "RESULT 1");  // the session has begun, without a word
}

TEST_P(wamp_router_raw, ends_the_connection_because_of_a_ping_or_pong_of_rawsocket) {
  // It takes the frame's kind for a part of the length: 16 MiB more, or 32. So our client sends no pings.
  const char ping = 1, pong = 2;
  const struct {
    const char* where;
    char kind;
    const char* payload;
  } all[] = {{"unix", ping, "x"}, {"unix", pong, "x"}, {"unix", pong, ""}, {"small", ping, ""}};
  for (const auto& each : all) {
    SCOPED_TRACE(each.where + std::to_string(each.kind) + each.payload);
    raw_rawsocket talk(*router_, each.where);
    join(talk);
    talk.say(each.kind, each.payload);
    EXPECT_EQ(talk.hear_summary(), "closed");
  }
}

// ---- WebSocket ----

TEST_P(wamp_router_raw, chooses_the_first_subprotocol_of_the_client_that_it_knows) {
  const text none = "HTTP/1.1 400";
  const struct {
    text offers, chosen;
  } all[] = {
      {"wamp.2.json, wamp.2.cbor", "wamp.2.json"},
      {"wamp.2.cbor, wamp.2.json", "wamp.2.cbor"},
      {"wamp.2.cbor,wamp.2.msgpack,wamp.2.json", "wamp.2.cbor"},
      {"com.example.other, wamp.2.msgpack, wamp.2.json", "wamp.2.msgpack"},
      {"wamp.2.json.batched, wamp.2.json", "wamp.2.json.batched"},
      {"wamp.2.msgpack.batched", "wamp.2.msgpack.batched"},
      {"wamp.2.cbor.batched", "wamp.2.cbor.batched"},
      {"com.example.other", none},
      {"", none},
  };
  for (const auto& each : all) {
    SCOPED_TRACE(each.offers);
    const raw_websocket talk(*router_, each.offers);
    const bool chosen = each.chosen != none;
    EXPECT_THAT(talk.answer(), testing::StartsWith(chosen ? "HTTP/1.1 101" : none));
    if (!chosen) continue;
    EXPECT_THAT(talk.answer(), HasSubstr("Sec-WebSocket-Protocol: " + each.chosen + "\r\n"));
  }
}

TEST_P(wamp_router_raw, does_not_compress) {
  const raw_websocket talk(*router_, "wamp.2.json", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  EXPECT_THAT(talk.answer(), testing::StartsWith("HTTP/1.1 101"));
  EXPECT_THAT(talk.answer(), testing::Not(HasSubstr("Sec-WebSocket-Extensions")));
}

TEST_P(wamp_router_raw, takes_several_messages_in_one_frame_if_they_are_batched) {
  raw_websocket talk(*router_, "wamp.2.json.batched");
  const text end = "\x18";
  talk.say(hello + end);
  EXPECT_THAT(talk.hear(), testing::AllOf(testing::StartsWith("[2,"), testing::EndsWith(end)));
  talk.say(call("1") + end + call("2") + end);
  for (const char* begin : {"[50,1,", "[50,2,"})
    EXPECT_THAT(talk.hear(), testing::AllOf(testing::StartsWith(begin), testing::EndsWith(end)));
}

// ---- Messages, by both transports ----

TEST_P(wamp_router_raw, answers_ignores_or_ends_the_connection) {
  struct turn {
    text says, hears;  // nothing, if that is empty
  };
  const turn joins{hello, "WELCOME"};
  const turn still_there{call("77"), "RESULT 77"};
  const text waits = call("1", "peer.rs.json.wait", "[600]");
  const struct {
    const char* what;
    std::vector<turn> turns;
  } all[] = {
      {"a realm that does not exist", {{hello_to_nowhere, "ABORT wamp.error.no_such_realm"}, joins, still_there}},
      {"a second HELLO", {joins, {hello, ""}, still_there}},
      {"a second HELLO, for another realm", {joins, {hello_to_nowhere, ""}, still_there}},
      {"CALL before HELLO", {{call("1"), ""}, joins, still_there}},
      {"CALL after GOODBYE", {joins, {goodbye, "GOODBYE wamp.close.normal"}, {call("1"), ""}, joins, still_there}},
      {"GOODBYE in a call", {joins, {waits, ""}, {goodbye, "GOODBYE wamp.close.normal"}, joins, still_there}},
      {"ids in any order, and twice",
       {joins, {call("5"), "RESULT 5"}, {call("1"), "RESULT 1"}, {call("5"), "RESULT 5"}, still_there}},
      {"the largest id", {joins, {call("9007199254740992"), "RESULT 9007199254740992"}, still_there}},
      {"a larger id", {joins, {call("9007199254740993"), "closed 1002"}}},
      {"an authid that is null", {{R"([1,"open",{"roles":{"caller":{}},"authid":null}])", "closed 1002"}}},
      {"no roles", {{R"([1,"open",{"roles":{}}])", "closed 1002"}}},
      {"not even an empty dictionary of them", {{R"([1,"open",{}])", "closed 1002"}}},
      {"ABORT in a session", {joins, {R"([3,{},"com.test.enough"])", "closed 1002"}}},
      {"a message of another type", {joins, {"[99,1]", "closed 1002"}}},
      {"not a message", {joins, {"{}", "closed 1002"}}},
      {"not JSON", {joins, {"[", "closed 1002"}}},
      {"CALL of a malformed URI, with a pending call", {joins, {waits, ""}, {call("2", "a..b"), "closed 1011"}}},
      {"another one", {joins, {call("1", "a b"), "closed 1011"}}},
      {"REGISTER of one", {joins, {R"([64,1,{},"a#"])", "closed 1011"}}},
      {"PUBLISH of one", {joins, {R"([16,1,{"acknowledge":true},"a."])", "closed 1011"}}},
      {"SUBSCRIBE of one", {joins, {R"([32,1,{},"a b"])", "closed 1011"}}},
      // Which would be a wildcard.
      {"SUBSCRIBE of an empty component",
       {joins, {R"([32,1,{},"a..b"])", "ERROR 1 wamp.error.invalid_uri"}, still_there}},
      {"CALL of wamp.…", {joins, {call("1", "wamp.mine"), "ERROR 1 wamp.error.no_such_procedure"}, still_there}},
      {"PUBLISH of wamp.…",
       {joins, {R"([16,1,{"acknowledge":true},"wamp.mine"])", "ERROR 1 wamp.error.invalid_uri"}, still_there}},
      {"SUBSCRIBE of wamp.…", {joins, {R"([32,1,{},"wamp.mine"])", "SUBSCRIBED 1"}, still_there}},
  };
  for (const bool websocket : {false, true}) {
    for (const auto& each : all) {
      SCOPED_TRACE(text(each.what) + (websocket ? " by WebSocket" : " by RawSocket"));
      std::unique_ptr<raw_talk> talk;
      if (websocket)
        talk = std::make_unique<raw_websocket>(*router_, "wamp.2.json");
      else
        talk = std::make_unique<raw_rawsocket>(*router_);
      for (const turn& now : each.turns) {
        talk->say(now.says);
        if (now.hears.empty()) continue;
        // RawSocket has no codes.
        const bool bare = !websocket && now.hears.starts_with("closed");
        ASSERT_EQ(talk->hear_summary(), bare ? "closed" : now.hears);
      }
    }
  }
}

// ---- Calls and events ----

/// A callee with the procedures NAME and `fence`.
class raw_callee {
 public:
  raw_callee(const wamp_router& router, const text& features, const text& name) : talk_(router) {
    talk_.say(R"([1,"open",{"roles":{"callee":{"features":)" + features + "}}}]");
    EXPECT_EQ(talk_.hear_summary(), "WELCOME");
    talk_.say("[64,1,{},\"" + name + "\"]");
    EXPECT_EQ(talk_.hear_summary(), "REGISTERED 1");
    talk_.say("[64,2,{},\"" + name + ".fence\"]");
    EXPECT_EQ(talk_.hear_summary(), "REGISTERED 2");
  }
  /// What comes before the next INVOCATION, of which this keeps the id.
  texts hear_until_invocation() {
    for (texts heard;;) {
      const text next = talk_.hear();
      heard.push_back(next.starts_with("[69,") ? next.substr(next.find('{')) : summary(next));
      if (heard.back() != "INVOCATION") continue;
      id_ = field(next, 1);
      details_ = next.substr(next.find('{'));
      heard.pop_back();
      return heard;
    }
  }
  [[nodiscard]] const text& invocation() const { return id_; }
  [[nodiscard]] const text& details() const { return details_; }
  void yield(const text& invocation, const text& options = "{}") {
    talk_.say("[70," + invocation + "," + options + "]");
  }

 private:
  raw_rawsocket talk_;
  text id_, details_;
};

TEST_P(wamp_router_raw, cancels_only_at_callees_that_have_announced_it) {
  const text announced = R"({"call_canceling":true})", cancelled = "ERROR 1 wamp.error.canceled", goes_on = "RESULT 2";
  const struct {
    text features, options;
    texts callee_hears;  // the options of INTERRUPT
    texts caller_hears;  // by then, the callee has yielded, late
  } all[] = {
      {"{}", R"({"mode":"skip"})", {}, {goes_on}},
      {"{}", R"({"mode":"kill"})", {}, {goes_on}},
      {"{}", R"({"mode":"killnowait"})", {}, {goes_on}},
      {"{}", "{}", {}, {goes_on}},
      {announced, R"({"mode":"skip"})", {}, {goes_on}},
      {announced, R"({"mode":"kill"})", {R"({"mode":"kill"}])"}, {cancelled, goes_on}},
      {announced, R"({"mode":"killnowait"})", {R"({"mode":"killnowait"}])"}, {cancelled, goes_on}},
      {announced, "{}", {"{}]"}, {cancelled, goes_on}},
  };
  for (const auto& each : all) {
    SCOPED_TRACE(each.features + " " + each.options);
    raw_callee callee(*router_, each.features, name("slow"));
    raw_rawsocket caller(*router_);
    join(caller);
    caller.say(call("1", name("slow")));
    EXPECT_EQ(callee.hear_until_invocation(), texts());
    const text slow = callee.invocation();
    caller.say("[49,1," + each.options + "]");
    caller.say(call("2", name("slow.fence")));
    EXPECT_EQ(callee.hear_until_invocation(), each.callee_hears);
    callee.yield(slow);
    callee.yield(callee.invocation());
    for (const text& next : each.caller_hears) EXPECT_EQ(caller.hear_summary(), next);
    caller.say(call("3"));
    EXPECT_EQ(caller.hear_summary(), "RESULT 3");
  }
}

TEST_P(wamp_router_raw, leaves_it_to_our_client_to_settle_a_call_that_cannot_be_cancelled) {
  raw_callee callee(*router_, "{}", name("stubborn"));
  const wamp::session session = join();
  for (const auto mode : {wamp::cancel_mode::skip, wamp::cancel_mode::kill, wamp::cancel_mode::killnowait}) {
    const auto stubborn = session.call<int>(wamp::call_options().on_cancel(mode), name("stubborn"));
    get(session.call<int>("peer.rs.json.add", 1, 1));  // the one before was sent
    EXPECT_EQ(callee.hear_until_invocation(), texts());
    interloop::cancel(stubborn);
    failed_with<interloop::cancelled_error>(stubborn);
    EXPECT_EQ(session.in_flight(), 0u);
    callee.yield(callee.invocation());
    EXPECT_EQ(get(session.call<int>("peer.rs.json.add", 1, 1)), 2);
  }
}

TEST_P(wamp_router_raw, passes_on_progress_that_nobody_has_asked_for) {
  raw_callee callee(*router_, "{}", name("chatty"));
  raw_rawsocket caller(*router_);
  join(caller);
  caller.say(call("1", name("chatty")));
  EXPECT_EQ(callee.hear_until_invocation(), texts());
  callee.yield(callee.invocation(), R"({"progress":true})");
  callee.yield(callee.invocation());
  EXPECT_THAT(caller.hear(), testing::AllOf(testing::StartsWith("[50,1,"), HasSubstr(R"("progress":true)")));
  EXPECT_THAT(caller.hear(), testing::AllOf(testing::StartsWith("[50,1,"), testing::Not(HasSubstr("progress"))));
}

TEST_P(wamp_router_raw, passes_on_a_time_limit_and_keeps_none_itself) {
  raw_callee callee(*router_, "{}", name("late"));
  raw_rawsocket caller(*router_);
  join(caller);
  caller.say(R"([48,1,{"timeout":1},")" + name("late") + "\"]");
  EXPECT_EQ(callee.hear_until_invocation(), texts());
  EXPECT_THAT(callee.details(), HasSubstr(R"("timeout":1,)"));
  get(async_.sleep(20ms));
  callee.yield(callee.invocation());
  EXPECT_EQ(caller.hear_summary(), "RESULT 1");
}

TEST_P(wamp_router_raw, passes_on_bytes_instead_of_arguments_which_our_client_survives) {
  raw_rawsocket publisher(*router_);
  join(publisher);
  const wamp::session session = get(wamp::join(async_, router_->url("unix"), "open"));
  int heard = 0;
  get(session.subscribe(name("sealed"), [&](const text&) { ++heard; }));
  get(session.register_(name("sealed"), [](const wamp::arguments&) { ADD_FAILURE(); }));
  const text sealed = R"({"acknowledge":true,"enc_algo":"cryptobox","enc_serializer":"json"},")" + name("sealed") +
                      R"(","\u0000AAAA"])";
  publisher.say("[16,1," + sealed);
  EXPECT_EQ(publisher.hear_summary(), "PUBLISHED 1");
  publisher.say("[48,2," + sealed);
  publisher.say("[16,3,{},\"" + name("sealed") + R"(",["open"]])");
  until([&] { return heard == 1; });
  EXPECT_THAT(std::exchange(escaped_, {}),
              ElementsAre(HasSubstr("the arguments of an event cannot be read: they are bytes")));
  EXPECT_TRUE(session.joined());
  get(session.leave());
  EXPECT_EQ(publisher.hear_summary(), "ERROR 2 wamp.error.invalid_argument");
}

TEST_P(wamp_router_raw, says_without_being_asked_that_a_procedure_was_taken) {
  raw_rawsocket one(*router_), other(*router_);
  for (raw_rawsocket* each : {&one, &other}) join(*each, R"([1,"open",{"roles":{"callee":{}}}])");
  one.say("[64,1,{},\"" + name("taken") + "\"]");
  const text registration = field(one.hear(), 2);
  other.say(R"([64,1,{"force_reregister":true},")" + name("taken") + "\"]");
  EXPECT_EQ(other.hear_summary(), "REGISTERED 1");
  EXPECT_EQ(one.hear(), R"([67,0,{"reason":"wamp.error.unregistered","registration":)" + registration + "}]");
}

TEST_P(wamp_router_raw, has_one_subscription_of_a_session_however_often_it_asks) {
  raw_rawsocket subscriber(*router_), publisher(*router_);
  for (raw_rawsocket* each : {&subscriber, &publisher}) join(*each);
  texts ids;
  for (const char* request : {"1", "2"}) {
    subscriber.say(text("[32,") + request + ",{},\"" + name("twice") + "\"]");
    ids.push_back(field(subscriber.hear(), 2));
  }
  EXPECT_EQ(ids[0], ids[1]);
  const auto publish = [&] {
    publisher.say(R"([16,1,{"acknowledge":true},")" + name("twice") + "\"]");
    EXPECT_EQ(publisher.hear_summary(), "PUBLISHED 1");
    subscriber.say(call("3"));  // whose result comes behind all events
  };
  publish();
  EXPECT_EQ(subscriber.hear_summary(), "EVENT");
  EXPECT_EQ(subscriber.hear_summary(), "RESULT 3");
  subscriber.say("[34,4," + ids[0] + "]");
  EXPECT_EQ(subscriber.hear(), "[35,4]");
  publish();
  EXPECT_EQ(subscriber.hear_summary(), "RESULT 3");
}

TEST_P(wamp_router_raw, gives_a_retained_event_another_id_at_each_delivery) {
  raw_rawsocket talk(*router_);
  join(talk);
  talk.say(R"([16,1,{"acknowledge":true,"retain":true},")" + name("kept") + "\"]");
  texts ids{field(talk.hear(), 2)};
  for (int i = 0; i < 2; ++i) {
    talk.say(R"([32,2,{"get_retained":true},")" + name("kept") + "\"]");
    EXPECT_EQ(talk.hear_summary(), "SUBSCRIBED 2");
    const text event = talk.hear();
    EXPECT_THAT(event, HasSubstr(R"("retained":true)"));
    EXPECT_EQ(std::count(ids.begin(), ids.end(), field(event, 2)), 0);
    ids.push_back(field(event, 2));
  }
}

TEST_P(wamp_router_raw, keeps_all_events_for_a_subscriber_that_does_not_read_and_lets_others_go_on) {
  const int count = 1000;  // 16 MB: much more than sockets keep
  const text filler(16'000, 'x');
  raw_rawsocket slow(*router_), fast(*router_), publisher(*router_);
  for (raw_rawsocket* each : {&slow, &fast, &publisher}) join(*each);
  for (raw_rawsocket* each : {&slow, &fast}) {
    each->say("[32,1,{},\"" + name("many") + "\"]");
    ASSERT_EQ(each->hear_summary(), "SUBSCRIBED 1");
  }
  const auto publish = [&](int number, const char* options) {
    publisher.say("[16," + std::to_string(number) + "," + options + ",\"" + name("many") + "\",[" +
                  std::to_string(number) + ",\"" + filler + "\"]]");
  };
  const auto hears_all = [&](raw_rawsocket& subscriber) {
    for (int i = 0; i < count; ++i) {
      const text event = subscriber.hear();
      ASSERT_THAT(event.substr(0, 4), "[36,");
      ASSERT_TRUE(event.ends_with("[" + std::to_string(i) + ",\"" + filler + "\"]]")) << i;
    }
  };
  for (int i = 0; i < count; ++i) publish(i, i == count - 1 ? R"({"acknowledge":true})" : "{}");
  ASSERT_EQ(publisher.hear_summary(), "PUBLISHED " + std::to_string(count - 1));
  hears_all(fast);
  publisher.say(call("1"));
  EXPECT_EQ(publisher.hear_summary(), "RESULT 1");
  hears_all(slow);
}

}  // namespace
