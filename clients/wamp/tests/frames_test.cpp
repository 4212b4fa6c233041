// SPDX-License-Identifier: MIT
// What is read and written without any connection: URLs, RawSocket's frames, WebSocket's opening and frames.
#include "websocket_cases.hpp"

#include "clients/wamp/transport/rawsocket_frames.hpp"
#include "clients/wamp/transport/upgrade.hpp"
#include "clients/wamp/transport/url.hpp"
#include "clients/wamp/transport/websocket_frames.hpp"

#include <gmock/gmock.h>
#include <interloop/error.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

namespace {

namespace wamp = interloop::wamp;
namespace rawsocket = interloop::wamp::rawsocket;
namespace websocket = interloop::wamp::websocket;
using interloop::streams::bytes;
using testing::HasSubstr;
using wamp::serializer;
using wamp_test::shown;

// ---- URLs ----

TEST(wamp_url, says_where_and_how) {
  const auto ws = wamp::parse_url("ws://router.example/ws?x=1");
  EXPECT_TRUE(ws.websocket && !ws.secure);
  EXPECT_EQ(ws.where.host, "router.example");
  EXPECT_EQ(ws.where.port, 80);
  EXPECT_EQ(ws.host, "router.example");
  EXPECT_EQ(ws.resource, "/ws?x=1");
  const auto wss = wamp::parse_url("WSS://[::1]:8443");
  EXPECT_TRUE(wss.websocket && wss.secure);
  EXPECT_EQ(wss.where.host, "::1");
  EXPECT_EQ(wss.where.port, 8443);
  EXPECT_EQ(wss.host, "[::1]:8443");
  EXPECT_EQ(wss.resource, "/");
  EXPECT_EQ(wamp::parse_url("wss://a").where.port, 443);
  EXPECT_EQ(wamp::parse_url("ws://a:8080?x").resource, "/?x");
  EXPECT_EQ(wamp::parse_url("ws://a:8080").host, "a:8080");
  const auto rs = wamp::parse_url("rs://127.0.0.1:9000");
  EXPECT_TRUE(!rs.websocket && !rs.secure);
  EXPECT_EQ(rs.where.port, 9000);
  EXPECT_TRUE(wamp::parse_url("rss://a:1/").secure);
  for (const char* const each : {"unix:/run/router", "unix:///run/router"}) {
    const auto local = wamp::parse_url(each);
    EXPECT_TRUE(!local.websocket && local.where.local());
    EXPECT_EQ(local.where.host, "/run/router");
  }
  const auto both = wamp::parse_url("ws+unix:/run/router?path=/ws");
  EXPECT_TRUE(both.websocket && both.where.local());
  EXPECT_EQ(both.resource, "/ws");
  EXPECT_EQ(both.host, "localhost");
  EXPECT_EQ(wamp::parse_url("ws+unix:/run/router").resource, "/");
}

TEST(wamp_url, is_refused_with_a_reason_and_without_its_password) {
  for (const char* const each : {"",
                                 "ws",
                                 "http://a",
                                 "ws:/a",
                                 "ws://",
                                 "ws://:80",
                                 "ws://a:0",
                                 "ws://a:65536",
                                 "ws://a:x",
                                 "ws://a:80x",
                                 "rs://a",
                                 "rs://a:1/path",
                                 "ws://a/#x",
                                 "ws://a /",
                                 "ws://a/\r\nX: y",
                                 "ws://[::1",
                                 "ws://[::1]x",
                                 "unix:",
                                 "unix:path",
                                 "ws+unix:/a?x=/b",
                                 "ws+unix:/a?path=b",
                                 "unix:/a\x01"})
    EXPECT_THROW(static_cast<void>(wamp::parse_url(each)), interloop::usage_error) << each;
  try {
    static_cast<void>(wamp::parse_url("ws://me:secret@a/"));
    ADD_FAILURE();
  } catch (const interloop::usage_error& why) {
    EXPECT_THAT(why.what(), testing::AllOf(HasSubstr("user"), Not(HasSubstr("secret"))));
  }
}

// ---- RawSocket ----

std::string text(const bytes& of) { return std::string(of.view()); }

/// What the reader makes of bytes that come in pieces of that size.
std::string heard(std::string_view all, std::size_t piece, std::size_t largest = 512) {
  rawsocket::reader reader(largest);
  std::string seen;
  for (std::size_t at = 0; at < all.size(); at += piece) {
    const std::string_view next = all.substr(at, piece);
    reader.feed(next.data(), next.size());
    for (;;) {
      const auto got = reader.next();
      if (got == rawsocket::reader::event::none) break;
      if (!seen.empty()) seen += ' ';
      if (got == rawsocket::reader::event::broken) return seen + "broken:" + reader.problem();
      const char* const names[] = {"", "message:", "ping:", "pong:"};
      seen += names[static_cast<int>(got)] + shown(reader.payload());
    }
  }
  return seen;
}

TEST(wamp_rawsocket, says_lengths_as_powers_of_two) {
  EXPECT_EQ(rawsocket::length_code(1), 0u);
  EXPECT_EQ(rawsocket::length_code(512), 0u);
  EXPECT_EQ(rawsocket::length_code(513), 1u);
  EXPECT_EQ(rawsocket::length_code(std::size_t{16} << 20), 15u);
  EXPECT_EQ(rawsocket::length_code(std::size_t{1} << 40), 15u);
  EXPECT_EQ(rawsocket::longest(0), 512u);
  EXPECT_EQ(rawsocket::longest(3), 4096u);
  EXPECT_EQ(rawsocket::longest(15), 0xffffffu);
  EXPECT_EQ(rawsocket::greeting(15, serializer::json), (std::array<char, 4>{0x7f, '\xf1', 0, 0}));
  EXPECT_EQ(rawsocket::greeting(0, serializer::msgpack), (std::array<char, 4>{0x7f, 0x02, 0, 0}));
  EXPECT_EQ(rawsocket::greeting(9, serializer::cbor), (std::array<char, 4>{0x7f, '\x93', 0, 0}));
}

TEST(wamp_rawsocket, understands_every_answer) {
  const auto answer = [](unsigned char first, unsigned char second, char third = 0) {
    return rawsocket::read_answer({static_cast<char>(first), static_cast<char>(second), third, 0}, serializer::json);
  };
  EXPECT_EQ(answer(0x7f, 0x31).largest, 4096u);
  EXPECT_EQ(answer(0x7f, 0x31).problem, "");
  EXPECT_EQ(answer(0x7f, 0xf1).largest, 0xffffffu);
  EXPECT_TRUE(answer(0x7f, 0x10).refused_serializer);
  for (const unsigned char code : std::initializer_list<unsigned char>{0x20, 0x30, 0x40, 0x50, 0x00, 0xf2}) {
    EXPECT_NE(answer(0x7f, code).problem, "") << int{code};
    EXPECT_FALSE(answer(0x7f, code).refused_serializer);
  }
  EXPECT_THAT(answer(0x7f, 0xf1, 1).problem, HasSubstr("reserved"));
  EXPECT_THAT(answer('H', 'T').problem, HasSubstr("RawSocket"));
}

TEST(wamp_rawsocket, reads_frames_however_they_come) {
  bytes all;
  std::string expected;
  for (const std::size_t size : {0U, 1U, 127U, 300U, 512U}) {
    rawsocket::append(all, rawsocket::kind::message, std::string(size, 'm'));
    rawsocket::append(all, rawsocket::kind::ping, std::string(size, 'p'));
    rawsocket::append(all, rawsocket::kind::pong, "");
    expected += "message:" + shown(std::string(size, 'm')) + " ping:" + shown(std::string(size, 'p')) + " pong: ";
  }
  expected.pop_back();
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 64U, 100000U}) EXPECT_EQ(heard(text(all), piece), expected) << piece;
}

