// SPDX-License-Identifier: MIT
// Values there and back: through the router, which writes them anew for each serializer, and Autobahn|Python.
#include "support.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <tuple>

namespace {

using namespace wamp_test;

class wamp_router_values : public with_router {
 protected:
  /// From each serializer to each serializer.
  template <class Check>
  void on_each_pair(Check check) {
    for (const auto& [scheme, format] : {std::pair("ws", wamp::serializer::json),
                                         {"unix", wamp::serializer::json},
                                         {"rs", wamp::serializer::msgpack},
                                         {"ws", wamp::serializer::msgpack},
                                         {"ws", wamp::serializer::cbor},
                                         {"rss", wamp::serializer::cbor}}) {
      const wamp::session session = join(by(scheme, format));
      for (const char* peer : {"ws.json", "rs.msgpack", "ws.cbor", "rs.json", "ws.msgpack", "rs.cbor"}) {
        SCOPED_TRACE(text(scheme) + " " + std::to_string(int(format)) + " to " + peer);
        check(session, text("peer.") + peer + ".echo");
      }
    }
  }
};
WAMP_ON_TWO_LOOPS(wamp_router_values);

TEST_P(wamp_router_values, come_back_as_they_were) {
  wamp::dict nested{{"list", wamp::list{1, "two", nullptr, true, 2.5}},
                    {"empty", wamp::dict{}},
                    {"more", wamp::dict{{"\u00e9\u20ac\U0001f600", wamp::list{wamp::list{}}}}}};
  const wamp::list all{0,
                       -1,
                       23,
                       24,
                       255,
                       256,
                       65536,
                       std::int64_t{1} << 53U,
                       -(std::int64_t{1} << 53U),
                       std::numeric_limits<std::int64_t>::min(),
                       std::numeric_limits<std::uint64_t>::max(),
                       0.5,
                       -1e300,
                       true,
                       nullptr,
                       "",
                       "\u00e9\u20ac\U0001f600 \"quoted\" \\ \n",
                       text(300, 'x'),
                       nested};
  on_each_pair([&](const wamp::session& session, const text& echo) {
    EXPECT_EQ(get(session.call<wamp::value>(echo, all)), wamp::value(all));
  });
}

TEST_P(wamp_router_values, have_bytes) {
  text bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  on_each_pair([&](const wamp::session& session, const text& echo) {
    EXPECT_EQ(get(session.call<wamp::binary>(echo, wamp::binary(bytes))), wamp::binary(bytes));
  });
}

TEST_P(wamp_router_values, have_numbers_that_are_none) {
  const double infinite = std::numeric_limits<double>::infinity();
  on_each_pair([&](const wamp::session& session, const text& echo) {
    const auto [nan, plus, minus] =
        get(session.call<std::array<double, 3>>(echo, std::array{std::nan(""), infinite, -infinite}));
    EXPECT_TRUE(std::isnan(nan));
    EXPECT_EQ(plus, infinite);
    EXPECT_EQ(minus, -infinite);
  });
}

TEST_P(wamp_router_values, are_typed) {
  const wamp::session session = join();
  const text echo = "peer.ws.json.echo";
  EXPECT_EQ((get(session.call<std::tuple<int, text, std::optional<int>>>(echo, 1, "two", nullptr))),
            (std::tuple<int, text, std::optional<int>>(1, "two", std::nullopt)));
  EXPECT_EQ(get(session.call<std::vector<int>>(echo, std::vector<int>{1, 2, 3})), (std::vector<int>{1, 2, 3}));
  failed_with<wamp::value_error>(session.call<int>(echo, "a text"));
  failed_with<wamp::value_error>(session.call<std::int8_t>(echo, 300));
  failed_with<wamp::value_error>(session.call<int>(echo));
  failed_with<wamp::value_error>(session.call<int>(echo, 1, 2));
  EXPECT_EQ(get(session.call<std::optional<int>>(echo)), std::nullopt);
  get(session.call<void>(echo, 1, 2, 3));
}

}  // namespace
