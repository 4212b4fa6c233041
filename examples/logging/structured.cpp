// SPDX-License-Identifier: MIT
// Fields that have parts, and categories instead of formats.
#include <interloop/failure.hpp>
#include <interloop/logger.hpp>
#include <interloop/logging/categories.hpp>
#include <interloop/logging/describe.hpp>
#include <interloop/logging/start.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace interloop::literals;

// [describe]
struct shape {
  int sides;
  std::string colour;
};

template <>
inline constexpr auto interloop::description<shape> =
    interloop::describe("sides", &shape::sides, "colour", &shape::colour);
// [/describe]

// [my_thing]
class my_thing {
 public:
  void something_interesting(const std::map<std::string, int>& things) {
    try {
      log_.debug("Called with {things[one]}", "things"_a = things);
      const int result = method_call(things);
      log_.info("Got '{result}'.", "result"_a = result);
    } catch (...) {
      const auto fail = interloop::create_failure();
      log_.critical(interloop::failure_format_traceback(fail));
    }
  }

 private:
  static int method_call(const std::map<std::string, int>& things) { return things.at("one") + things.at("two"); }

  const interloop::logger log_ = interloop::make_logger("my_thing");
};
// [/my_thing]

int main() {
  interloop::start_logging(stdout, "debug");
  my_thing().something_interesting({{"one", 1}, {"two", 2}});
  my_thing().something_interesting({{"one", 1}});

  const auto log = interloop::make_logger();
  // [paths]
  const std::vector<std::string> nouns{"fox", "dog", "rabbit"};
  const shape square{4, "red"};
  log.info("A {nouns[2]} in a {shape.colour!r} shape of {shape.sides:02} sides: {shape}", "nouns"_a = nouns,
           "shape"_a = square);
  // [/paths]
  // [categories]
  interloop::add_log_categories({{"hop", "{who} hops {times} times"}});
  log.info("log_category"_a = "hop", "who"_a = "Jack", "times"_a = 42);
  // [/categories]
}
