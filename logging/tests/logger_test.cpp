// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <interloop/error.hpp>
#include <interloop/logging/categories.hpp>

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const logger at_namespace_scope = make_logger();

class logger_test : public test::logging_test {};

TEST_F(logger_test, every_method_logs_at_its_level) {
  const auto sink = capture();
  set_global_log_level(log_level::trace);
  const logger log = make_logger("levels");
  log.critical("1");
  EXPECT_EQ(sink->last().level, log_level::critical);
  log.error("2");
  EXPECT_EQ(sink->last().level, log_level::error);
  log.warn("3");
  EXPECT_EQ(sink->last().level, log_level::warn);
  log.info("4");
  EXPECT_EQ(sink->last().level, log_level::info);
  log.debug("5");
  EXPECT_EQ(sink->last().level, log_level::debug);
  log.trace("6");
  EXPECT_EQ(sink->last().level, log_level::trace);
  log.emit(log_level::warn, "7");
  EXPECT_EQ(sink->last().level, log_level::warn);
  EXPECT_EQ(sink->texts().size(), 7U);
}

TEST_F(logger_test, a_level_lets_itself_and_all_more_severe_levels_through) {
  const auto sink = capture();
  const logger log = make_logger("levels");
  for (std::size_t global = 0; global < log_levels.size(); ++global) {
    set_global_log_level(log_levels[global]);
    EXPECT_EQ(get_global_log_level(), static_cast<log_level>(global));
    for (std::size_t level = 1; level < log_levels.size(); ++level) {
      const std::size_t before = sink->texts().size();
      log.emit(static_cast<log_level>(level), "x");
      EXPECT_EQ(sink->texts().size() - before, level <= global ? 1U : 0U)
          << log_levels[level] << " at " << log_levels[global];
      EXPECT_EQ(log.enabled(static_cast<log_level>(level)), level <= global);
    }
  }
}

TEST_F(logger_test, nothing_is_logged_at_none) {
  const auto sink = capture();
  const logger log = make_logger("none");
  EXPECT_THROW(log.emit(log_level::none, "x"), usage_error);
  EXPECT_THROW(log.emit(static_cast<log_level>(9), "x"), usage_error);
  EXPECT_THAT(sink->texts(), IsEmpty());
}

TEST_F(logger_test, an_unknown_level_is_refused_with_the_valid_ones) {
  try {
    set_global_log_level("verbose");
    FAIL();
  } catch (const usage_error& e) {
    EXPECT_STREQ(e.what(),
                 "there is no log level 'verbose'; the levels are: none, critical, error, warn, info, debug, trace");
  }
}

TEST_F(logger_test, a_number_that_is_not_a_level_is_refused_too) {
  EXPECT_THROW(set_global_log_level(static_cast<log_level>(7)), usage_error);
  EXPECT_THROW(make_logger("numbers").set_level(static_cast<log_level>(255)), usage_error);
  EXPECT_EQ(get_global_log_level(), log_level::info);
}

TEST_F(logger_test, a_pinned_logger_keeps_its_level_until_it_is_released) {
  const auto sink = capture();
  const logger pinned = make_logger("pinned");
  const logger copy = make_logger("pinned");
  pinned.set_level("trace");
  set_global_log_level(log_level::error);
  EXPECT_EQ(pinned.level(), log_level::trace);
  copy.trace("by the same name");
  make_logger("other").info("not logged");
  pinned.follow_global_level();
  pinned.trace("not logged");
  EXPECT_EQ(copy.level(), log_level::error);
  EXPECT_THAT(sink->texts(), ElementsAre("by the same name"));
}

TEST_F(logger_test, a_plain_string_is_logged_as_it_is) {
  const auto sink = capture();
  make_logger("plain").critical(std::string("{braces} and }"));
  EXPECT_THAT(sink->texts(), ElementsAre("{braces} and }"));
}