TEST(wamp_rawsocket, refuses_what_is_too_long_and_what_is_no_frame) {
  EXPECT_THAT(heard(std::string("\0\0\2\1", 4), 1), HasSubstr("broken:a RawSocket frame of 513 bytes"));
  EXPECT_THAT(heard(std::string("\1\xff\xff\xff", 4), 1), HasSubstr("broken:"));
  for (const int first : {3, 7, 8, 0x10, 0x80, 0xff})  // the header is not waited for
    EXPECT_THAT(heard(std::string(1, static_cast<char>(first)), 1), HasSubstr("broken:")) << first;
  EXPECT_THAT(heard(std::string("\0\0\0\1x\x47", 6), 1), HasSubstr("message:x broken:"));
}

// ---- WebSocket's opening ----

// The key and its answer are RFC 6455's example.
const std::string rfc_key = "dGhlIHNhbXBsZSBub25jZQ==", rfc_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const std::vector<serializer> all_formats{serializer::msgpack, serializer::cbor, serializer::json};

std::string answer_with(std::string_view fields, std::string_view status = "101 Switching Protocols") {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) + "\r\n";
}
const std::string good_fields = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + rfc_accept +
                                "\r\nSec-WebSocket-Protocol: wamp.2.cbor\r\n";

/// The outcome: `cbor`, or the problem.
std::string opened(std::string_view answer, std::size_t piece = 1) {
  websocket::answer_reader reader(rfc_key, all_formats);
  for (std::size_t at = 0; at < answer.size(); at += piece) {
    const std::string_view next = answer.substr(at, piece);
    reader.feed(next.data(), next.size());
  }
  switch (reader.now()) {
    case websocket::answer_reader::state::accepted:
      return std::string(websocket::subprotocol(reader.chosen()));
    case websocket::answer_reader::state::incomplete:
      return "incomplete";
    default:
      return reader.problem();
  }
}

