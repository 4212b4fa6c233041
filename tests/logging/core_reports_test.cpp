// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

#include "logging/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class core_reports_test : public test::logging_test {
 protected:
  testing::manual_loop loop_;
};

TEST_F(core_reports_test, an_exception_that_escapes_a_callback_is_logged_as_critical_with_its_traceback) {
  const auto sink = capture();
  loop_->call_soon([] { throw std::runtime_error("escaped"); });
  loop_.advance(duration::zero());
  const log_event& event = sink->last();
  EXPECT_EQ(event.level, log_level::critical);
  EXPECT_EQ(event.name, "interloop");
  EXPECT_THAT(std::string(event.text()), StartsWith("an exception escaped a callback\nTraceback"));
  EXPECT_THAT(std::string(event.text()), HasSubstr("std::runtime_error: escaped"));
  EXPECT_EQ(event.field("log_failure")->kind(), value_kind::failure);
}

TEST_F(core_reports_test, a_failure_that_nobody_looked_at_is_logged) {
  const auto sink = capture();
  {
    const auto dropped = api(*loop_).create_future_error<int>(std::runtime_error("dropped"));
  }
  loop_.advance(duration::zero());
  EXPECT_THAT(std::string(sink->last().text()), HasSubstr("nobody looked at it\nTraceback"));
}

TEST_F(core_reports_test, where_nobody_listens_yet_a_report_goes_to_stderr_and_into_the_log_later) {
  ::testing::internal::CaptureStderr();
  loop_->call_soon([] { throw std::runtime_error("early"); });
  loop_.advance(duration::zero());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("std::runtime_error: early"));
  const auto sink = capture();
  EXPECT_THAT(std::string(sink->last().text()), HasSubstr("std::runtime_error: early"));
}

}  // namespace
}  // namespace interloop
