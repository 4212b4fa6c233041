// SPDX-License-Identifier: MIT
#include <interloop/logging/spdlog.hpp>

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class log_spdlog_test : public test::logging_test {
 protected:
  log_spdlog_test() {
    const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out_);
    sink->set_pattern("%n|%l|%v|%s");
    theirs_ = std::make_shared<spdlog::logger>("theirs", sink);
    theirs_->set_level(spdlog::level::trace);
  }
  ~log_spdlog_test() override { spdlog::drop("theirs"); }

  std::ostringstream out_;
  std::shared_ptr<spdlog::logger> theirs_;
  logger log_ = make_logger("ours");
};

TEST_F(log_spdlog_test, messages_reach_spdlog_with_level_name_place_and_fields) {
  set_global_log_level(log_level::trace);
  add_log_sink(make_spdlog_sink(theirs_));
  log_.critical("1");
  log_.error("2");
  log_.warn("3");
  log_.info("Hopping {times} times.", "times"_a = 42, "who"_a = "Jack");
  log_.debug("5");
  log_.trace("6");
  EXPECT_EQ(
      out_.str(),
      "ours|critical|1|log_spdlog_test.cpp\nours|error|2|log_spdlog_test.cpp\nours|warning|3|log_spdlog_test.cpp\n"
      "ours|info|Hopping 42 times. who=Jack|log_spdlog_test.cpp\nours|debug|5|log_spdlog_test.cpp\n"
      "ours|trace|6|log_spdlog_test.cpp\n");
}

TEST_F(log_spdlog_test, only_fields_that_the_text_does_not_show_follow_it) {
  add_log_sink(make_spdlog_sink(theirs_));
  log_.info("{{who}} {times:{width}} {{{things[one]}}}", "who"_a = "Jack", "times"_a = 1, "width"_a = 2,
            "things"_a = std::map<std::string, int>{{"one", 3}});
  EXPECT_EQ(out_.str(), "ours|info|{who}  1 {3} who=Jack|log_spdlog_test.cpp\n");
}

TEST_F(log_spdlog_test, a_failure_is_logged_once) {
  add_log_sink(make_spdlog_sink(theirs_));
  log_.failure("while hopping", create_failure(std::runtime_error("Fox spotted!")), "who"_a = "Jack");
  EXPECT_EQ(out_.str(), "ours|error|while hopping: std::runtime_error: Fox spotted! who=Jack|log_spdlog_test.cpp\n");
}

TEST_F(log_spdlog_test, the_level_of_spdlogs_logger_counts) {
  add_log_sink(make_spdlog_sink(theirs_));
  theirs_->set_level(spdlog::level::warn);
  log_.info("no");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(log_spdlog_test, spdlogs_messages_come_in_order_with_ours) {
  const auto sink = capture();
  theirs_->sinks() = {make_spdlog_receiver()};
  log_.info("1");
  theirs_->warn("{} {}", 2, "theirs");
  EXPECT_EQ(sink->last().level, log_level::warn);
  EXPECT_EQ(sink->last().name, "theirs");
  EXPECT_EQ(sink->last().origin, "spdlog");
  log_.info("3");
  theirs_->log(spdlog::source_loc{"file.cpp", 7, "f"}, spdlog::level::err, "{braces} stay");
  EXPECT_EQ(sink->last().field("code_line")->as_integer(), 7);
  EXPECT_THAT(sink->texts(), ElementsAre("1", "2 theirs", "3", "{braces} stay"));
}

TEST_F(log_spdlog_test, spdlogs_default_logger_is_written_to_while_the_process_ends) {
  // Logging's own objects are older than those that spdlog destroys at the end, so both are used after that.
  const auto ends = [] {
    spdlog::default_logger()->sinks() = {std::make_shared<spdlog::sinks::stderr_sink_mt>()};
    add_log_sink(make_spdlog_sink());
    static const struct logs_late {
      logger log = make_logger("late");
      ~logs_late() { log.warn("in a destructor"); }
    } late;
    std::exit(0);
  };
  std::atexit([] { make_logger("late").warn("last of all"); });
  EXPECT_EXIT(ends(), ::testing::ExitedWithCode(0), "in a destructor");
  EXPECT_EXIT(ends(), ::testing::ExitedWithCode(0), "last of all");
}

TEST_F(log_spdlog_test, all_loggers_that_spdlog_knows_can_be_received) {
  const auto sink = capture();
  spdlog::register_logger(theirs_);
  receive_spdlog();
  theirs_->info("theirs");
  spdlog::default_logger()->info("the default one's");
  EXPECT_THAT(sink->texts(), ElementsAre("theirs", "the default one's"));
  EXPECT_EQ(sink->last().name, "spdlog");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(log_spdlog_test, nothing_goes_round_in_circles) {
  const auto sink = capture();
  theirs_->sinks().push_back(make_spdlog_receiver());
  add_log_sink(make_spdlog_sink(theirs_));
  log_.info("ours");
  theirs_->info("theirs");
  flush_logs();
  EXPECT_THAT(sink->texts(), ElementsAre("ours", "theirs"));
  EXPECT_THAT(out_.str(), HasSubstr("ours|info|ours|"));
  EXPECT_THAT(out_.str(), HasSubstr("theirs|info|theirs|"));
}

}  // namespace
}  // namespace interloop