TEST(wamp_upgrade, asks_as_the_standard_says) {
  EXPECT_EQ(websocket::accept_of(rfc_key), rfc_accept);
  EXPECT_EQ(
      websocket::request(wamp::parse_url("ws://a:8080/ws"), "KEY", {serializer::json, serializer::cbor}),
      "GET /ws HTTP/1.1\r\nHost: a:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: KEY\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wamp.2.json, wamp.2.cbor\r\n\r\n");
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.insert(websocket::make_key());
  EXPECT_EQ(keys.size(), 100u);
  for (const std::string& each : keys) EXPECT_EQ(each.size(), 24u);
}

TEST(wamp_upgrade, accepts_an_answer_however_it_comes_and_leaves_what_is_behind_it) {
  const std::string answer = answer_with(good_fields);
  for (std::size_t piece = 1; piece <= answer.size(); ++piece) EXPECT_EQ(opened(answer, piece), "wamp.2.cbor");
  for (std::size_t size = 0; size < answer.size(); ++size)
    EXPECT_EQ(opened(std::string_view(answer).substr(0, size)), "incomplete");
  websocket::answer_reader reader(rfc_key, all_formats);
  const std::string more = answer + "\x81\x01x";
  EXPECT_EQ(reader.feed(more.data(), more.size()), answer.size());
  // Spelling, spaces, lists, and other fields.
  EXPECT_EQ(opened(answer_with(
                "upgrade:WebSocket\r\nServer:\r\nCONNECTION:  keep-alive ,\tupgrade \r\nsec-websocket-accept:" +
                    rfc_accept + "  \r\nX: \xff\tb\r\nSec-WebSocket-Protocol:\twamp.2.json\r\n",
                "101")),
            "wamp.2.json");
}

TEST(wamp_upgrade, refuses_every_other_answer_with_a_reason) {
  const auto without = [](const std::string& part, const std::string& in_its_place) {
    std::string fields = good_fields;
    fields.replace(fields.find(part), part.size(), in_its_place);
    return opened(answer_with(fields));
  };
  EXPECT_THAT(opened(answer_with("Location: x\r\n", "302 Found")), HasSubstr("HTTP 302 Found"));
  EXPECT_THAT(opened(answer_with("", "404 Not\x01 Found")), HasSubstr("HTTP 404 Not? Found"));
  EXPECT_THAT(opened(answer_with("", "503")), HasSubstr("HTTP 503"));
  EXPECT_THAT(opened(answer_with(good_fields, "10")), HasSubstr("status code"));
  EXPECT_THAT(opened(answer_with(good_fields, "1010")), HasSubstr("status code"));
  for (const char* const garbage : {"SSH-2.0-x\r\n", "HTTP/1.0 101 x\r\n\r\n", "HTTP/2", "\r\n"})
    EXPECT_EQ(opened(garbage), "the server does not answer with HTTP/1.1");
  EXPECT_THAT(without("Upgrade: websocket", "X: y"), HasSubstr("does not upgrade"));
  EXPECT_THAT(without("Upgrade: websocket", "Upgrade: h2c"), HasSubstr("does not upgrade"));
  EXPECT_THAT(without("Connection: Upgrade", "Connection: close"), HasSubstr("does not upgrade"));
  EXPECT_THAT(without(rfc_accept, "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="), HasSubstr("Accept"));
  EXPECT_THAT(without("Sec-WebSocket-Accept", "X"), HasSubstr("Accept"));
  EXPECT_THAT(without("Connection", "Sec-WebSocket-Accept: " + rfc_accept + "\r\nConnection"), HasSubstr("twice"));
  EXPECT_THAT(without("Sec-WebSocket-Protocol: wamp.2.cbor\r\n", ""), HasSubstr("none of the WAMP subprotocols"));
  EXPECT_THAT(without("wamp.2.cbor", "wamp.2.ubjson"), HasSubstr("wamp.2.ubjson"));
  EXPECT_THAT(without("wamp.2.cbor", "wamp.2.cbor, wamp.2.json"), HasSubstr("not offered"));
  EXPECT_THAT(without("Upgrade: w", "Sec-WebSocket-Extensions: permessage-deflate\r\nUpgrade: w"),
              HasSubstr("extension"));
  for (const char* const line : {"no colon", " folded: x", "na me: x", ": x", "a: b\rc", "a: b\nc: d", "a: \x01"})
    EXPECT_THAT(without("Upgrade: w", std::string(line) + "\r\nUpgrade: w"), HasSubstr("not one of HTTP")) << line;
  std::string endless = "HTTP/1.1 101 x\r\n";
  while (endless.size() < 20000) endless += "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
  EXPECT_THAT(opened(endless, 1000), HasSubstr("longer than 16384"));
}

