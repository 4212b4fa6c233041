// SPDX-License-Identifier: MIT
// Random formats, filled in here and by Python's own str.format, as far as both support them: the texts must be the
// same.
//
// This program makes the formats and their values, asks python_format.py for Python's results, and compares.
#include <interloop/logger.hpp>

#include <gtest/gtest.h>

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

struct point {
  int x;
  std::string label;
  std::map<std::string, int> tags;
};

}  // namespace

template <>
inline constexpr auto description<point> = describe("x", &point::x, "label", &point::label, "tags", &point::tags);

namespace {

// A case: a format and the values of its fields, with Python's notation for them.
struct fill_in {
  std::string format;
  int i;
  double d;
  std::string s;
  std::vector<int> v;
  std::map<std::string, std::string> m;
  point p;
};

class maker {
 public:
  explicit maker(std::uint32_t seed) : random_(seed) {}

  fill_in make() {
    fill_in made{"", number(), number() / 8.0, text(), {}, {}, {number(), text(), {}}};
    for (int k = pick(4); k >= 0; --k) made.v.push_back(number());
    for (const char* key : {"one", "two", "3", "a b"}) made.m[key] = text();
    for (const char* key : {"a", "b"}) made.p.tags[key] = number();
    for (int parts = pick(6); parts >= 0; --parts) {
      made.format += literal();
      made.format += '{' + reference(made) + '}';
    }
    made.format += literal();
    return made;
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint32_t>(below)); }
  int number() { return pick(2001) - 1000; }
  template <std::size_t N>
  std::string one_of(const char* const (&from)[N]) {
    return from[static_cast<std::size_t>(pick(N))];
  }
  std::string text() {
    std::string made;
    for (int k = pick(9); k > 0; --k) made += "ab '\"\\\n\t{}z"[pick(11)];
    return made;
  }
  std::string literal() {
    std::string made;
    for (int k = pick(5); k > 0; --k) made += one_of({"x", " ", "{{", "}}", "!", ":", "[", ".", "\n"});
    return made;
  }
  // Specifications that mean the same in both languages.
  std::string text_spec() {
    return one_of({"", "", ":>12", ":<9", ":^11", ":*^7", ":.2", ":_>6.3", ":{width}", ":>{width}", ":s"});
  }
  std::string integer_spec() {
    return one_of(
        {"", "", ":d", ":+d", ":6d", ":06d", ":<8d", ":^9d", ":x", ":#X", ":#b", ":o", ": d", ":=>9d", ":>{width}"});
  }
  std::string reference(const fill_in& made) {
    switch (pick(9)) {
      case 0:
        return "i" + integer_spec();
      case 1:
        return "d" + one_of({":f", ":.2f", ":10.3f", ":+.1e", ":08.2f", ":<12.4f", ":E", ":.3g", ":^+9.1f"});
      case 2:
        return "s" + text_spec();
      case 3:
        return "s!r" + text_spec();
      case 4:
        return "v[" + std::to_string(pick(static_cast<int>(made.v.size()))) + "]" + integer_spec();
      case 5:
        return "m[" + one_of({"one", "two", "a b"}) + "]" + text_spec();
      case 6:
        return "p.x" + integer_spec();
      case 7:
        return one_of({"p.label!r", "p.label!s", "v!s", "v!r"}) + text_spec();
      default:
        return "p.tags[" + one_of({"a", "b"}) + "]" + integer_spec();
    }
  }

  std::mt19937 random_;
};

std::string python(const std::string& text) {
  std::string made = "'";
  for (const char c : text) {
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
    made += escaped;
  }
  return made + "'";
}

std::string python(const fill_in& each) {
  std::ostringstream line;
  line.precision(17);
  line << '(' << python(each.format) << ", dict(width=15, i=" << each.i << ", d=" << each.d << ", s=" << python(each.s)
       << ", v=[";
  for (const int n : each.v) line << n << ',';
  line << "], m={";
  for (const auto& [key, value] : each.m) line << python(key) << ':' << python(value) << ',';
  line << "}, p=Point(" << each.p.x << ',' << python(each.p.label) << ",{";
  for (const auto& [key, value] : each.p.tags) line << python(key) << ':' << value << ',';
  line << "})))";
  return line.str();
}

class python_format_test : public test::logging_test {};

TEST_F(python_format_test, random_formats_give_what_python_gives) {
  const char* const given = std::getenv("INTERLOOP_SEED");
  const auto seed = given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::uint32_t{20160121};
  SCOPED_TRACE("INTERLOOP_SEED=" + std::to_string(seed));
  maker cases(seed);
  std::vector<fill_in> all;
  for (int k = 0; k < 3000; ++k) all.push_back(cases.make());

  const char* const folder = std::getenv("TMPDIR");
  std::string path = std::string(folder ? folder : "/tmp") + "/interloop_python_XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  ASSERT_GE(descriptor, 0);
  ::close(descriptor);
  {
    std::ofstream out(path);
    for (const fill_in& each : all) out << python(each) << '\n';
  }
  // Answers come as one line each, bytes in hexadecimal.
  const std::string command = std::string(PYTHON) + " '" + SCRIPT + "' '" + path + "'";
  std::FILE* const answers = ::popen(command.c_str(), "r");
  ASSERT_TRUE(answers);

  const auto sink = capture();
  const logger log = make_logger("python");
  std::size_t compared = 0;
  std::vector<char> line(1 << 16);
  for (const fill_in& each : all) {
    log.info(runtime(each.format), "width"_a = 15, "i"_a = each.i, "d"_a = each.d, "s"_a = each.s, "v"_a = each.v,
             "m"_a = each.m, "p"_a = each.p);
    if (!std::fgets(line.data(), static_cast<int>(line.size()), answers)) break;
    std::string theirs;
    for (const char* at = line.data(); at[0] != '\n' && at[0] && at[1]; at += 2)
      theirs += static_cast<char>(std::stoi(std::string(at, 2), nullptr, 16));
    EXPECT_EQ(sink->last().text(), theirs) << "format: " << each.format;
    ++compared;
    if (HasFailure()) break;
  }
  const int status = ::pclose(answers);
  std::remove(path.c_str());
  EXPECT_EQ(status, 0);
  EXPECT_EQ(compared, all.size());
}

}  // namespace
}  // namespace interloop
