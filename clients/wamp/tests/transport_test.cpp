// SPDX-License-Identifier: MIT
// RawSocket and WebSocket against servers that behave and servers that do not, on every loop.
#include "transport_support.hpp"

#include "clients/support/loopback.hpp"
#include "clients/support/server_process.hpp"

#include <interloop/testing/cancel_everywhere.hpp>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <thread>

namespace {

using namespace wamp_test;
using wamp::serializer;

class wamp_rawsocket_transport : public transports {};
class wamp_websocket_transport : public transports {};

INTERLOOP_ON_EVERY_LOOP(wamp_rawsocket_transport);
INTERLOOP_ON_EVERY_LOOP(wamp_websocket_transport);

std::string rs_frame(std::string_view payload, char type = 0) {
  return std::string{type, static_cast<char>(payload.size() >> 16), static_cast<char>(payload.size() >> 8 & 0xff),
                     static_cast<char>(payload.size() & 0xff)}
      .append(payload);
}

// ---- RawSocket ----

TEST_P(wamp_rawsocket_transport, carries_messages_both_ways) {
  peer server(async_);
  std::string asked;
  server.greet_rawsocket(0x31);
  const auto made = connect(options("rs://" + server.at()));
  EXPECT_EQ(made->format(), serializer::json);
  EXPECT_EQ(made->largest(), 4096u);
  made->send("one");
  made->send("");
  made->send("two");
  until([&] { return server.heard.size() == 18; });
  EXPECT_EQ(server.heard, rs_frame("one") + rs_frame("") + rs_frame("two"));
  EXPECT_EQ(made->unsent(), 0u);
  server.say(rs_frame("three") + rs_frame("a ping", 1) + rs_frame("", 2) + rs_frame("four"));
  until([&] { return heard_.messages.size() == 2; });
  EXPECT_THAT(heard_.messages, ElementsAre("three", "four"));
  until([&] { return server.heard.size() == 28; });
  EXPECT_EQ(server.heard.substr(18), rs_frame("a ping", 2));
}

TEST_P(wamp_rawsocket_transport, says_the_length_that_it_accepts_and_obeys_the_peers) {
  peer server(async_);
  std::string greeting;
  server.on_heard = [&](std::string& all) {
    greeting = all;
    server.greet_rawsocket(0x01);
    server.on_heard(all);
  };
  auto how = options("rs://" + server.at());
  how.largest = 1000;
  const auto made = connect(how);
  EXPECT_EQ(greeting, std::string("\x7f\x11\0\0", 4));
  made->send(std::string(512, 'x'));
  EXPECT_THROW(made->send(std::string(513, 'x')), wamp::protocol_error);
  until([&] { return server.heard.size() == 516; });
  server.say(rs_frame(std::string(1024, 'y')));
  until([&] { return heard_.messages.size() == 1; });
  server.say(rs_frame(std::string(1025, 'y')));
  until([&] { return server.ended; });
  server.end();
  EXPECT_THAT(gone<wamp::protocol_error>(), HasSubstr("1025 bytes"));
}

TEST_P(wamp_rawsocket_transport, asks_for_the_next_serializer_if_one_is_refused) {
  peer server(async_);
  std::vector<int> asked;
  const std::function<void(std::string&)> answer = [&](std::string& all) {
    if (all.size() < 4) return;
    asked.push_back(all[1] & 15);
    const int which = asked.back();
    all.clear();
    if (which == 2) return server.say(std::string("\x7f\x10\0\0", 4));  // MessagePack: says so
    if (which == 3) return server.end();                                // CBOR: ends the connection, as Crossbar does
    server.say(std::string("\x7f\xf1\0\0", 4));
  };
  server.on_heard = answer;
  auto how = options("rs://" + server.at());
  how.serializers = {serializer::msgpack, serializer::cbor, serializer::json};
  EXPECT_EQ(connect(how)->format(), serializer::json);
  EXPECT_THAT(asked, ElementsAre(2, 3, 1));
  heard_.gone.reset();
  how.serializers = {serializer::cbor, serializer::msgpack};
  EXPECT_THAT(failed_with<wamp::protocol_error>(wamp::connect_transport(async_, how)), HasSubstr("serializer"));
}

TEST_P(wamp_rawsocket_transport, fails_when_the_handshake_is_wrong_or_ends_at_any_byte) {
  peer server(async_);
  const auto how = options("rs://" + server.at());
  const std::size_t before = open_descriptors();
  const std::string right("\x7f\xf1\0\0", 4);
  for (std::size_t size = 0; size < 4; ++size) {
    server.on_heard = [&](std::string&) {
      server.say(right.substr(0, size));
      server.end();
    };
    EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, how)), HasSubstr("closed"));
  }
  for (const char* const wrong :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "\x7f\xf2\x01\x01", "\x7f\x41\x01\x01", "\x7f\xf1\x01\x01"}) {
    server.on_heard = [&](std::string&) { server.say(wrong); };
    failed_with<wamp::protocol_error>(wamp::connect_transport(async_, how));
  }
  for (int i = 0; i < 4; ++i) get(async_.sleep(1ms));
  server.on_heard = nullptr;
  auto impatient = how;
  impatient.connect_timeout = 20ms;
  EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, impatient)), HasSubstr("too long"));
  until([&] { return server.ended; });
  EXPECT_LE(open_descriptors(), before + 1);  // the peer's
  auto refused = how;
  refused.url = "rs://127.0.0.1:" + std::to_string(test_servers::free_port());
  EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, refused)), HasSubstr("refused"));
}

