// SPDX-License-Identifier: MIT
#include <interloop/logging/format.hpp>

#include <interloop/error.hpp>

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::HasSubstr;

struct shape {
  int sides;
  std::string colour;
  double area() const { return sides * 1.5; }
};
struct house {
  shape roof;
  std::map<std::string, int> rooms;
};
struct place {
  int x, y;
};
struct grumpy {};

}  // namespace

template <>
inline constexpr auto description<shape> =
    describe("sides", &shape::sides, "colour", &shape::colour, "area", &shape::area);
template <>
inline constexpr auto description<house> = describe("roof", &house::roof, "rooms", &house::rooms);

}  // namespace interloop

template <>
struct fmt::formatter<interloop::place> : fmt::formatter<int> {
  template <class Context>
  auto format(const interloop::place& at, Context& context) const {
    return fmt::format_to(context.out(), "<{}|{}>", at.x, at.y);
  }
};
template <>
struct fmt::formatter<interloop::grumpy> : fmt::formatter<int> {
  template <class Context>
  auto format(const interloop::grumpy&, Context& context) const -> decltype(context.out()) {
    throw std::runtime_error("not today");
  }
};

namespace interloop {
namespace {

class format_test : public test::logging_test {
 protected:
  template <class... Fields>
  std::string said(log_format<std::type_identity_t<Fields>...> format, Fields... fields) {
    log_.info(format, fields...);
    return sink_->texts().back();
  }

  logger log_ = make_logger("format_test");
  std::shared_ptr<test::log_capture> sink_ = capture();
};

TEST_F(format_test, a_name_stands_for_its_fields_value) {
  EXPECT_EQ(said("Hopping {times} times.", "times"_a = 42), "Hopping 42 times.");
  EXPECT_EQ(said("{b}{a}{b}", "a"_a = 1, "b"_a = 2), "212");
  EXPECT_EQ(said("nothing"), "nothing");
  EXPECT_EQ(said(""), "");
}

TEST_F(format_test, formats_with_the_same_fields_are_kept_apart_and_read_once_each) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(said("1 {x}", "x"_a = round), fmt::format("1 {}", round));
    EXPECT_EQ(said("2 {x}", "x"_a = round), fmt::format("2 {}", round));
    EXPECT_EQ(said("3 {x:2}", "x"_a = round), fmt::format("3 {:2}", round));
    EXPECT_EQ(said("4 {x}{x}", "x"_a = round), fmt::format("4 {0}{0}", round));
    EXPECT_EQ(said("5", "x"_a = round), "5");
    EXPECT_EQ(said("6 {x!r}", "x"_a = round), fmt::format("6 {}", round));
  }
}

TEST_F(format_test, a_name_may_appear_more_often_than_there_are_fields) {
  EXPECT_EQ(said("{a}-{a}-{a}-{a}-{a}-{a}-{a}", "a"_a = 1), "1-1-1-1-1-1-1");
}

TEST_F(format_test, values_are_written_as_fmt_writes_them) {
  EXPECT_EQ(said("{x}", "x"_a = true), "true");
  EXPECT_EQ(said("{x}", "x"_a = 'c'), "c");
  EXPECT_EQ(said("{x}", "x"_a = -7L), "-7");
  EXPECT_EQ(said("{x}", "x"_a = 18446744073709551615U), "18446744073709551615");
  EXPECT_EQ(said("{x}", "x"_a = 1.5), "1.5");
  EXPECT_EQ(said("{x}", "x"_a = 0.1F), "0.1");
  EXPECT_EQ(said("{x}", "x"_a = std::string("text")), "text");
  EXPECT_EQ(said("{x}", "x"_a = std::optional<int>()), "none");
  EXPECT_EQ(said("{x}", "x"_a = std::optional<int>(3)), "3");
  EXPECT_EQ(said("{x}", "x"_a = std::chrono::milliseconds(1500)), "1.5");
  EXPECT_EQ(said("{x}", "x"_a = place{1, 2}), "<1|2>");
  EXPECT_EQ(said("{x}", "x"_a = create_failure(std::runtime_error("gone"))), "std::runtime_error: gone");
}

