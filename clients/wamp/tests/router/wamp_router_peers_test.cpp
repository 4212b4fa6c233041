// SPDX-License-Identifier: MIT
// Each of our transports and serializers with each of Autobahn|Python's: calls and events, both ways.
#include "support.hpp"

namespace {

using namespace wamp_test;

class wamp_router_peers : public with_router {};
WAMP_ON_TWO_LOOPS(wamp_router_peers);

TEST_P(wamp_router_peers, call_and_are_called_publish_and_hear) {
  using enum wamp::serializer;
  for (const char* scheme : {"ws", "wss", "rs", "rss", "unix", "ws+unix"}) {
    for (const wamp::serializer format : {json, msgpack, cbor}) {
      const wamp::session session = join(by(scheme, format));
      const text procedure = name("add");
      const text topic = name("news");
      const text answers = name("answers") + std::to_string(session.id());
      get(session.register_(procedure, [](int a, int b) { return a + b; }));
      texts heard;
      get(session.subscribe(topic, [&heard](const text& from) { heard.push_back(from); }));
      for (const char* peer : {"ws.json", "ws.msgpack", "ws.cbor", "rs.json", "rs.msgpack", "rs.cbor"}) {
        SCOPED_TRACE(text(scheme) + " " + std::to_string(int(format)) + " and " + peer);
        const text base = text("peer.") + peer;
        EXPECT_EQ(get(session.call<int>(base + ".add", 2, 3)), 5);
        const wamp::value told =
            wamp::to_value(get(session.call<wamp::result>(base + ".call", procedure, wamp::list{4, 5})).kwargs);
        EXPECT_FALSE(told["failed"].boolean());
        EXPECT_EQ(told["args"][0].integer(), 9);

        heard.clear();
        get(session.call<std::uint64_t>(base + ".publish", topic, wamp::list{peer}));
        until([&] { return !heard.empty(); });
        EXPECT_THAT(heard, ElementsAre(peer));

        get(session.call<std::uint64_t>(base + ".subscribe", answers));
        session.publish(answers, "an answer", 1.5);
        const auto there = get(session.call<wamp::value>(base + ".heard", answers, 1));
        EXPECT_EQ(there.elements().back()["args"], (wamp::value(wamp::list{"an answer", 1.5})));
      }
      get(session.leave());
    }
  }
}

}  // namespace