TEST_P(wamp_rawsocket_transport, holds_what_comes_before_there_is_a_listener_and_tells_the_end_then) {
  peer server(async_);
  server.on_heard = [&](std::string&) {
    server.say(std::string("\x7f\xf1\0\0", 4) + rs_frame("early"));
    server.on_heard = nullptr;
  };
  const auto made = get(wamp::connect_transport(async_, options("rs://" + server.at())));
  server.say(rs_frame("later"));
  server.end();
  get(async_.sleep(5ms));
  made->listen(heard_);
  EXPECT_TRUE(heard_.messages.empty());
  EXPECT_THAT(gone(), HasSubstr("closed"));
  EXPECT_THAT(heard_.messages, ElementsAre("early", "later"));
  made->send("too late");  // which is no harm
  made->close();
}

TEST_P(wamp_rawsocket_transport, understands_frames_that_come_byte_by_byte) {
  peer server(async_);
  const auto made = rawsocket(server);
  for (const char each : rs_frame("slow") + rs_frame("ping", 1) + rs_frame("ly")) {
    server.say({&each, 1});
    get(async_.yield());
  }
  until([&] { return heard_.messages.size() == 2; });
  EXPECT_THAT(heard_.messages, ElementsAre("slow", "ly"));
}

TEST_P(wamp_rawsocket_transport, sends_what_is_queued_before_it_closes) {
  peer server(async_);
  server.reads = false;
  server.greet_rawsocket(0xf1);
  auto connecting = wamp::connect_transport(async_, options("rs://" + server.at()));
  until([&] { return server.connections == 1; });
  server.read_on();
  const auto made = get(connecting);
  made->listen(heard_);
  const std::string large(10'000'000, 'x');
  made->send(large);
  made->send("last");
  EXPECT_GT(made->unsent(), large.size());
  made->close();
  made->send("not sent");
  EXPECT_FALSE(heard_.gone);
  until([&] { return server.ended; });
  EXPECT_EQ(server.heard, rs_frame(large) + rs_frame("last"));
  EXPECT_FALSE(heard_.gone);  // the server's end is waited for
  server.end();
  EXPECT_THAT(gone(), HasSubstr("closed"));
}

TEST_P(wamp_rawsocket_transport, shows_what_a_slow_peer_has_not_taken) {
  peer server(async_);
  const auto made = rawsocket(server);
  server.reads = false;
  server.say("");  // so that it is known
  const std::string piece(1'000'000, 'x');
  for (int i = 0; i < 20; ++i) made->send(piece);
  get(async_.sleep(5ms));
  EXPECT_GT(made->unsent(), 1'000'000u);
  std::size_t got = 0;
  server.on_heard = [&](std::string& all) {
    got += all.size();
    all.clear();
  };
  server.read_on();
  until([&] { return made->unsent() == 0 && got == 20 * 1'000'004u; });
}

TEST_P(wamp_rawsocket_transport, may_be_destroyed_inside_of_its_calls) {
  for (const bool at_end : {false, true}) {
    peer server(async_);
    auto made = rawsocket(server);
    (at_end ? heard_.at_end : heard_.then) = [&] { made.reset(); };
    server.say(rs_frame("one") + rs_frame("two"));
    if (at_end) server.end();
    until([&] { return !made; });
    until([&] { return at_end || server.ended; });
    EXPECT_EQ(heard_.messages.size(), at_end ? 2u : 1u);
    EXPECT_EQ(heard_.gone.has_value(), at_end);
    heard_ = listener();
  }
}