// ---- WebSocket's frames ----

TEST(wamp_websocket_frames, are_read_as_the_published_cases_say) {
  constexpr std::size_t largest = std::size_t{1} << 17;
  const auto cases = wamp_test::websocket_cases(largest);
  EXPECT_GT(cases.size(), 180u);
  for (const auto& each : cases) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{997}, each.bytes.size()}) {
      if (piece == 1 && each.bytes.size() > 70000) continue;
      websocket::reader reader(each.text, largest);
      std::string seen;
      const auto add = [&](const std::string& what) { seen += (seen.empty() ? "" : " ") + what; };
      for (std::size_t at = 0; at < each.bytes.size(); at += piece) {
        const std::string_view next = std::string_view(each.bytes).substr(at, piece);
        reader.feed(next.data(), next.size());
        for (bool more = true; more;) {
          switch (reader.next()) {
            case websocket::reader::event::none:
              more = false;
              break;
            case websocket::reader::event::message:
              add("message:" + shown(reader.payload()));
              break;
            case websocket::reader::event::ping:
              add("ping:" + shown(reader.payload()));
              break;
            case websocket::reader::event::pong:
              add("pong:" + shown(reader.payload()));
              break;
            case websocket::reader::event::close:
              add("close:" + std::to_string(reader.code()));
              if (!reader.payload().empty()) add(shown(reader.payload()));
              break;
            case websocket::reader::event::broken:
              add("broken:" + std::to_string(reader.code()));
              EXPECT_NE(reader.problem(), "");
              more = false;
              at = each.bytes.size();
              break;
          }
        }
      }
      EXPECT_EQ(seen, each.expected) << each.name << ", in pieces of " << piece;
    }
  }
}

TEST(wamp_websocket_frames, are_written_masked_with_masks_that_differ) {
  websocket::writer writer;
  std::set<std::string> masks;
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 100000U}) {
    for (int i = 0; i < 20; ++i) {
      bytes all;
      const std::string payload(size, 'x');
      writer.append(all, websocket::opcode::binary, payload);
      const std::string_view made = all.view();
      const std::size_t header = size < 126 ? 2 : size < 65536 ? 4 : 10;
      ASSERT_EQ(made.size(), header + 4 + size);
      EXPECT_EQ(made[0], '\x82');
      EXPECT_EQ(static_cast<unsigned char>(made[1]), 0x80 | (size < 126 ? size : size < 65536 ? 126 : 127));
      std::uint64_t said = size < 126 ? size : 0;
      for (std::size_t at = 2; at < header; ++at) said = said << 8 | static_cast<unsigned char>(made[at]);
      EXPECT_EQ(said, size);
      std::string unmasked(made.substr(header + 4));
      for (std::size_t at = 0; at < size; ++at) unmasked[at] = static_cast<char>(unmasked[at] ^ made[header + at % 4]);
      EXPECT_EQ(unmasked, payload);
      masks.emplace(made.substr(header, 4));
    }
  }
  EXPECT_GT(masks.size(), 130u);  // of 140
}

TEST(wamp_websocket_frames, a_close_frame_says_what_fits_into_it) {
  EXPECT_EQ(websocket::close_payload(1005, "x"), "");
  EXPECT_EQ(websocket::close_payload(1000, ""), "\x03\xe8");
  EXPECT_EQ(websocket::close_payload(1000, std::string(200, 'x')).size(), 125u);
  EXPECT_EQ(websocket::close_payload(1000, std::string(122, 'x') + "\xc3\xa4").size(), 124u);  // no half character
}

}  // namespace
