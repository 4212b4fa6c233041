// SPDX-License-Identifier: MIT
// Values and messages in all formats, beside nlohmann's library; malformed ones; URIs.
#include "../base64.hpp"
#include "../message.hpp"
#include "../uri.hpp"
#include "../utf8.hpp"

#include <interloop/wamp.hpp>

#include <gmock/gmock.h>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using namespace interloop;
using namespace interloop::wamp;
using namespace std::string_literals;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr serializer formats[] = {serializer::json, serializer::msgpack, serializer::cbor};

std::string encoded(serializer format, const value& given) {
  writer to(format);
  codec<value>::write(to, given);
  return std::string(to.view());
}

value decoded(serializer format, std::string_view bytes) {
  reader from(format, bytes);
  value read = codec<value>::read(from);
  from.finish();
  return read;
}

/// As nlohmann's library has it.
json theirs(const value& given) {
  switch (given.type()) {
    case kind::null:
      return nullptr;
    case kind::boolean:
      return given.boolean();
    case kind::integer:
      try {
        return given.integer();
      } catch (const value_error&) {
        return given.natural();
      }
    case kind::real:
      return given.real();
    case kind::text:
      return given.text();
    case kind::binary:
      return json::binary({given.bytes().begin(), given.bytes().end()});
    case kind::list: {
      json all = json::array();
      for (const value& each : given.elements()) all.push_back(theirs(each));
      return all;
    }
    case kind::map: {
      json all = json::object();
      for (const auto& [name, each] : given.members()) all[name] = theirs(each);
      return all;
    }
  }
  return {};
}

json theirs(serializer format, const std::string& bytes) {
  switch (format) {
    case serializer::json:
      return json::parse(bytes);
    case serializer::msgpack:
      return json::from_msgpack(bytes);
    default:
      return json::from_cbor(bytes);
  }
}

std::string their_bytes(serializer format, const json& given) {
  std::vector<std::uint8_t> bytes;
  switch (format) {
    case serializer::json:
      return given.dump();
    case serializer::msgpack:
      bytes = json::to_msgpack(given);
      break;
    default:
      bytes = json::to_cbor(given);
      break;
  }
  return {bytes.begin(), bytes.end()};
}

/// A random value; without bytes, which nlohmann's JSON has no form for.
value random_value(std::mt19937& random, bool with_bytes, int depth = 0) {
  const auto up_to = [&random](std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(0, most)(random);
  };
  const auto text = [&] {
    static const std::vector<std::string> pieces = {"a",    "Zz", "\"", "\\", "/", "\n", "\x01",
                                                    "\x7f", "é",  "€",  "𝄞",  " ", "0"};
    std::string made;
    for (std::uint64_t i = up_to(up_to(3) == 0 ? 300 : 10); i > 0; --i) made += pieces[up_to(pieces.size() - 1)];
    return made;
  };
  switch (up_to(depth > 3 ? 6 : 8)) {
    case 0:
      return nullptr;
    case 1:
      return up_to(1) == 1;
    case 2:
      return static_cast<std::int64_t>(up_to(~std::uint64_t{0}) >> up_to(63));
    case 3:
      return -static_cast<std::int64_t>(up_to(~std::uint64_t{0} >> 1U) >> up_to(62));
    case 4:
      return up_to(~std::uint64_t{0});
    case 5:
      return std::uniform_real_distribution<double>(-1e6, 1e6)(random) * std::pow(10.0, static_cast<double>(up_to(20)));
    case 6:
      if (with_bytes && up_to(2) == 0) return wamp::binary(text() + "\xff\0"s);
      return text();
    case 7: {
      list all;
      for (std::uint64_t i = up_to(up_to(5) == 0 ? 70 : 5); i > 0; --i)
        all.push_back(random_value(random, with_bytes, depth + 1));
      return all;
    }
    default: {
      dict all;
      for (std::uint64_t i = up_to(up_to(5) == 0 ? 40 : 5); i > 0; --i)
        all.insert_or_assign(text(), random_value(random, with_bytes, depth + 1));
      return all;
    }
  }
}

std::string failure_of(serializer format, std::string_view bytes) {
  try {
    static_cast<void>(decoded(format, bytes));
  } catch (const protocol_error& why) {
    return why.what();
  }
  return "read";
}

// ---- Values ----