TEST_P(wamp_rawsocket_transport, refuses_a_peer_that_pings_and_does_not_read) {
  peer server(async_);
  auto how = options("rs://" + server.at());
  how.largest = 1 << 16;
  server.greet_rawsocket(0xf1);
  const auto made = connect(how);
  server.reads = false;
  const std::string ping = rs_frame(std::string(60'000, 'p'), 1);
  for (int i = 0; i < 400 && !heard_.gone; ++i) {
    server.say(ping);
    if (i % 10 == 0) get(async_.sleep(1ms));
    ASSERT_LT(made->unsent(), 1'000'000u);
  }
  server.read_on();
  server.end();
  EXPECT_THAT(gone<wamp::protocol_error>(), HasSubstr("pings"));
}

// ---- WebSocket ----

TEST_P(wamp_websocket_transport, carries_messages_both_ways) {
  peer server(async_);
  server.greet_websocket("wamp.2.json", frame(0x81, "early"));
  const auto made = connect(options("ws://" + server.at() + "/ws"));
  EXPECT_EQ(made->format(), serializer::json);
  made->send("one");
  made->send("");
  made->send(std::string(70000, 'x'));
  EXPECT_EQ(frame_at(server), "text:one");
  EXPECT_EQ(frame_at(server), "text:");
  EXPECT_EQ(frame_at(server), "text:" + std::string(70000, 'x'));
  server.say(frame(0x01, "fra") + frame(0x89, "p") + frame(0x80, "gments"));
  EXPECT_EQ(frame_at(server), "pong:p");
  EXPECT_THAT(heard_.messages, ElementsAre("early", "fragments"));
}

TEST_P(wamp_websocket_transport, lets_the_server_choose_the_serializer) {
  peer server(async_);
  std::string asked;
  server.on_heard = [&](std::string& all) {
    asked = all;
    server.greet_websocket("wamp.2.cbor");
    server.on_heard(all);
  };
  auto how = options("ws://" + server.at() + "/ws?x=1");
  how.serializers = {serializer::msgpack, serializer::cbor};
  const auto made = connect(how);
  EXPECT_EQ(made->format(), serializer::cbor);
  EXPECT_THAT(asked, testing::AllOf(HasSubstr("GET /ws?x=1 HTTP/1.1\r\nHost: " + server.at() + "\r\n"),
                                    HasSubstr("Sec-WebSocket-Protocol: wamp.2.msgpack, wamp.2.cbor\r\n")));
  made->send(std::string("\xff\0", 2));
  EXPECT_EQ(frame_at(server), std::string("binary:\xff\0", 9));
}

TEST_P(wamp_websocket_transport, answers_as_the_published_cases_say) {
  constexpr std::size_t largest = std::size_t{1} << 17;
  peer server(async_);
  std::size_t number = 0;
  for (const auto& each : websocket_cases(largest)) {
    if (++number % 4 != 0 && GetParam() != interloop::test::own_loop_names().front()) continue;  // all are run once
    heard_ = listener();
    auto how = options("ws://" + server.at(), each.text ? serializer::json : serializer::msgpack);
    how.largest = largest;
    server.greet_websocket(each.text ? "wamp.2.json" : "wamp.2.msgpack");
    const auto made = connect(how);
    server.say(each.bytes);
    // What the client has answered, and the messages: the case's words in another order.
    std::string expected = each.expected, closed = "open";
    std::vector<std::string> messages, answers;
    if (const auto at = expected.find("close:"); at != std::string::npos) {
      closed = "close:" + (expected.substr(at + 6, 4) == "1005" ? std::string() : expected.substr(at + 6, 4));
      expected.erase(at);
    } else if (const auto broken = expected.find("broken:"); broken != std::string::npos) {
      closed = "close:" + expected.substr(broken + 7, 4);
      expected.erase(broken);
    }
    for (const char* const kind : {"message:", "ping:"})
      for (std::size_t at = 0; (at = expected.find(kind, at)) != std::string::npos; ++at)
        (*kind == 'm' ? messages : answers).push_back(*kind == 'm' ? "" : "pong:");
    for (std::size_t i = 0; i < answers.size(); ++i)
      EXPECT_THAT(frame_at(server), testing::StartsWith("pong:")) << each.name;
    if (closed == "open") {
      server.say(frame(0x88, close_of(1000)));
      EXPECT_EQ(frame_at(server), "close:1000") << each.name;
    } else {
      EXPECT_EQ(frame_at(server), closed) << each.name;
    }
    until([&] { return server.ended; });
    EXPECT_FALSE(heard_.gone) << each.name;
    server.end();
    if (each.expected.find("broken:") == std::string::npos) {
      gone();
    } else {
      gone<wamp::protocol_error>();
    }
    EXPECT_EQ(heard_.messages.size(), messages.size()) << each.name;
  }
}

TEST_P(wamp_websocket_transport, fails_when_the_opening_is_refused_wrong_or_ends_at_any_byte) {
  peer server(async_);
  const auto how = options("ws://" + server.at());
  const auto says = [&](std::string what, bool ends) {
    server.on_heard = [&server, what, ends](std::string& all) {
      if (all.find("\r\n\r\n") == std::string::npos) return;
      all.clear();
      server.say(what);
      if (ends) server.end();
    };
  };
  says("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false);
  EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, how)), HasSubstr("404 Not Found"));
  says("SSH-2.0-OpenSSH\r\n", false);
  EXPECT_THAT(failed_with<wamp::protocol_error>(wamp::connect_transport(async_, how)), HasSubstr("HTTP/1.1"));
  says("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n", false);
  EXPECT_THAT(failed_with<wamp::protocol_error>(wamp::connect_transport(async_, how)), HasSubstr("Accept"));
  says("HTTP/1.1 101 x\r\nX: " + std::string(20000, 'x'), false);
  EXPECT_THAT(failed_with<wamp::protocol_error>(wamp::connect_transport(async_, how)), HasSubstr("longer"));
  const std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n";
  for (std::size_t size = 0; size < head.size(); size += 7) {
    says(head.substr(0, size), true);
    EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, how)), HasSubstr("closed"));
  }
  says("", false);
  auto impatient = how;
  impatient.connect_timeout = 20ms;
  EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, impatient)), HasSubstr("too long"));
}

