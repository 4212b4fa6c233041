// SPDX-License-Identifier: MIT
// The messages that GLib gets, seen by a writer of the test. This is a program of its own because a process sets its
// writer once.
#include <interloop/logging/glib.hpp>

#include <glib.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using fields = std::map<std::string, std::string>;
std::vector<fields> written;
std::vector<GLogLevelFlags> levels;

GLogWriterOutput keep(GLogLevelFlags flags, const GLogField* first, gsize count, gpointer) {
  fields made;
  for (gsize i = 0; i < count; ++i) {
    const auto* const value = static_cast<const char*>(first[i].value);
    made[first[i].key] = first[i].length < 0 ? value : std::string(value, static_cast<std::size_t>(first[i].length));
  }
  written.push_back(made);
  levels.push_back(flags);
  return G_LOG_WRITER_HANDLED;
}

class log_glib_writer_test : public test::logging_test {
 protected:
  static void SetUpTestSuite() { g_log_set_writer_func(keep, nullptr, nullptr); }
  logger log_ = make_logger("ours");
};

TEST_F(log_glib_writer_test, fields_arrive_as_fields) {
  add_log_sink(make_glib_sink());
  log_.warn("Hopping {times} times.", "times"_a = 42);
  ASSERT_FALSE(written.empty());
  const fields& last = written.back();
  EXPECT_EQ(levels.back(), G_LOG_LEVEL_WARNING);
  EXPECT_EQ(last.at("MESSAGE"), "Hopping 42 times.");
  EXPECT_EQ(last.at("PRIORITY"), "4");
  EXPECT_EQ(last.at("GLIB_DOMAIN"), "ours");
  EXPECT_EQ(last.at("CODE_LINE"), std::to_string(__LINE__ - 7));
  EXPECT_EQ(last.at("TIMES"), "42");
  EXPECT_EQ(last.at("LOG_FORMAT"), "Hopping {times} times.");
}

TEST_F(log_glib_writer_test, texts_with_nulls_arrive_whole) {
  add_log_sink(make_glib_sink());
  log_.warn("{text}", "text"_a = std::string("a\0b", 3));
  EXPECT_EQ(written.back().at("MESSAGE"), std::string("a\0b", 3));
  EXPECT_EQ(written.back().at("TEXT"), std::string("a\0b", 3));
}

TEST_F(log_glib_writer_test, no_level_ends_the_process) {
  set_global_log_level(log_level::trace);
  add_log_sink(make_glib_sink());
  levels.clear();
  for (std::size_t level = 1; level < log_levels.size(); ++level) log_.emit(static_cast<log_level>(level), "x");
  EXPECT_EQ(levels, (std::vector<GLogLevelFlags>{G_LOG_LEVEL_CRITICAL, G_LOG_LEVEL_CRITICAL, G_LOG_LEVEL_WARNING,
                                                 G_LOG_LEVEL_INFO, G_LOG_LEVEL_DEBUG, G_LOG_LEVEL_DEBUG}));
}

}  // namespace
}  // namespace interloop