TEST(wamp_values, come_back_as_they_were_in_each_format) {
  std::mt19937 random(18);
  for (int i = 0; i < 600; ++i)
    for (const serializer format : formats) {
      const value given = random_value(random, true);
      ASSERT_EQ(decoded(format, encoded(format, given)), given) << to_text(given);
    }
}

TEST(wamp_values, are_written_as_another_library_reads_them_and_the_other_way_round) {
  std::mt19937 random(19);
  for (int i = 0; i < 600; ++i)
    for (const serializer format : formats) {
      const value given = random_value(random, format != serializer::json);
      const json same = theirs(given);
      ASSERT_EQ(theirs(format, encoded(format, given)), same) << to_text(given);
      ASSERT_EQ(decoded(format, their_bytes(format, same)), given) << to_text(given);
    }
}

TEST(wamp_values, at_the_edges_of_each_length_are_as_another_library_has_them) {
  for (const serializer format : formats) {
    for (int bits = 0; bits < 64; ++bits)
      for (const int more : {-1, 0, 1}) {
        const std::uint64_t number =
            (std::uint64_t{1} << static_cast<unsigned>(bits)) + static_cast<std::uint64_t>(more);
        ASSERT_EQ(encoded(format, number), their_bytes(format, json(number)));
        ASSERT_EQ(decoded(format, encoded(format, number)).natural(), number);
        const auto negative = -static_cast<std::int64_t>(number >> 1U) - 1;
        ASSERT_EQ(encoded(format, negative), their_bytes(format, json(negative)));
        ASSERT_EQ(decoded(format, encoded(format, negative)).integer(), negative);
      }
    for (const std::size_t size : {0U, 15U, 16U, 23U, 24U, 31U, 32U, 255U, 256U, 65535U, 65536U}) {
      for (const value& given : {value(std::string(size, 'x')), value(list(size, value(1)))}) {
        ASSERT_EQ(encoded(format, given), their_bytes(format, theirs(given))) << size;
        ASSERT_EQ(decoded(format, encoded(format, given)), given) << size;
      }
      const value bytes(wamp::binary(std::string(size, '\xff')));
      ASSERT_EQ(decoded(format, encoded(format, bytes)), bytes) << size;
    }
  }
}

TEST(wamp_values, that_are_not_finite_travel_as_crossbar_has_them) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const serializer format : formats) {
    EXPECT_TRUE(std::isnan(decoded(format, encoded(format, std::nan(""))).real()));
    EXPECT_EQ(decoded(format, encoded(format, infinity)).real(), infinity);
    EXPECT_EQ(decoded(format, encoded(format, -infinity)).real(), -infinity);
  }
  EXPECT_EQ(encoded(serializer::json, list{std::nan(""), infinity, -infinity}), "[NaN,Infinity,-Infinity]");
  EXPECT_EQ(decoded(serializer::json, "1e400").real(), infinity);
  EXPECT_EQ(decoded(serializer::json, "-1e400").real(), -infinity);
  EXPECT_EQ(decoded(serializer::json, "1e-400").real(), 0);
  EXPECT_EQ(decoded(serializer::json, "123456789012345678901234567890").real(), 123456789012345678901234567890.0);
}