TEST_P(wamp_websocket_transport, is_told_when_the_connection_ends_at_any_byte) {
  const std::string said = frame(0x81, "whole") + frame(0x01, "a") + frame(0x80, "b") + frame(0x89, "p");
  peer server(async_);
  for (std::size_t size = 0; size <= said.size(); ++size) {
    heard_ = listener();
    const auto made = websocket(server);
    server.say(said.substr(0, size));
    if (size % 2 == 0) {
      server.end();
    } else {
      get(async_.sleep(1ms));
      server.reset();
    }
    gone();
    EXPECT_LE(heard_.messages.size(), 2u);
  }
}

TEST_P(wamp_websocket_transport, says_goodbye_when_it_is_closed) {
  peer server(async_);
  const auto made = websocket(server);
  made->send("last");
  made->close();
  made->send("not sent");
  made->close();
  EXPECT_EQ(frame_at(server), "text:last");
  EXPECT_EQ(frame_at(server), "close:1000");
  EXPECT_FALSE(heard_.gone);
  server.say(frame(0x81, "not delivered") + frame(0x89, "not answered") + frame(0x88, close_of(1000)));
  EXPECT_EQ(frame_at(server), "ended");
  server.end();
  EXPECT_THAT(gone(), HasSubstr("the transport was closed"));
  EXPECT_TRUE(heard_.messages.empty());
}

TEST_P(wamp_websocket_transport, does_not_wait_for_a_goodbye_that_does_not_come) {
  peer server(async_);
  server.greet_websocket("wamp.2.json");
  auto how = options("ws://" + server.at());
  how.ping_timeout = 10ms;
  const auto made = connect(how);
  made->close();
  EXPECT_THAT(gone(), HasSubstr("the transport was closed"));
  until([&] { return server.ended; });
}

TEST_P(wamp_websocket_transport, says_why_the_server_closed) {
  peer server(async_);
  const auto made = websocket(server);
  server.say(frame(0x88, close_of(1002, "ABORT after WELCOME")));
  EXPECT_EQ(frame_at(server), "close:1002");
  server.end();
  EXPECT_THAT(gone(), HasSubstr("code 1002: ABORT after WELCOME"));
}