TEST_F(format_test, specifications_are_those_of_fmt) {
  EXPECT_EQ(said("[{x:>6}]", "x"_a = 42), "[    42]");
  EXPECT_EQ(said("[{x:<6}]", "x"_a = "ab"), "[ab    ]");
  EXPECT_EQ(said("[{x:*^7.2f}]", "x"_a = 3.14159), "[*3.14**]");
  EXPECT_EQ(said("[{x:#06x}]", "x"_a = 255), "[0x00ff]");
  EXPECT_EQ(said("[{x:{width}}]", "x"_a = 42, "width"_a = 5), "[   42]");
  EXPECT_EQ(said("[{x:.{digits}f}]", "x"_a = 1.23456, "digits"_a = 2), "[1.23]");
}

TEST_F(format_test, a_field_that_asks_for_a_width_above_9999_is_refused_rather_than_obeyed) {
  EXPECT_EQ(said("{x:{width}}", "x"_a = 42, "width"_a = 9999).size(), 9999U);
  for (const std::string_view format : {"{x:{width}}", "{pi:.{width}f}", "{x:{one}{one}{one}}", "{pi:{log_time}}"}) {
    EXPECT_EQ(said(runtime(format), "x"_a = 42, "pi"_a = 3.14, "width"_a = 10000, "one"_a = 42)
                  .find(std::string(format) + " [this message could not be formatted: a field asks for a width or "
                                              "precision above 9999: "),
              0U)
        << format;
  }
}

TEST_F(format_test, a_character_is_a_text_and_a_wider_one_its_number) {
  EXPECT_EQ(said("[{c:>2}{w:>4}{u:x}]", "c"_a = 'c', "w"_a = L'a', "u"_a = u8'a'), "[ c  9761]");
}

TEST_F(format_test, specifications_of_enumerations_durations_and_optionals_are_those_of_the_shown_value) {
  enum class medal : char { bronze = 3 };
  EXPECT_EQ(said("[{e:>2}{d:.2f}{o:04}]", "e"_a = medal::bronze, "d"_a = std::chrono::milliseconds(1500),
                 "o"_a = std::optional(42)),
            "[ 31.500042]");
}

TEST_F(format_test, alignment_and_width_of_a_specification_apply_even_without_a_value) {
  const std::optional<double> nothing;
  EXPECT_EQ(said("[{x:.2f}] [{x:>+8.1e}] [{x:*^#010}] [{x:5g}]", "x"_a = nothing),
            "[none] [    none] [***none***] [none ]");
  EXPECT_EQ(said("[{x:é>6}] [{x:>>5}] [{x!r:>5}]", "x"_a = nothing), "[éénone] [>none] [ none]");
}

TEST_F(format_test, paths_lead_into_maps_sequences_and_described_structs) {
  const std::map<std::string, int> things{{"one", 1}, {"two", 2}};
  const std::vector<std::string> nouns{"fox", "dog", "cat"};
  const house home{{3, "red"}, {{"kitchen", 1}, {"bath", 2}}};
  EXPECT_EQ(said("Called with {things[one]}", "things"_a = things), "Called with 1");
  EXPECT_EQ(said("{nouns[2]} {nouns[-3]}", "nouns"_a = nouns), "cat fox");
  EXPECT_EQ(said("{shape.sides} {shape.area:.2f}", "shape"_a = home.roof), "3 4.50");
  EXPECT_EQ(said("{what.rooms[bath]} {what.roof.colour!r}", "what"_a = home), "2 'red'");
  EXPECT_EQ(said("{m[7]}", "m"_a = std::map<int, char>{{7, 'x'}}), "x");
  EXPECT_EQ(said("{v[1][0]}", "v"_a = std::vector<std::vector<bool>>{{}, {true}}), "true");
}

