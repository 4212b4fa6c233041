// SPDX-License-Identifier: MIT
// Qt's headers come before the logger's here: their macros must do it no harm.
#include <interloop/logging/qt.hpp>

#include <QLoggingCategory>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::ElementsAre;

Q_LOGGING_CATEGORY(theirs, "qt.theirs")

// The messages that Qt gets and that do not come from Qt's own users.
std::vector<std::string> written;
void keep(QtMsgType type, const QMessageLogContext& context, const QString& text) {
  written.push_back(std::to_string(type) + '|' + context.category + '|' + text.toStdString());
}

struct logs_to_qt {};

}  // namespace
}  // namespace interloop

template <>
struct fmt::formatter<interloop::logs_to_qt> : fmt::formatter<int> {
  auto format(const interloop::logs_to_qt&, fmt::format_context& context) const {
    qWarning("from a formatter");
    return fmt::formatter<int>::format(1, context);
  }
};

namespace interloop {
namespace {

class log_qt_test : public test::logging_test {
 protected:
  static void SetUpTestSuite() {
    qInstallMessageHandler(keep);
    receive_qt();
    receive_qt();
  }
  log_qt_test() { written.clear(); }
  logger log_ = make_logger("log_qt_test.ours");
};

TEST_F(log_qt_test, messages_reach_qt_with_level_and_category) {
  set_global_log_level(log_level::trace);
  add_log_sink(make_qt_sink());
  log_.critical("1");
  log_.error("2");
  log_.warn("3");
  log_.info("Hopping {times} times.", "times"_a = 42);
  log_.log_at(log_level::debug, "5 %1 %s");
  EXPECT_THAT(written, ElementsAre(std::to_string(QtCriticalMsg) + "|log_qt_test.ours|1",
                                   std::to_string(QtCriticalMsg) + "|log_qt_test.ours|2",
                                   std::to_string(QtWarningMsg) + "|log_qt_test.ours|3",
                                   std::to_string(QtInfoMsg) + "|log_qt_test.ours|Hopping 42 times.",
                                   std::to_string(QtDebugMsg) + "|log_qt_test.ours|5 %1 %s"));
}

TEST_F(log_qt_test, messages_that_a_formatter_logs_to_qt_arrive_here) {
  add_log_sink(make_qt_sink());
  const auto sink = capture();
  log_.warn("{x}", "x"_a = logs_to_qt());
  EXPECT_EQ(sink->texts().front(), "from a formatter");
  EXPECT_THAT(written, ElementsAre(std::to_string(QtWarningMsg) + "|log_qt_test.ours|1"));
}

TEST_F(log_qt_test, qts_rules_for_categories_count) {
  add_log_sink(make_qt_sink());
  QLoggingCategory::setFilterRules("log_qt_test.ours.info=false");
  log_.info("no");
  log_.warn("yes");
  QLoggingCategory::setFilterRules("");
  EXPECT_THAT(written, ElementsAre(std::to_string(QtWarningMsg) + "|log_qt_test.ours|yes"));
}

TEST_F(log_qt_test, qts_messages_come_in_order_with_ours) {
  const auto sink = capture();
  log_.info("1");
  qCWarning(theirs) << "2" << "theirs";
  EXPECT_EQ(sink->last().level, log_level::warn);
  EXPECT_EQ(sink->last().name, "qt.theirs");
  EXPECT_EQ(sink->last().origin, "qt");
  log_.info("3");
  qInfo("%d {braces}", 4);
  EXPECT_EQ(sink->last().name, "qt");
  EXPECT_THAT(sink->texts(), ElementsAre("1", "2 theirs", "3", "4 {braces}"));
}

TEST_F(log_qt_test, nothing_goes_round_in_circles) {
  const auto sink = capture();
  add_log_sink(make_qt_sink());
  log_.info("ours");
  qCWarning(theirs) << "theirs";
  EXPECT_THAT(sink->texts(), ElementsAre("ours", "theirs"));
  EXPECT_THAT(written, ElementsAre(std::to_string(QtInfoMsg) + "|log_qt_test.ours|ours"));
}

}  // namespace
}  // namespace interloop
