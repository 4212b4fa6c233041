// SPDX-License-Identifier: MIT
// What a real router does where a good guess is wrong; who may join; patterns, policies, testaments, meta events.
#include "clients/wamp/authenticate.hpp"
#include "support.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

namespace {

using namespace wamp_test;

class wamp_router_calls : public with_router {};
class wamp_router_events : public with_router {};
class wamp_router_joining : public with_router {};
WAMP_ON_TWO_LOOPS(wamp_router_calls);
WAMP_ON_TWO_LOOPS(wamp_router_events);
WAMP_ON_TWO_LOOPS(wamp_router_joining);

// ---- Joining ----

TEST_P(wamp_router_joining, is_refused_by_a_realm_that_does_not_exist) {
  const auto why = error_of<wamp::join_refused>(wamp::join(async_, router_->url("rs"), "nowhere"));
  EXPECT_EQ(why.uri(), "wamp.error.no_such_realm");
  EXPECT_TRUE(why.for_good());
}

TEST_P(wamp_router_joining, proves_who_it_is_in_each_way) {
  const text& secret = router_->value("secret");
  const std::vector<std::pair<text, wamp::authentication>> ways{
      {"ticket", wamp::ticket{"ticket_user", router_->value("ticket")}},
      {"wampcra", wamp::wampcra{"wampcra_user", secret}},
      {"wampcra", wamp::wampcra{"salted_user", secret}},
      {"scram", wamp::scram{"scram_user", secret}},
      {"cryptosign", wamp::cryptosign{"cryptosign_user", router_->value("private_key")}}};
  for (const char* scheme : {"rs", "wss"}) {
    for (const auto& [method, way] : ways) {
      SCOPED_TRACE(method + " by " + scheme);
      wamp::session_options who("guarded");
      who.authentications = {way};
      const wamp::session session = get(wamp::join(async_, by(scheme), who));
      EXPECT_EQ(session.details().authmethod, method);
      EXPECT_EQ(session.details().authrole, "user");
      EXPECT_THAT(session.details().authid, HasSubstr("_user"));
      get(session.leave());
    }
  }
}

TEST_P(wamp_router_joining, is_refused_with_a_wrong_secret_which_no_message_shows) {
  const text wrong = "a very wrong one";
  const std::vector<wamp::authentication> ways{wamp::ticket{"ticket_user", wrong},
                                               wamp::wampcra{"wampcra_user", wrong},
                                               wamp::wampcra{"salted_user", wrong},
                                               wamp::scram{"scram_user", wrong},
                                               wamp::cryptosign{"cryptosign_user", text(64, '1')},
                                               wamp::ticket{"nobody", wrong}};
  for (const auto& way : ways) {
    SCOPED_TRACE(way.index());
    wamp::session_options who("guarded");
    who.authentications = {way};
    const auto why = error_of<wamp::join_refused>(wamp::join(async_, by("rs"), who));
    EXPECT_TRUE(why.for_good()) << why.uri();
    EXPECT_THAT(text(why.what()), testing::Not(HasSubstr(wrong)));
  }
}

TEST_P(wamp_router_joining, proves_who_it_is_by_a_key_of_argon2) {
  if (!wamp::has_argon2()) GTEST_SKIP() << "built without libargon2";
  for (const char* scheme : {"rs", "wss"}) {
    wamp::session_options who("guarded");
    who.authentications = {wamp::scram{"argon2_user", router_->value("secret")}};
    const wamp::session session = get(wamp::join(async_, by(scheme), who));
    EXPECT_EQ(session.details().authmethod, "scram");
    EXPECT_EQ(session.details().authid, "argon2_user");
    get(session.leave());
    who.authentications = {wamp::scram{"argon2_user", "a wrong one"}};
    EXPECT_TRUE(error_of<wamp::join_refused>(wamp::join(async_, by(scheme), who)).for_good());
  }
}

TEST_P(wamp_router_joining, gives_up_a_welcome_that_does_not_come) {
  // The router's WELCOME is longer than the 512 bytes of this session, so it is never sent.
  wamp::transport_options how = by("rs");
  how.largest = 512;
  wamp::session_options who("open");
  who.join_timeout = 200ms;
  failed_with<interloop::timeout_error>(wamp::join(async_, how, who));
}

TEST_P(wamp_router_joining, refuses_a_certificate_that_nobody_it_trusts_has_signed) {
  for (const char* scheme : {"wss", "rss"}) {
    wamp::transport_options how = by(scheme);
    how.tls.authorities.clear();
    failed_with<wamp::connection_error>(wamp::join(async_, how, "open"));
    how.tls.authorities = router_->value("authority");
    how.tls.server_name = "other.test";
    failed_with<wamp::connection_error>(wamp::join(async_, how, "open"));
    how.tls.server_name = "wamp.test";
    get(get(wamp::join(async_, how, "open")).leave());
  }
}

TEST_P(wamp_router_joining, speaks_the_serializer_that_it_asked_for_first) {
  using enum wamp::serializer;
  for (const auto& [format, protocol] :
       {std::pair(json, "wamp.2.json"), {msgpack, "wamp.2.msgpack"}, {cbor, "wamp.2.cbor"}}) {
    wamp::transport_options how = by("ws");
    how.serializers = {format};
    for (const auto each : {json, msgpack, cbor})
      if (each != format) how.serializers.push_back(each);
    const wamp::session session = join(how);
    const auto about = get(session.call<wamp::value>("wamp.session.get", session.id()));
    EXPECT_EQ(about["transport"]["websocket_protocol"].text(), protocol);
  }
}

TEST_P(wamp_router_joining, leaves_and_is_left) {
  const wamp::session leaving = join();
  const wamp::session watching = join();
  const auto pending = leaving.call<int>("peer.rs.json.wait", 600);
  const auto left = leaving.left();
  EXPECT_FALSE(get(leaving.leave("com.test.enough", "bye")).error.has_value());
  failed_with<wamp::connection_lost>(pending);
  EXPECT_FALSE(get(left).error.has_value());
  failed_with<wamp::connection_error>(leaving.call<int>("peer.rs.json.add", 1, 1));
  // The router ends the other one.
  const auto killed = watching.left();
  get(join().call<void>("wamp.session.kill", watching.id()));
  EXPECT_FALSE(get(killed).reason.empty());
  EXPECT_FALSE(watching.joined());
}

// ---- Calls ----

TEST_P(wamp_router_calls, fails_as_the_router_says) {
  const wamp::session one = join();
  const wamp::session other = join();
  EXPECT_EQ(error_of<wamp::application_error>(one.call<int>(name("nothing"))).uri(), "wamp.error.no_such_procedure");
  get(one.register_(name("mine"), [] {}));
  EXPECT_EQ(error_of<wamp::application_error>(other.register_(name("mine"), [] {})).uri(),
            "wamp.error.procedure_already_exists");
  get(one.register_(name("shared"), [] {}, wamp::register_options().invoke(wamp::invoke::round_robin)));
  EXPECT_EQ(error_of<wamp::application_error>(
                other.register_(
                    name("shared"), [] {}, wamp::register_options().invoke(wamp::invoke::random)))
                .uri(),
            "wamp.error.procedure_exists_with_different_invocation_policy");
}

TEST_P(wamp_router_calls, refuses_what_would_lose_the_connection) {
  const wamp::session session = join();
  EXPECT_THROW(static_cast<void>(session.call<int>("not a uri#")), interloop::usage_error);
  EXPECT_THROW(session.publish("a..b"), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(session.register_("wamp.mine", [] {})), interloop::usage_error);
  EXPECT_EQ(get(session.call<int>("peer.rs.json.add", 1, 1)), 2);
}

TEST_P(wamp_router_calls, refuses_a_message_that_is_longer_than_the_router_takes) {
  const wamp::session session = join("rs://127.0.0.1:" + router_->value("small"));
  EXPECT_THROW(static_cast<void>(session.call<text>("peer.rs.cbor.echo", text(5000, 'x'))), wamp::protocol_error);
  EXPECT_EQ(get(session.call<text>("peer.rs.cbor.echo", text(3000, 'x'))).size(), 3000u);
  EXPECT_EQ(session.in_flight(), 0u);
  // A WebSocket's peer does not say how much it takes, but closes.
  const wamp::session unlucky = join("ws://127.0.0.1:" + router_->value("small") + "/ws");
  failed_with<wamp::connection_lost>(unlucky.call<text>("peer.rs.cbor.echo", text(5000, 'x')));
  EXPECT_FALSE(unlucky.joined());
}

TEST_P(wamp_router_calls, sends_megabytes_there_and_back) {
  const text large(3'000'000, 'x');
  for (const char* scheme : {"ws", "rss"})
    EXPECT_EQ(get(join(by(scheme)).call<text>("peer.rs.cbor.echo", large)), large);
}

TEST_P(wamp_router_calls, cancels_at_the_callee_as_the_mode_says) {
  const wamp::session caller = join(by("ws"));
  const wamp::session callee = join();
  int started = 0, interrupted = 0;
  get(callee.register_(name("slow"), [&, this]() -> interloop::future<int> {
    ++started;
    try {
      co_await async_.sleep(10min);
    } catch (const interloop::cancelled_error&) {
      ++interrupted;
      throw;
    }
    co_return 1;
  }));
  get(callee.register_(name("fence"), [] {}));
  int called = 0, expected = 0;
  for (const auto mode : {wamp::cancel_mode::kill, wamp::cancel_mode::killnowait, wamp::cancel_mode::skip}) {
    const auto slow = caller.call<int>(wamp::call_options().on_cancel(mode), name("slow"));
    ++called;
    until([&] { return started == called; });
    interloop::cancel(slow);
    failed_with<interloop::cancelled_error>(slow);
    EXPECT_EQ(caller.in_flight(), 0u);
    if (mode != wamp::cancel_mode::skip) ++expected;
    get(caller.call<void>(name("fence")));  // what the router sends the callee because of the cancellation comes before
    EXPECT_EQ(interrupted, expected);
  }
}

TEST_P(wamp_router_calls, keeps_a_time_limit_that_the_router_only_passes_on) {
  const wamp::session session = join();
  const auto before = get(session.call<int>("peer.ws.json.were_cancelled"));
  const auto slow = session.call<int>(wamp::call_options().timeout(50ms), "peer.ws.json.wait", 600);
  EXPECT_THAT(failed_with<interloop::timeout_error>(slow), HasSubstr("50"));
  until([&] { return get(session.call<int>("peer.ws.json.were_cancelled")) == before + 1; });
  EXPECT_EQ(session.in_flight(), 0u);
}

TEST_P(wamp_router_calls, drops_a_result_that_comes_after_its_time_limit) {
  const wamp::session caller = join();
  const wamp::session callee = join();
  interloop::future<int> late;
  get(callee.register_(name("late"), [&, this] {
    late = async_.create_future<int>();
    return interloop::shield(late);  // which does not pass on that the call was cancelled
  }));
  const auto slow =
      caller.call<int>(wamp::call_options().timeout(20ms).on_cancel(wamp::cancel_mode::kill), name("late"));
  failed_with<interloop::timeout_error>(slow);
  until([&] { return static_cast<bool>(late); });  // a busy machine may have called nothing in that time
  interloop::resolve(late, 1);
  EXPECT_EQ(get(caller.call<int>("peer.rs.json.add", 1, 1)), 2);
}

TEST_P(wamp_router_calls, fails_when_the_callee_has_gone) {
  const wamp::session caller = join();
  wamp::session callee = join();
  bool called = false;
  get(callee.register_(name("leaving"), [&, this]() -> interloop::future<void> {
    called = true;
    co_await async_.sleep(10min);
  }));
  const auto slow = caller.call<void>(name("leaving"));
  until([&] { return called; });
  get(callee.leave());
  EXPECT_EQ(error_of<wamp::application_error>(slow).uri(), "wamp.error.canceled");
}

TEST_P(wamp_router_calls, tells_who_calls) {
  const wamp::session caller = join();
  const wamp::session callee = join();
  std::optional<std::uint64_t> who;
  text authrole;
  get(callee.register_(name("who"), [&](wamp::invocation call) {
    who = call.caller();
    authrole = call.caller_authrole();
  }));
  get(caller.call<void>(wamp::call_options().disclose_me(), name("who")));
  EXPECT_EQ(who, caller.id());
  EXPECT_EQ(authrole, "anonymous");
  const auto seen = get(caller.call<wamp::result>(wamp::call_options().disclose_me(), "peer.ws.msgpack.who"));
  EXPECT_EQ(seen.kwargs.at("caller").natural(), caller.id());
}

TEST_P(wamp_router_calls, takes_keywords_both_ways) {
  const wamp::session session = join();
  const auto got = get(
      session.call<wamp::result>(wamp::call_options().kwarg("unit", "m").kwarg("depth", 3), "peer.ws.cbor.echo", 1));
  EXPECT_EQ(got.args, wamp::list{1});
  EXPECT_EQ(got.kwargs, (wamp::dict{{"depth", 3}, {"unit", "m"}}));
  get(session.register_(name("both"), [](wamp::invocation call, int first) {
    return wamp::result{{first, "two"}, {{"seen", call.kwargs().at("key")}}, {}};
  }));
  const wamp::value told =
      get(session.call<wamp::result>("peer.ws.cbor.call", name("both"), wamp::list{7}, wamp::dict{{"key", "value"}}))
          .kwargs;
  EXPECT_EQ(told["args"], (wamp::value(wamp::list{7, "two"})));
  EXPECT_EQ(told["kwargs"]["seen"].text(), "value");
}

TEST_P(wamp_router_calls, answers_errors_with_arguments_to_an_autobahn_caller) {
  const wamp::session session = join();
  get(session.register_(name("fails"), [](int n) -> int {
    if (n == 1) throw wamp::application_error("com.test.error.one", wamp::list{"one", 1}, {{"more", true}});
    throw std::runtime_error("broken");
  }));
  const auto ask = [&](auto... args) {
    return wamp::value(
        get(session.call<wamp::result>("peer.rs.msgpack.call", name("fails"), wamp::list{args...})).kwargs);
  };
  const auto one = ask(1);
  EXPECT_EQ(one["uri"].text(), "com.test.error.one");
  EXPECT_EQ(one["args"], (wamp::value(wamp::list{"one", 1})));
  EXPECT_TRUE(one["kwargs"]["more"].boolean());
  const auto other = ask(2);
  EXPECT_EQ(other["uri"].text(), "wamp.error.runtime_error");
  EXPECT_THAT(other["args"][0].text(), HasSubstr("broken"));
  EXPECT_EQ(ask("text")["uri"].text(), "wamp.error.invalid_argument");
  EXPECT_EQ(ask()["uri"].text(), "wamp.error.invalid_argument");
}

TEST_P(wamp_router_calls, has_the_traceback_of_an_autobahn_callee) {
  const wamp::session session = join();
  const auto why = error_of<wamp::application_error>(session.call<void>("peer.ws.json.crash", "it broke"));
  EXPECT_EQ(why.uri(), "wamp.error.runtime_error");
  EXPECT_THAT(why.args().at(0).text(), HasSubstr("it broke"));
  EXPECT_THAT(why.traceback(), HasSubstr("ValueError"));
}

TEST_P(wamp_router_calls, sends_progress_to_an_autobahn_caller_that_wants_it) {
  const wamp::session session = join();
  get(session.register_(name("count"), [this](wamp::invocation call, int to) -> interloop::future<int> {
    for (int i = 0; i < to; ++i) {
      call.progress(i);
      co_await async_.sleep(0ms);
    }
    co_return to;
  }));
  const wamp::value told = get(session.call<wamp::result>("peer.rs.json.call", name("count"), wamp::list{3},
                                                          wamp::dict{}, wamp::dict{{"progress", true}}))
                               .kwargs;
  EXPECT_EQ(told["progress"], wamp::to_value(std::vector<std::vector<int>>{{0}, {1}, {2}}));
  EXPECT_EQ(told["args"][0].integer(), 3);
  const wamp::value plain = get(session.call<wamp::result>("peer.rs.json.call", name("count"), wamp::list{3})).kwargs;
  EXPECT_TRUE(plain["progress"].elements().empty());
}

TEST_P(wamp_router_calls, is_cancelled_by_an_autobahn_caller) {
  const wamp::session session = join();
  int interrupted = 0;
  get(session.register_(name("slow"), [&, this]() -> interloop::future<void> {
    try {
      co_await async_.sleep(10min);
    } catch (const interloop::cancelled_error&) {
      ++interrupted;
      throw;
    }
  }));
  EXPECT_EQ(get(session.call<text>("peer.ws.cbor.call_and_cancel", name("slow"), "kill")), "cancelled");
  until([&] { return interrupted == 1; });
}

TEST_P(wamp_router_calls, prefers_exact_names_to_prefixes_and_those_to_wildcards) {
  const wamp::session session = join();
  const text base = name("pattern");
  const auto procedure = [&](const text& what, const text& uri, wamp::match how) {
    get(session.register_(
        uri, [what](wamp::invocation call) { return what + " " + call.procedure(); },
        wamp::register_options().match(how)));
  };
  procedure("exact", base + ".a.b", wamp::match::exact);
  procedure("prefix", base + ".a", wamp::match::prefix);
  procedure("wildcard", base + "..b", wamp::match::wildcard);
  EXPECT_THAT(get(session.call<text>(base + ".a.b")), testing::StartsWith("exact"));
  EXPECT_EQ(get(session.call<text>(base + ".a.c")), "prefix " + base + ".a.c");
  EXPECT_EQ(get(session.call<text>(base + ".aq")), "prefix " + base + ".aq");  // by text, not by component
  EXPECT_EQ(get(session.call<text>(base + ".x.b")), "wildcard " + base + ".x.b");
  EXPECT_EQ(get(session.call<text>("peer.ws.json.prefix.one")), "peer.ws.json.prefix.one");
  EXPECT_EQ(get(session.call<text>("peer.ws.json.any.wildcard")), "peer.ws.json.any.wildcard");
}

TEST_P(wamp_router_calls, shares_a_procedure) {
  const wamp::session one = join();
  const wamp::session two = join();
  const auto shared = wamp::register_options().invoke(wamp::invoke::round_robin);
  get(one.register_(name("shared"), [] { return 1; }, shared));
  get(two.register_(name("shared"), [] { return 2; }, shared));
  std::map<int, int> counts;
  for (int i = 0; i < 10; ++i) ++counts[get(one.call<int>(name("shared")))];
  EXPECT_EQ(counts, (std::map<int, int>{{1, 5}, {2, 5}}));
}

TEST_P(wamp_router_calls, is_told_when_another_takes_its_procedure) {
  const wamp::session one = join();
  const wamp::session two = join();
  text reason;
  const auto mine = get(one.register_(
      name("taken"), [] { return 1; }, wamp::register_options().on_ended([&](const text& why) { reason = why; })));
  get(two.register_(name("taken"), [] { return 2; }, wamp::register_options().force()));
  until([&] { return !mine.active(); });
  EXPECT_EQ(reason, "wamp.error.unregistered");
  EXPECT_EQ(get(one.call<int>(name("taken"))), 2);
}

TEST_P(wamp_router_calls, has_thousands_in_flight) {
  const wamp::session caller = join();
  const wamp::session callee = join();
  get(callee.register_(name("double"), [](int n) { return 2 * n; }));
  std::vector<interloop::future<int>> all;
  for (int i = 0; i < 10'000; ++i) all.push_back(caller.call<int>(name("double"), i));
  EXPECT_EQ(caller.in_flight(), 10'000u);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(get(all[static_cast<std::size_t>(i)]), 2 * i);
  EXPECT_EQ(caller.in_flight(), 0u);
}

// ---- Events ----

TEST_P(wamp_router_events, counts_handlers_of_one_topic_itself) {
  const wamp::session session = join();
  const wamp::session other = join();
  int first = 0, second = 0;
  const auto one = get(session.subscribe(name("topic"), [&] { ++first; }));
  const auto two = get(session.subscribe(name("topic"), [&] { ++second; }));
  EXPECT_EQ(one.id(), two.id());
  get(other.publish_acknowledged(name("topic")));
  until([&] { return first == 1 && second == 1; });
  get(one.unsubscribe());
  get(other.publish_acknowledged(name("topic")));
  until([&] { return second == 2; });
  EXPECT_EQ(first, 1);
  get(two.unsubscribe());
  get(other.publish_acknowledged(name("topic")));
  get(session.call<int>("peer.ws.json.add", 1, 1));
  EXPECT_EQ(second, 2);
}

TEST_P(wamp_router_events, is_not_heard_where_it_is_forbidden) {
  wamp::session_options who("guarded");
  who.authentications = {wamp::ticket{"ticket_user", router_->value("ticket")}};
  const wamp::session session = get(wamp::join(async_, by("rs"), who));
  EXPECT_EQ(error_of<wamp::application_error>(session.publish_acknowledged("closed.topic", 1)).uri(),
            "wamp.error.not_authorized");
  session.publish("closed.topic", 1);  // nobody is told
  EXPECT_EQ(error_of<wamp::application_error>(session.subscribe("closed.topic", [] {})).uri(),
            "wamp.error.not_authorized");
  EXPECT_EQ(error_of<wamp::application_error>(session.register_("closed.procedure", [] {})).uri(),
            "wamp.error.not_authorized");
  EXPECT_EQ(error_of<wamp::application_error>(session.call<void>("closed.procedure")).uri(),
            "wamp.error.not_authorized");
  EXPECT_GT(get(session.publish_acknowledged("open.topic", 1)), 0u);
}

TEST_P(wamp_router_events, keeps_an_event_for_those_who_come_later) {
  const wamp::session session = join();
  get(session.publish_acknowledged(wamp::publish_options().retain(), name("kept"), "still here"));
  text heard;
  bool retained = false;
  get(join().subscribe(name("nobody"), [] {}));
  const wamp::session later = join();
  get(later.subscribe(
      name("kept"),
      [&](wamp::event got, const text& word) {
        heard = word;
        retained = got.retained();
      },
      wamp::subscribe_options().get_retained()));
  until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, "still here");
  EXPECT_TRUE(retained);
}

TEST_P(wamp_router_events, reaches_those_it_is_for) {
  const wamp::session publisher = join();
  const wamp::session one = join();
  const wamp::session two = join();
  texts heard;
  for (const auto& [who, session] : {std::pair("me ", &publisher), {"one ", &one}, {"two ", &two}})
    get(session->subscribe(name("some"), [&heard, who](const text& what) { heard.push_back(who + what); }));
  publisher.publish(wamp::publish_options().exclude_me(false), name("some"), "all");
  until([&] { return heard.size() == 3; });
  publisher.publish(name("some"), "others");
  until([&] { return heard.size() == 5; });
  publisher.publish(wamp::publish_options().exclude({one.id()}), name("some"), "not one");
  publisher.publish(wamp::publish_options().eligible({one.id()}), name("some"), "only one");
  until([&] { return heard.size() == 7; });
  std::sort(heard.begin(), heard.end());
  EXPECT_THAT(heard,
              ElementsAre("me all", "one all", "one only one", "one others", "two all", "two not one", "two others"));
}

TEST_P(wamp_router_events, says_what_it_is) {
  const wamp::session publisher = join();
  const wamp::session session = join();
  std::optional<wamp::event> got;
  get(session.subscribe(
      name("family"), [&](wamp::event each) { got = each; }, wamp::subscribe_options().match(wamp::match::prefix)));
  const auto id = get(publisher.publish_acknowledged(wamp::publish_options().disclose_me().kwarg("size", 3),
                                                     name("family") + ".child"));
  until([&] { return got.has_value(); });
  EXPECT_EQ(got->publication(), id);
  EXPECT_EQ(got->topic(), name("family") + ".child");
  EXPECT_EQ(got->publisher(), publisher.id());
  EXPECT_EQ(got->kwargs(), (wamp::dict{{"size", 3}}));
}

TEST_P(wamp_router_events, goes_to_autobahn_subscribers) {
  const wamp::session session = join();
  get(session.call<void>("peer.rs.cbor.subscribe", name("seen")));
  session.publish(wamp::publish_options().kwarg("key", "value"), name("seen"), 1, "two");
  const auto heard = get(session.call<wamp::value>("peer.rs.cbor.heard", name("seen"), 1));
  EXPECT_EQ(heard[0]["args"], (wamp::value(wamp::list{1, "two"})));
  EXPECT_EQ(heard[0]["kwargs"]["key"].text(), "value");
}

TEST_P(wamp_router_events, are_published_when_a_session_has_died) {
  const wamp::session watching = join();
  texts heard;
  get(watching.subscribe(name("testament"), [&](const text& word) { heard.push_back(word); }));
  wamp::session dying = join();
  get(dying.add_testament(name("testament"), "gone"));
  wamp::session changed = join();
  get(changed.add_testament(name("testament"), "not said"));
  EXPECT_EQ(get(changed.flush_testaments()), 1u);
  get(changed.leave());
  dying = wamp::session();  // without a word
  until([&] { return heard.size() == 1; });
  EXPECT_THAT(heard, ElementsAre("gone"));
}

TEST_P(wamp_router_events, tell_who_joins_and_leaves) {
  const wamp::session watching = join();
  std::vector<std::uint64_t> joined, left;
  get(watching.subscribe("wamp.session.on_join",
                         [&](const wamp::value& who) { joined.push_back(who["session"].natural()); }));
  get(watching.subscribe("wamp.session.on_leave", [&](std::uint64_t who, wamp::arguments) { left.push_back(who); }));
  const wamp::session other = join();
  const auto id = other.id();
  until([&] { return std::count(joined.begin(), joined.end(), id) == 1; });
  get(other.leave());
  until([&] { return std::count(left.begin(), left.end(), id) == 1; });
}

TEST_P(wamp_router_events, all_arrive_in_order_at_a_slow_subscriber) {
  const wamp::session session = join();
  std::vector<int> heard;
  get(session.subscribe(name("many"), [&](int number) { heard.push_back(number); }));
  get(session.call<int>("peer.ws.json.publish_many", name("many"), 2000));
  until([&] { return heard.size() == 2000; });
  EXPECT_TRUE(std::is_sorted(heard.begin(), heard.end()));
}

}  // namespace