TEST_F(logger_test, an_event_has_its_own_facts_and_typed_fields) {
  const auto sink = capture();
  const auto before = std::chrono::system_clock::now();
  const logger log = make_logger("facts");
  const unsigned line = __LINE__ + 1;
  log.info("Hopping {times} times.", "times"_a = 42, "who"_a = "Jack", "fast"_a = true);
  const log_event& event = sink->last();
  EXPECT_EQ(event.where.line(), line);
  EXPECT_THAT(event.where.file_name(), HasSubstr("logger_test.cpp"));
  EXPECT_EQ(event.name, "facts");
  EXPECT_EQ(event.format, "Hopping {times} times.");
  EXPECT_EQ(event.text(), "Hopping 42 times.");
  EXPECT_GE(event.time, before);
  ASSERT_EQ(event.fields.size(), 3U);
  EXPECT_EQ(event.fields[0].name, "times");
  EXPECT_EQ(event.field("times")->kind(), value_kind::integer);
  EXPECT_EQ(event.field("times")->as_integer(), 42);
  EXPECT_EQ(event.field("who")->as_text(), "Jack");
  EXPECT_TRUE(event.field("fast")->as_boolean());
  EXPECT_EQ(event.field("log_level")->as_text(), "info");
  EXPECT_EQ(event.field("log_namespace")->as_text(), "facts");
  EXPECT_EQ(event.field("log_format")->as_text(), "Hopping {times} times.");
  EXPECT_EQ(event.field("log_time")->kind(), value_kind::real);
  EXPECT_FALSE(event.field("missing"));
}

TEST_F(logger_test, a_category_brings_its_format_and_the_last_one_added_counts) {
  const auto sink = capture();
  const logger log = make_logger("categories");
  add_log_categories({{"hop", "{who} hops"}, {"stop", "{who} stops"}});
  log.info("log_category"_a = "hop", "who"_a = "Jack");
  log.info("its own format", "who"_a = "Jack", "log_category"_a = "stop");
  add_log_categories({{"hop", "hop, {who}!"}});
  log.warn("who"_a = "Jill", "log_category"_a = "hop");
  EXPECT_EQ(sink->last().format, "hop, {who}!");
  log.info("log_category"_a = "unheard of", "who"_a = "Jack", "times"_a = 2);
  log.info("{who} keeps it", "log_category"_a = "unheard of", "who"_a = "Jack");
  EXPECT_THAT(sink->texts(),
              ElementsAre("Jack hops", "Jack stops", "hop, Jill!", "unheard of who='Jack' times=2", "Jack keeps it"));
  EXPECT_THROW(add_log_categories({{"hop", "fine"}, {"bad", "{"}}), usage_error);
  log.info("log_category"_a = "hop", "who"_a = "Jack");
  EXPECT_EQ(sink->texts().back(), "hop, Jack!");
}

TEST_F(logger_test, emit_with_a_level_known_at_run_time_accepts_the_same_arguments) {
  const auto sink = capture();
  const logger log = make_logger("emit");
  add_log_categories({{"emitted", "{who} was emitted"}});
  for (const log_level level : {log_level::warn, log_level::debug}) {
    log.emit(level, "{n} named", "n"_a = 1);
    log.emit(level, "log_category"_a = "emitted", "who"_a = "Jack");
    log.emit(level, std::string("as {it} is"));
    log.log_at(level, "who"_a = "Jill", "log_category"_a = "emitted");
    log.log_at(level, std::string_view("as {it} is"));
  }
  EXPECT_THAT(sink->texts(),
              ElementsAre("1 named", "Jack was emitted", "as {it} is", "Jill was emitted", "as {it} is"));
  EXPECT_EQ(sink->last().level, log_level::warn);
  EXPECT_THROW(log.emit(log_level::none, std::string("x")), usage_error);
  EXPECT_THROW(log.emit(log_level::none, "log_category"_a = "emitted"), usage_error);
}