TEST_P(wamp_websocket_transport, pings_a_silent_server_and_gives_up_one_that_does_not_answer) {
  peer server(async_);
  server.greet_websocket("wamp.2.json");
  auto how = options("ws://" + server.at());
  how.ping_interval = 5ms;
  auto made = connect(how);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(frame_at(server), "ping:");
    EXPECT_FALSE(heard_.gone);
    server.say(frame(0x8a, ""));
  }
  made.reset();
  server.greet_websocket("wamp.2.json");
  how.ping_timeout = 10ms;
  heard_ = listener();
  const auto other = connect(how);
  EXPECT_EQ(frame_at(server), "ping:");
  EXPECT_THAT(gone(), HasSubstr("ping"));
}

TEST_P(wamp_websocket_transport, does_not_give_up_a_server_because_its_own_thread_was_busy) {
  peer server(async_);
  server.greet_websocket("wamp.2.json");
  auto how = options("ws://" + server.at());
  how.ping_interval = 5ms;
  how.ping_timeout = 300ms;
  const auto made = connect(how);
  EXPECT_EQ(frame_at(server), "ping:");
  server.say(frame(0x8a, ""));
  std::this_thread::sleep_for(310ms);
  EXPECT_EQ(frame_at(server), "ping:");
  EXPECT_FALSE(heard_.gone);
}

TEST_P(wamp_websocket_transport, refuses_a_peer_that_pings_and_does_not_read) {
  peer server(async_);
  const auto made = websocket(server);
  server.reads = false;
  std::string pings;
  for (int i = 0; i < 500; ++i) pings += frame(0x89, std::string(125, 'p'));
  for (int i = 0; i < 400 && !heard_.gone; ++i) {
    server.say(pings);
    if (i % 10 == 0) get(async_.sleep(1ms));
    ASSERT_LT(made->unsent(), 200'000u);
  }
  server.read_on();
  server.end();
  EXPECT_THAT(gone<wamp::protocol_error>(), HasSubstr("pings"));
}

// ---- Both: Unix sockets, options, cancelling ----

TEST_P(wamp_websocket_transport, works_by_unix_sockets_as_rawsocket_does) {
  const test_servers::temporary_folder folder;
  peer server(async_, folder.file("socket"));
  server.greet_rawsocket(0xf1);
  const auto raw = connect(options("unix:" + folder.file("socket")));
  raw->send("x");
  until([&] { return server.heard == rs_frame("x"); });
  heard_ = listener();
  server.greet_websocket("wamp.2.json");
  listener other;
  const auto web = get(wamp::connect_transport(async_, options("ws+unix:" + folder.file("socket") + "?path=/ws")));
  web->listen(other);
  server.say(frame(0x81, "x"));
  until([&] { return other.messages.size() == 1; });
  EXPECT_THROW(web->listen(other), interloop::usage_error);
}

TEST_P(wamp_websocket_transport, refuses_options_that_cannot_be_used) {
  const auto refuses = [&](auto change) {
    auto how = options("ws://127.0.0.1:1");
    change(how);
    EXPECT_THROW(static_cast<void>(wamp::connect_transport(async_, how)), interloop::usage_error);
  };
  refuses([](auto& how) { how.url = "http://127.0.0.1"; });
  refuses([](auto& how) { how.serializers.clear(); });
  refuses([](auto& how) { how.largest = 0; });
  refuses([](auto& how) { how.connect_timeout = -1s; });
  refuses([](auto& how) { how.ping_timeout = 0s; });
}

interloop::future<void> converse(interloop::api async, bool by_websocket) {
  peer server(async);
  if (by_websocket) {
    server.greet_websocket("wamp.2.json", frame(0x81, "x"));
  } else {
    server.greet_rawsocket(0xf1);
  }
  wamp::transport_options how((by_websocket ? "ws://" : "rs://") + server.at());
  how.serializers = {wamp::serializer::json};
  how.connect_timeout = how.ping_timeout = 1h;
  listener heard;
  const auto made = co_await wamp::connect_transport(async, how);
  made->listen(heard);
  made->send("one");
  while (server.heard.empty()) co_await async.sleep(1ms);
  made->close();
  server.say(by_websocket ? frame(0x88, close_of(1000)) : std::string());
  while (!server.ended) co_await async.sleep(1ms);
  server.end();
  while (!heard.gone) co_await async.sleep(1ms);
}

TEST(wamp_transport_cancelled_everywhere, leaves_nothing_behind) {
  for (const bool by_websocket : {false, true}) {
    const auto report = interloop::testing::cancel_everywhere(
        [&](interloop::api async) { return converse(async, by_websocket); }, {.patience = 10ms});
    EXPECT_EQ(report.text(), "");
    EXPECT_GE(report.places, 5);
  }
}

}  // namespace