TEST_F(format_test, values_with_members_are_written_with_them) {
  EXPECT_EQ(said("{x}", "x"_a = std::vector<int>{1, 2, 3}), "[1, 2, 3]");
  EXPECT_EQ(said("{x}", "x"_a = std::map<std::string, double>{{"a", 1.5}}), "{'a': 1.5}");
  EXPECT_EQ(said("{x}", "x"_a = shape{4, "blue"}), "(sides=4, colour='blue', area=6)");
  EXPECT_EQ(said("{x:>12}", "x"_a = std::array<int, 3>{1, 2, 3}), "   [1, 2, 3]");
}

TEST_F(format_test, a_conversion_quotes_as_python_does) {
  EXPECT_EQ(said("{x!r} {x!s}", "x"_a = "it"), "'it' it");
  EXPECT_EQ(said("{x!r}", "x"_a = "it's"), "\"it's\"");
  EXPECT_EQ(said("{x!r}", "x"_a = "both ' and \""), "'both \\' and \"'");
  EXPECT_EQ(said("{x!r:>8}", "x"_a = "a\n"), "   'a\\n'");
  EXPECT_EQ(said("{x!r}", "x"_a = 5), "5");
}

TEST_F(format_test, doubled_braces_are_braces) { EXPECT_EQ(said("{{{x}}} {{}}", "x"_a = 1), "{1} {}"); }

TEST_F(format_test, the_events_own_fields_can_be_named) {
  EXPECT_EQ(said("{log_level} {log_namespace} {log_format}"),
            "info format_test {log_level} {log_namespace} {log_format}");
  EXPECT_THAT(said("{log_time:.0f}"), ::testing::MatchesRegex("[0-9]{10,11}"));
}

TEST_F(format_test, a_format_known_only_at_run_time_means_the_same) {
  EXPECT_EQ(said(runtime("{b:>3}{a[0]}"), "a"_a = std::vector<int>{9}, "b"_a = 1), "  19");
}

TEST_F(format_test, an_invalid_runtime_format_is_refused_with_the_reason) {
  const auto refusal = [](std::string_view text) -> std::string {
    try {
      (void)runtime(text);
    } catch (const usage_error& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal("a {"), HasSubstr("at character 2: unmatched '{'"));
  EXPECT_THAT(refusal("a }"), HasSubstr("unmatched '}'"));
  EXPECT_THAT(refusal(std::string_view("\0{", 2)), HasSubstr("the format '\\x00{' is invalid at character 1"));
  EXPECT_THAT(refusal("{}"), HasSubstr("name is missing"));
  EXPECT_THAT(refusal("{0}"), HasSubstr("not numbered"));
  EXPECT_THAT(refusal("{a.}"), HasSubstr(".member or [key]"));
  EXPECT_THAT(refusal("{a[}"), HasSubstr("unmatched '{'"));
  EXPECT_THAT(refusal("{a!x}"), HasSubstr("'!' must be followed by"));
  EXPECT_THAT(refusal("{a:{b:{c}}}"), HasSubstr("cannot have a specification itself"));
  EXPECT_EQ(refusal("{a.b[c]!r:>{d}} {{"), "accepted");
}

TEST_F(format_test, a_message_that_cannot_be_formatted_says_why_and_is_not_lost) {
  EXPECT_EQ(said(runtime("hop {y}"), "x"_a = 1),
            "hop {y} [this message could not be formatted: there is no field 'y'; the fields are: x]");
  EXPECT_THAT(said(runtime("{x:d}"), "x"_a = "text"), HasSubstr("{x:d} [this message could not be formatted: "));
  EXPECT_THAT(said("{x[three]}", "x"_a = std::map<std::string, int>{}), HasSubstr("the value has nothing at [three]"));
  EXPECT_THAT(said("{x[3]}", "x"_a = std::vector<int>{1}), HasSubstr("the value has nothing at [3]"));
  EXPECT_THAT(said("{x}", "x"_a = grumpy()), HasSubstr("not today"));
}

}  // namespace
}  // namespace interloop
