// SPDX-License-Identifier: MIT
#include <interloop/logging/json_sink.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct shape {
  int sides;
  std::vector<double> lengths;
};

}  // namespace

template <>
inline constexpr auto description<shape> = describe("sides", &shape::sides, "lengths", &shape::lengths);

namespace {

struct unprintable {};

}  // namespace
}  // namespace interloop

template <>
struct fmt::formatter<interloop::unprintable> : fmt::formatter<int> {
  auto format(const interloop::unprintable&, fmt::format_context& context) const -> decltype(context.out()) {
    throw std::runtime_error("cannot");
  }
};

namespace interloop {
namespace {

class json_sink_test : public test::logging_test {
 protected:
  json_sink_test() { add_log_sink(std::make_shared<json_sink>(out_)); }

  /// The part of the only line that comes from the call's fields, and the end of the line.
  std::string fields() {
    const std::string line = out_.str();
    const auto at = line.find("\"log_line\":");
    return line.substr(line.find(',', at) + 1);
  }

  logger log = make_logger("json");
  std::ostringstream out_;
};

TEST_F(json_sink_test, a_message_is_one_line_with_its_own_facts_first) {
  log.info("Hopping {times} times.", "times"_a = 42);
  EXPECT_THAT(out_.str(), ::testing::MatchesRegex(
                              "\\{\"log_time\":[0-9]+\\.[0-9]{6},\"log_level\":\"info\",\"log_namespace\":\"json\","
                              "\"log_format\":\"Hopping \\{times\\} times\\.\",\"text\":\"Hopping 42 times\\.\","
                              "\"log_file\":\"[^\"]+json_sink_test\\.cpp\",\"log_line\":[0-9]+,\"times\":42\\}\n"));
}

TEST_F(json_sink_test, fields_keep_their_kinds) {
  log.info("x", "b"_a = true, "n"_a = std::optional<int>(), "u"_a = 18446744073709551615U, "d"_a = 0.5, "t"_a = "text");
  EXPECT_EQ(fields(), "\"b\":true,\"n\":null,\"u\":18446744073709551615,\"d\":0.5,\"t\":\"text\"}\n");
}

TEST_F(json_sink_test, values_with_members_are_arrays_or_objects) {
  log.info("x", "s"_a = shape{3, {1, 2.5}}, "m"_a = std::map<int, bool>{{7, true}});
  EXPECT_EQ(fields(), "\"s\":{\"sides\":3,\"lengths\":[1,2.5]},\"m\":{\"7\":true}}\n");
}

TEST_F(json_sink_test, a_failure_is_an_object_with_its_traceback) {
  log.failure("while {doing}", create_failure(std::runtime_error("gone")), "doing"_a = "this");
  EXPECT_THAT(fields(), HasSubstr("\"log_failure\":{\"type\":\"std::runtime_error\",\"message\":\"gone\","
                                  "\"traceback\":\"Traceback"));
}

TEST_F(json_sink_test, texts_are_escaped_and_always_utf_8) {
  log.info("x", "t"_a = std::string("q\" b\\ n\n \x01 \xC3\xA9 \xFF \xED\xA0\x80 \xF0\x9F\x90\xB0"));
  EXPECT_EQ(fields(), "\"t\":\"q\\\" b\\\\ n\\n \\u0001 \xC3\xA9 \\ufffd \\ufffd\\ufffd\\ufffd \xF0\x9F\x90\xB0\"}\n");
}

TEST_F(json_sink_test, a_number_that_json_cannot_express_is_a_string) {
  log.info("x", "i"_a = std::numeric_limits<double>::infinity(), "n"_a = std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(fields(), "\"i\":\"inf\",\"n\":\"nan\"}\n");
}

TEST_F(json_sink_test, a_value_that_cannot_be_formatted_says_so_in_its_place) {
  log.info("x", "bad"_a = std::vector<unprintable>(2), "n"_a = 1);
  EXPECT_EQ(fields(), "\"bad\":\"[this value could not be formatted: cannot]\",\"n\":1}\n");
}

TEST_F(json_sink_test, a_duplicate_name_appears_only_once) {
  log.info("x", "text"_a = "mine", "a"_a = 1, "a"_a = 2);
  EXPECT_EQ(fields(), "\"a\":1}\n");
  EXPECT_THAT(out_.str(), Not(HasSubstr("mine")));
}

}  // namespace
}  // namespace interloop