TEST(wamp_values, half_floats_and_strings_in_pieces_and_tags_of_cbor_are_read) {
  const auto read = [](std::string_view bytes) { return decoded(serializer::cbor, bytes); };
  EXPECT_TRUE(std::isnan(read("\xf9\x7e\x00"s).real()));
  EXPECT_EQ(read("\xf9\x3c\x00"s).real(), 1.0);  // RFC 8949, appendix A
  EXPECT_EQ(read("\xf9\x7b\xff").real(), 65504.0);
  EXPECT_EQ(read("\xf9\x00\x01"s).real(), 5.960464477539063e-8);
  EXPECT_EQ(read("\xf9\x04\x00"s).real(), 0.00006103515625);
  EXPECT_EQ(read("\xf9\xc4\x00"s).real(), -4.0);
  EXPECT_EQ(read("\xf9\xfc\x00"s).real(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(read("\xfa\x47\xc3\x50\x00"s).real(), 100000.0);
  EXPECT_EQ(read("\x1b\xff\xff\xff\xff\xff\xff\xff\xff").natural(), ~std::uint64_t{0});
  EXPECT_EQ(read("\x3b\xff\xff\xff\xff\xff\xff\xff\xff").real(), -18446744073709551616.0);
  EXPECT_EQ(read("\x7f\x65strea\x64ming\xff").text(), "streaming");
  EXPECT_EQ(read("\x5f\x42\x01\x02\x43\x03\x04\x05\xff").bytes(), "\x01\x02\x03\x04\x05");
  EXPECT_EQ(read("\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff"), value(list{1, list{2, 3}, list{4, 5}}));
  EXPECT_EQ(read("\xbf\x61\x61\x01\x61\x62\x9f\x02\x03\xff\xff"), value(dict{{"a", 1}, {"b", list{2, 3}}}));
  EXPECT_EQ(read("\xc1\x1a\x51\x4b\x67\xb0").integer(), 1363896240);  // a tag
  EXPECT_TRUE(read("\xf7").is_null());                                // undefined
}

TEST(wamp_values, bytes_in_json_are_a_nul_and_base64) {
  const value bytes(wamp::binary("\x10\xe3\xff\x90"s));
  EXPECT_EQ(encoded(serializer::json, bytes), R"("\u0000EOP/kA==")");
  EXPECT_EQ(decoded(serializer::json, R"("\u0000EOP/kA==")"), bytes);
  EXPECT_EQ(decoded(serializer::json, R"("\u0000EOP\/kA")"), bytes);
  EXPECT_EQ(decoded(serializer::json, R"("\u0000")"), value(wamp::binary()));
  EXPECT_EQ(decoded(serializer::json, R"("a\u0000b")"), value("a\0b"s));
}

TEST(wamp_values, escapes_of_json_are_read) {
  EXPECT_EQ(decoded(serializer::json, R"( "\"\\\/\b\f\n\r\t\u20ac\ud834\udd1e" )").text(), "\"\\/\b\f\n\r\t€𝄞");
  EXPECT_EQ(decoded(serializer::json, " [ 1 , { \"a\" : [ ] , \"b\" : { } } ] \n"),
            value(list{1, dict{{"a", list()}, {"b", dict()}}}));
}

TEST(wamp_values, malformed_ones_are_refused_with_their_place) {
  const std::pair<serializer, std::string> cases[] = {
      {serializer::json, ""},
      {serializer::json, "["},
      {serializer::json, "[1"},
      {serializer::json, "[1,]"},
      {serializer::json, "[,1]"},
      {serializer::json, "[1 2]"},
      {serializer::json, "{\"a\"}"},
      {serializer::json, "{\"a\":1,}"},
      {serializer::json, "{1:2}"},
      {serializer::json, "{\"\\u0000\":2}"},
      {serializer::json, "[1}"},
      {serializer::json, "nul"},
      {serializer::json, "nan"},
      {serializer::json, "01"},
      {serializer::json, "-"},
      {serializer::json, "1."},
      {serializer::json, ".5"},
      {serializer::json, "1e"},
      {serializer::json, "+1"},
      {serializer::json, "\"a"},
      {serializer::json, "\"\n\""},
      {serializer::json, "\"\\x\""},
      {serializer::json, "\"\\u12\""},
      {serializer::json, "\"\\u12x4\""},
      {serializer::json, "\"\\ud834\""},
      {serializer::json, "\"\\udd1e\""},
      {serializer::json, "\"\\ud834\\u0041\""},
      {serializer::json, "\"\xff\""},
      {serializer::json, "\"\xc0\xaf\""},
      {serializer::json, "\"\xed\xa0\x80\""},
      {serializer::json, "\"\\u0000!\""},
      {serializer::json, "\"\\u0000QQ=\""},
      {serializer::json, "1 1"},
      {serializer::json, "'a'"},
      {serializer::msgpack, ""},
      {serializer::msgpack, "\xc1"},
      {serializer::msgpack, "\x92\x01"},
      {serializer::msgpack, "\x81\x01\x01"},
      {serializer::msgpack, "\xa5text"},
      {serializer::msgpack, "\xa1\xff"},
      {serializer::msgpack, "\xd9"},
      {serializer::msgpack, "\xcf\x01"},
      {serializer::msgpack, "\xdd\xff\xff\xff\xff"},
      {serializer::msgpack, "\xdf\xff\xff\xff\xff"},
      {serializer::msgpack, "\xdb\xff\xff\xff\xff"},
      {serializer::msgpack, "\xc6\xff\xff\xff\xff"},
      {serializer::msgpack, "\xd4\x01\x01"},
      {serializer::msgpack, "\x01\x01"},
      {serializer::cbor, ""},
      {serializer::cbor, "\xff"},
      {serializer::cbor, "\x1c"},
      {serializer::cbor, "\x1f"},
      {serializer::cbor, "\x82\x01"},
      {serializer::cbor, "\x9f\x01"},
      {serializer::cbor, "\xbf\x61\x61\xff"},
      {serializer::cbor, "\xa1\x01\x01"},
      {serializer::cbor, "\x65text"},
      {serializer::cbor, "\x61\xff"},
      {serializer::cbor, "\x7f\x41x\xff"},
      {serializer::cbor, "\x7f\x7f\xff\xff"},
      {serializer::cbor, "\x7b\xff\xff\xff\xff\xff\xff\xff\xff"},
      {serializer::cbor, "\x9b\xff\xff\xff\xff\xff\xff\xff\xff"},
      {serializer::cbor, "\xc1"},
      {serializer::cbor, "\xe0"},
      {serializer::cbor, "\xf8\x20"},
      {serializer::cbor, "\xf9\x3c"},
      {serializer::cbor, "\x01\x01"},
  };
  for (const auto& [format, bytes] : cases)
    EXPECT_THAT(failure_of(format, bytes), HasSubstr("at byte")) << json(to_hex(bytes)).dump() << " " << bytes;
}

TEST(wamp_values, may_be_nested_64_deep_and_not_deeper) {
  for (const serializer format : formats) {
    const std::string open = format == serializer::json ? "[" : format == serializer::msgpack ? "\x91" : "\x81";
    const std::string nothing = format == serializer::json ? "null" : format == serializer::msgpack ? "\xc0" : "\xf6";
    const auto nested = [&](int depth) {
      std::string bytes;
      for (int i = 0; i < depth; ++i) bytes += open;
      bytes += nothing;
      if (format == serializer::json) bytes.append(static_cast<std::size_t>(depth), ']');
      return bytes;
    };
    EXPECT_EQ(failure_of(format, nested(64)), "read");
    EXPECT_THAT(failure_of(format, nested(65)), HasSubstr("64 deep"));
    EXPECT_THAT(failure_of(format, nested(100'000)), HasSubstr("64 deep"));
  }
}

TEST(wamp_values, cut_off_anywhere_or_changed_anywhere_are_read_or_refused) {
  std::mt19937 random(20);
  int refused = 0;
  for (int i = 0; i < 400; ++i)
    for (const serializer format : formats) {
      std::string bytes = encoded(format, list{random_value(random, true), random_value(random, true)});
      const std::string whole = bytes;
      bytes.resize(std::uniform_int_distribution<std::size_t>(0, bytes.size() - 1)(random));
      ASSERT_NE(failure_of(format, bytes), "read") << "cut off: " << to_hex(bytes);
      bytes = whole;
      for (int changes = 0; changes < 3; ++changes)
        bytes[std::uniform_int_distribution<std::size_t>(0, bytes.size() - 1)(random)] = static_cast<char>(random());
      if (failure_of(format, bytes) != "read") ++refused;
    }
  EXPECT_GT(refused, 100);
}

// ---- C++ types ----

struct point {
  int x;
  int y;
  friend bool operator==(const point&, const point&) = default;
};

}  // namespace

template <>
struct interloop::wamp::codec<point> {
  static void write(writer& to, const point& given) { codec<std::array<int, 2>>::write(to, {given.x, given.y}); }
  static point read(reader& from) {
    const auto [x, y] = codec<std::array<int, 2>>::read(from);
    return {x, y};
  }
};

namespace {

template <class T>
void there_and_back(const T& given) {
  for (const serializer format : formats) {
    writer to(format);
    wamp::detail::write(to, given);
    reader from(format, to.view());
    EXPECT_EQ(codec<T>::read(from), given);
    from.finish();
  }
}

TEST(wamp_types, come_back_as_they_were) {
  there_and_back(true);
  there_and_back(std::int8_t{-128});
  there_and_back(~std::uint64_t{0});
  there_and_back(std::numeric_limits<std::int64_t>::min());
  there_and_back(0.1);
  there_and_back(2.5F);
  there_and_back(1.0);
  there_and_back("text"s);
  there_and_back(wamp::binary("\0\1\2"s));
  there_and_back(std::vector<std::byte>{std::byte{0}, std::byte{255}});
  there_and_back(std::optional<int>());
  there_and_back(std::optional<int>(3));
  there_and_back(std::vector<std::vector<std::string>>{{}, {"a"}, {"b", "c"}});
  there_and_back(std::vector<bool>{true, false});
  there_and_back(std::tuple<int, std::string, bool>(1, "x", true));
  there_and_back(std::pair<int, double>(1, 2));
  there_and_back(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  there_and_back(std::unordered_map<std::string, std::optional<std::string>>{{"a", "x"}, {"b", std::nullopt}});
  there_and_back(point{1, -2});
  there_and_back(value(dict{{"a", list{1, "x", nullptr}}}));
  EXPECT_EQ(to_value(std::vector<point>{{1, 2}}), value(list{value(list{1, 2})}));
  EXPECT_EQ(from_value<std::vector<point>>(list{value(list{1, 2})}), (std::vector<point>{{1, 2}}));
}

template <class T>
std::string mismatch(const value& given) {
  std::string all;
  for (const serializer format : formats) {
    const std::string bytes = encoded(format, given);
    reader from(format, bytes);
    try {
      static_cast<void>(codec<T>::read(from));
      all += "read;";
    } catch (const value_error& why) {
      if (all.find(why.what()) == std::string::npos) all += why.what() + ";"s;
    }
  }
  return all;
}

TEST(wamp_types, that_do_not_fit_are_refused_with_what_it_is) {
  EXPECT_EQ(mismatch<int>("1"), "wanted an integer, but it is a text;");
  EXPECT_EQ(mismatch<int>(1.0), "wanted an integer, but it is a real number;");
  EXPECT_EQ(mismatch<int>(nullptr), "wanted an integer, but it is null;");
  EXPECT_EQ(mismatch<std::int8_t>(128), "the integer 128 is out of the wanted type's range;");
  EXPECT_EQ(mismatch<unsigned>(-1), "an integer is out of range: it is negative;");
  EXPECT_EQ(mismatch<std::int64_t>(~std::uint64_t{0}),
            "an integer is out of range: it does not fit into 64 bits with a sign;");
  EXPECT_EQ(mismatch<bool>(0), "wanted a boolean, but it is an integer;");
  EXPECT_EQ(mismatch<double>("x"), "wanted a number, but it is a text;");
  EXPECT_EQ(mismatch<std::string>(wamp::binary("x")), "wanted a text, but it is bytes;");
  EXPECT_EQ(mismatch<wamp::binary>("x"), "wanted bytes, but it is a text;");
  EXPECT_EQ(mismatch<std::vector<int>>(dict()), "wanted a list, but it is a map;");
  EXPECT_EQ((mismatch<std::map<std::string, int>>(list())), "wanted a map, but it is a list;");
  EXPECT_EQ((mismatch<std::tuple<int, int>>(list{1})), "wanted a list of 2, but it has fewer;");
  EXPECT_EQ((mismatch<std::array<int, 1>>(list{1, 2})), "wanted a list of 1, but it has more;");
  EXPECT_EQ(mismatch<double>(1), "read;read;read;");
}

TEST(wamp_types, texts_that_are_not_utf8_cannot_be_sent) {
  for (const serializer format : formats) {
    writer to(format);
    EXPECT_THROW(to.text("\xff"), value_error);
    EXPECT_THROW(to.key("12345678\x80"), value_error);
  }
}

TEST(wamp_types, values_say_what_they_are_instead) {
  const value given(dict{{"a", list{1, 2}}});
  EXPECT_EQ(given["a"][1].integer(), 2);
  EXPECT_THROW(static_cast<void>(given["b"]), value_error);
  EXPECT_THROW(static_cast<void>(given["a"][2]), value_error);
  EXPECT_THROW(static_cast<void>(given.text()), value_error);
  EXPECT_THROW(static_cast<void>(value(-1).natural()), value_error);
  EXPECT_THROW(static_cast<void>(value(~std::uint64_t{0}).integer()), value_error);
  EXPECT_EQ(given.find("b"), nullptr);
  EXPECT_EQ(to_text(given), R"({"a":[1,2]})");
}

TEST(wamp_types, utf8_is_checked_as_the_standard_says) {
  for (const char* good : {"", "a", "é", "€", "𝄞", "12345678é", "\xf4\x8f\xbf\xbf", "\xee\x80\x80"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5", "12345678\xe2\x82", "\xff"})
    EXPECT_FALSE(is_utf8(bad)) << to_hex(bad);
}

// ---- Messages ----

/// The specification's list: what each message consists of, as examples; all that may be missing at the end, too.
const char* const all_messages[] = {
    R"([1,"realm1",{"roles":{"caller":{}}}])",
    R"([2,9129137332,{"roles":{"broker":{}}}])",
    R"([3,{"message":"no"},"wamp.error.no_such_realm"])",
    R"([3,{},"wamp.error.no_such_realm",["x"],{"k":1}])",
    R"([4,"wampcra",{"challenge":"{ \"nonce\": 1 }"}])",
    R"([5,"signature",{}])",
    R"([6,{"message":"bye"},"wamp.close.normal"])",
    R"([8,48,7814135,{},"com.myapp.error"])",
    R"([8,48,7814135,{},"com.myapp.error",["x",1]])",
    R"([8,48,7814135,{},"com.myapp.error",[],{"a":[1]}])",
    R"([16,239714735,{},"com.myapp.mytopic1"])",
    R"([16,239714735,{"acknowledge":true},"com.myapp.mytopic1",["Hello"],{"a":1}])",
    R"([17,239714735,4429313566])",
    R"([32,713845233,{},"com.myapp.mytopic1"])",
    R"([33,713845233,5512315355])",
    R"([34,85346237,5512315355])",
    R"([35,85346237])",
    R"([35,0,{"subscription":5,"reason":"wamp.error.unsubscribed"}])",
    R"([36,5512315355,4429313566,{}])",
    R"([36,5512315355,4429313566,{},["Hello"]])",
    R"([36,5512315355,4429313566,{},[],{"color":"orange"}])",
    R"([48,7814135,{},"com.myapp.ping"])",
    R"([48,7814135,{"timeout":1},"com.myapp.ping",[1,2],{"a":1}])",
    R"([49,7814135,{"mode":"kill"}])",
    R"([50,7814135,{}])",
    R"([50,7814135,{"progress":true},[30]])",
    R"([50,7814135,{},[],{"userid":123}])",
    R"([64,25349185,{},"com.myapp.myprocedure1"])",
    R"([65,25349185,2103333224])",
    R"([66,788923562,2103333224])",
    R"([67,788923562])",
    R"([67,0,{"reason":"wamp.error.unregistered","registration":5}])",
    R"([68,6131533,9823526,{}])",
    R"([68,6131533,9823526,{"timeout":1},["Hello"],{"a":1}])",
    R"([69,6131533,{"mode":"killnowait"}])",
    R"([70,6131533,{}])",
    R"([70,6131533,{"progress":true},["Hello"],{"a":1}])",
};

/// A message that was read, as a list again.
value back(const message& read) {
  list all{static_cast<std::uint64_t>(read.type)};
  std::size_t id = 0;
  const auto part = [&](std::string_view raw) { all.push_back(decoded(read.body.format, raw)); };
  for (const char* each = parts_of(static_cast<std::uint64_t>(read.type)); *each != '\0'; ++each) {
    if (*each == 'i') all.emplace_back(read.ids[id++]);
    if (*each == 'u') all.emplace_back(read.uri);
    if (*each == 'd') part(read.body.details);
    if (*each == 'D' && !read.body.details.empty()) part(read.body.details);
    if (*each == 'a' && !read.body.args.empty()) part(read.body.args);
    if (*each == 'k' && !read.body.kwargs.empty()) part(read.body.kwargs);
  }
  return all;
}

TEST(wamp_messages, of_the_specification_are_read_whole_in_each_format) {
  for (const char* text : all_messages) {
    const value whole = decoded(serializer::json, text);
    for (const serializer format : formats) {
      const std::string bytes = encoded(format, whole);
      EXPECT_EQ(back(read_message(format, bytes)), whole) << text;
    }
  }
}

TEST(wamp_messages, have_the_bytes_that_the_specifications_test_suite_publishes) {
  // wamp-proto/wamp-proto, testsuite/singlemessage: messages that Autobahn|Python has written.
  const struct {
    const char* json;
    const char* msgpack;
    const char* cbor;
  } all[] = {{R"([2,9129137332,{"roles":{"broker":{},"dealer":{}}}])",
              "9302cf00000002202394b481a5726f6c657382a662726f6b657280a66465616c657280",
              "83021b00000002202394b4a165726f6c6573a26662726f6b6572a0666465616c6572a0"},
             {R"([36,9823526,112233445566,{},["Hello, event!"]])",
              "9524ce0095e526cf0000001a21a278be8091ad48656c6c6f2c206576656e7421",
              "8518241a0095e5261b0000001a21a278bea0816d48656c6c6f2c206576656e7421"},
             {R"([36,5647382910,998877665544,{"enc_algo":"cryptobox","enc_serializer":"msgpack"},)"
              R"("\u0000g6Vjb2xvcqRibHVlpHNpemWlbGFyZ2WlY291bnQe"])",
              "9524cf00000001509c397ecf000000e891bf990882a8656e635f616c676fa963727970746f626f78ae656e635f73657269616c69"
              "7a6572a76d"
              "73677061636bc41e83a5636f6c6f72a4626c7565a473697a65a56c61726765a5636f756e741e",
              "8518241b00000001509c397e1b000000e891bf9908a268656e635f616c676f6963727970746f626f786e656e635f73657269616c"
              "697a657267"
              "6d73677061636b581e83a5636f6c6f72a4626c7565a473697a65a56c61726765a5636f756e741e"},
             {R"([48,7814135,{},"com.myapp.myprocedure1",["Hello, world!"]])",
              "9530ce00773bf780b6636f6d2e6d796170702e6d7970726f6365647572653191ad48656c6c6f2c20776f726c6421",
              "8518301a00773bf7a076636f6d2e6d796170702e6d7970726f63656475726531816d48656c6c6f2c20776f726c6421"},
             {R"([50,7814135,{},["Hello, world!"]])", "9432ce00773bf78091ad48656c6c6f2c20776f726c6421",
              "8418321a00773bf7a0816d48656c6c6f2c20776f726c6421"},
             {"[68,6131533,9823526,{}]", "9444ce005d8f4dce0095e52680", "8418441a005d8f4d1a0095e526a0"},
             {"[69,6131533,{}]", "9345ce005d8f4d80", "8318451a005d8f4da0"}};
  for (const auto& each : all) {
    SCOPED_TRACE(each.json);
    const value whole = decoded(serializer::json, each.json);
    EXPECT_EQ(encoded(serializer::json, whole), each.json);
    EXPECT_EQ(to_hex(encoded(serializer::msgpack, whole)), each.msgpack);
    EXPECT_EQ(to_hex(encoded(serializer::cbor, whole)), each.cbor);
    EXPECT_EQ(decoded(serializer::msgpack, *from_hex(each.msgpack)), whole);
    EXPECT_EQ(decoded(serializer::cbor, *from_hex(each.cbor)), whole);
    EXPECT_EQ(static_cast<std::uint64_t>(read_message(serializer::cbor, *from_hex(each.cbor)).type),
              whole[0].natural());
  }
}

std::string refusal(serializer format, std::string_view bytes) {
  try {
    static_cast<void>(read_message(format, bytes));
  } catch (const protocol_error& why) {
    return why.what();
  }
  return "read";
}
std::string refusal(std::string_view text) { return refusal(serializer::json, text); }

TEST(wamp_messages, that_are_none_are_refused_by_name) {
  EXPECT_THAT(refusal("{}"), HasSubstr("the router sent no message: wanted a list, but it is a map"));
  EXPECT_THAT(refusal("[]"), HasSubstr("an empty list"));
  EXPECT_THAT(refusal("[99,1]"), HasSubstr("its type, 99, is unknown"));
  EXPECT_THAT(refusal("[\"x\"]"), HasSubstr("wanted an integer, but it is a text"));
  EXPECT_THAT(refusal("[-50]"), HasSubstr("negative"));
  EXPECT_THAT(refusal("[50"), HasSubstr("malformed JSON at byte 3"));
  EXPECT_THAT(refusal("[50,1]"), HasSubstr("the router sent a malformed RESULT: it ends too early"));
  EXPECT_THAT(refusal("[50,1,[]]"), HasSubstr("a malformed RESULT: wanted a map, but it is a list"));
  EXPECT_THAT(refusal("[50,1,{},{}]"), HasSubstr("wanted a list, but it is a map"));
  EXPECT_THAT(refusal("[50,1,{},[],[]]"), HasSubstr("wanted a map, but it is a list"));
  EXPECT_THAT(refusal("[50,1,{},[],{},1]"), HasSubstr("it has too many parts"));
  EXPECT_THAT(refusal("[50,\"1\",{}]"), HasSubstr("wanted an integer, but it is a text"));
  EXPECT_THAT(refusal("[50,9007199254740993,{}]"), HasSubstr("above 2^53"));
  EXPECT_EQ(refusal("[50,9007199254740992,{}]"), "read");
  EXPECT_THAT(refusal("[50,1,{}] x"), HasSubstr("something follows"));
  EXPECT_THAT(refusal("[8,48,1,{},5]"), HasSubstr("a malformed ERROR: wanted a text, but it is an integer"));
}

TEST(wamp_messages, cut_off_or_changed_anywhere_are_read_or_refused) {
  std::mt19937 random(21);
  for (const char* text : all_messages)
    for (const serializer format : formats) {
      const std::string whole = encoded(format, decoded(serializer::json, text));
      for (std::size_t size = 0; size < whole.size(); ++size) ASSERT_NE(refusal(format, whole.substr(0, size)), "read");
      for (int i = 0; i < 30; ++i) {
        std::string changed = whole;
        for (int changes = 0; changes < 2; ++changes)
          changed[std::uniform_int_distribution<std::size_t>(0, changed.size() - 1)(random)] =
              static_cast<char>(random());
        static_cast<void>(refusal(format, changed));  // nothing else is thrown
      }
    }
}

TEST(wamp_messages, members_of_their_details_are_found) {
  for (const serializer format : formats) {
    const std::string bytes = encoded(
        format,
        decoded(serializer::json, R"([50,1,{"a":[1,{"progress":false}],"progress":true,"caller":7,"n":-1,"t":"x"}])"));
    const message read = read_message(format, bytes);
    EXPECT_EQ(get_flag(read.body, "progress"), true);
    EXPECT_EQ(get_flag(read.body, "caller"), std::nullopt);
    EXPECT_EQ(get_flag(read.body, "none"), std::nullopt);
    EXPECT_EQ(get_id(read.body, "caller"), 7U);
    EXPECT_EQ(get_id(read.body, "n"), std::nullopt);
    EXPECT_EQ(get_text(read.body, "t"), "x");
  }
}

// ---- URIs ----

TEST(wamp_uris, are_checked_before_a_router_closes_the_connection_for_them) {
  for (const char* good : {"a", "com.example.add", "com.example.Ädd-1_x", "wamp.session.count"})
    EXPECT_TRUE(is_uri(good)) << good;
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a b", "a#", "a\n", "\xff"}) EXPECT_FALSE(is_uri(bad)) << bad;
  EXPECT_TRUE(is_uri("com.", match::prefix));
  EXPECT_TRUE(is_uri("", match::prefix));
  EXPECT_FALSE(is_uri("com..x", match::prefix));
  EXPECT_TRUE(is_uri("com..x", match::wildcard));
  EXPECT_TRUE(is_uri("..", match::wildcard));
  EXPECT_THROW(require_own_uri("wamp.x", "register_"), usage_error);
  EXPECT_THROW(application_error("not a uri"), usage_error);
}

TEST(wamp_errors, carry_what_the_remote_said) {
  const application_error plain("com.error", "it is late");
  EXPECT_STREQ(plain.what(), "com.error: it is late");
  EXPECT_EQ(plain.args(), (list{"it is late"}));
  EXPECT_EQ(plain.traceback(), "");
  const application_error traced("com.error", list{5}, dict{{"traceback", list{"one", "two\n"}}});
  EXPECT_STREQ(traced.what(), "com.error: 5");
  EXPECT_EQ(traced.traceback(), "one\ntwo\n");
  EXPECT_TRUE(join_refused("wamp.error.no_such_realm", "").for_good());
  EXPECT_FALSE(join_refused("wamp.close.system_shutdown", "").for_good());
}

}  // namespace