TEST_F(logger_test, a_failure_takes_its_categorys_format) {
  const auto sink = capture();
  add_log_categories({{"failed", "{what} failed"}});
  const failure fail = create_failure(std::runtime_error("Fox spotted!"));
  make_logger("failures").failure("while {what}", fail, "log_category"_a = "failed", "what"_a = "hopping");
  EXPECT_THAT(sink->texts(), ElementsAre("hopping failed: std::runtime_error: Fox spotted!"));
  EXPECT_EQ(sink->last().format, "{what} failed");
}

TEST_F(logger_test, a_failure_is_logged_even_if_the_format_is_wrong) {
  const auto sink = capture();
  const failure fail = create_failure(std::runtime_error("Fox spotted!"));
  make_logger("failures").failure(runtime("while {what}"), fail);
  EXPECT_THAT(sink->texts().front(), ::testing::StartsWith("while {what} [this message could not be formatted: "));
  EXPECT_THAT(sink->texts().front(), ::testing::EndsWith("]: std::runtime_error: Fox spotted!"));
}

TEST_F(logger_test, a_failure_is_logged_in_one_line_at_error_and_with_its_traceback_at_debug) {
  const auto sink = capture();
  const logger log = make_logger("failures");
  const failure fail = create_failure(std::runtime_error("Fox spotted!"));
  log.failure("while {doing}", fail, "doing"_a = "hopping");
  EXPECT_THAT(sink->texts(), ElementsAre("while hopping: std::runtime_error: Fox spotted!"));
  EXPECT_EQ(sink->last().level, log_level::error);
  EXPECT_EQ(sink->last().field("log_failure")->kind(), value_kind::failure);
  set_global_log_level(log_level::debug);
  log.failure("again", fail);
  EXPECT_EQ(sink->last().level, log_level::debug);
  EXPECT_EQ(sink->last().text(), failure_format_traceback(fail));
  EXPECT_EQ(sink->texts().size(), 3U);
}

// Compilers write these names in different ways.
namespace names {
std::string free_function() { return std::string(make_logger().name()); }
template <class T>
std::string of_template(T) {
  return std::string(make_logger().name());
}
struct bunny {
  logger log = make_logger();
  bunny() {}
  std::string hop(int) const { return std::string(make_logger().name()); }
  static const char* still(bunny*) { return make_logger().name().data(); }
};
struct functor {
  std::string operator()() const { return std::string(make_logger().name()); }
  std::string operator<<(int) { return std::string(make_logger().name()); }
};
template <class T>
struct qualified {
  const char* both(T) const& { return make_logger().name().data(); }
  const char* moved() && { return make_logger().name().data(); }
};
std::string in_a_lambda() {
  return [] { return std::string(make_logger().name()); }();
}
}  // namespace names

TEST_F(logger_test, a_logger_is_named_after_its_caller) {
  EXPECT_EQ(names::free_function(), "interloop::names::free_function");
  EXPECT_EQ(names::of_template(1), "interloop::names::of_template");
  EXPECT_EQ(names::bunny().log.name(), "interloop::names::bunny");
  EXPECT_EQ(names::bunny().hop(1), "interloop::names::bunny::hop");
  EXPECT_STREQ(names::bunny::still(nullptr), "interloop::names::bunny::still");
  EXPECT_EQ(names::functor()(), "interloop::names::functor::operator()");
  EXPECT_EQ(names::functor() << 1, "interloop::names::functor::operator<<");
  EXPECT_STREQ(names::qualified<int>().both(1), "interloop::names::qualified::both");
  EXPECT_STREQ(names::qualified<int>().moved(), "interloop::names::qualified::moved");
  EXPECT_EQ(names::in_a_lambda(), "interloop::names::in_a_lambda");
  EXPECT_EQ(at_namespace_scope.name(), "logger_test");
  EXPECT_EQ(make_logger("given").name(), "given");
}

}  // namespace
}  // namespace interloop
