// SPDX-License-Identifier: MIT
// GLib lets a process set its writer only once: this program's writer is receive_glib's. The sink's output is seen on
// stderr, where GLib writes by default, and in another process with a writer of the test (log_glib_writer_test).
#include <interloop/logging/glib.hpp>

#include <glib.h>
#include <gmock/gmock.h>

#include <string>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class log_glib_test : public test::logging_test {
 protected:
  static void SetUpTestSuite() {
    receive_glib();
    receive_glib();
  }
  logger log_ = make_logger("ours");
};

TEST_F(log_glib_test, structured_messages_come_with_their_fields) {
  const auto sink = capture();
  g_log_structured("Theirs", G_LOG_LEVEL_WARNING, "RABBIT", "Jack", "MESSAGE", "hopping %d {times}", 42);
  const log_event& event = sink->last();
  EXPECT_EQ(event.text(), "hopping 42 {times}");
  EXPECT_EQ(event.level, log_level::warn);
  EXPECT_EQ(event.name, "Theirs");
  EXPECT_EQ(event.origin, "glib");
  EXPECT_EQ(event.field("RABBIT")->as_text(), "Jack");
}

TEST_F(log_glib_test, each_of_glibs_levels_has_a_counterpart_here) {
  set_global_log_level(log_level::trace);
  const auto sink = capture();
  const auto level_of = [&](GLogLevelFlags flags) {
    g_log_structured("Levels", flags, "MESSAGE", "x");
    return sink->last().level;
  };
  EXPECT_EQ(level_of(G_LOG_LEVEL_CRITICAL), log_level::error);
  EXPECT_EQ(level_of(G_LOG_LEVEL_WARNING), log_level::warn);
  EXPECT_EQ(level_of(G_LOG_LEVEL_MESSAGE), log_level::info);
  EXPECT_EQ(level_of(G_LOG_LEVEL_INFO), log_level::info);
  EXPECT_EQ(level_of(G_LOG_LEVEL_DEBUG), log_level::debug);
}

TEST_F(log_glib_test, old_style_messages_come_in_order_with_ours) {
  const auto sink = capture();
  log_.info("1");
  g_message("%d theirs", 2);
  log_.info("3");
  EXPECT_THAT(sink->texts(), ElementsAre("1", "2 theirs", "3"));
}

TEST_F(log_glib_test, nothing_goes_round_in_circles) {
  const auto sink = capture();
  add_log_sink(make_glib_sink());
  ::testing::internal::CaptureStderr();
  log_.warn("ours");
  g_log_structured("Theirs", G_LOG_LEVEL_WARNING, "MESSAGE", "theirs");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("ours-WARNING **"));
  EXPECT_THAT(sink->texts(), ElementsAre("ours", "theirs"));
}

}  // namespace
}  // namespace interloop
