// SPDX-License-Identifier: MIT
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "logging/tests/log_capture.hpp"

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

TEST_F(core_reports_test, callbacks_and_destructors_may_log_while_unwinding_and_while_the_loop_closes_too) {
  struct says {
    std::string what;
    ~says() {
      try {
        throw std::runtime_error("inside a destructor");
      } catch (...) {
        make_logger("destructor").failure("destroying {what}", create_failure(), "what"_a = what);
      }
    }
  };
  const auto sink = capture();
  const logger log = make_logger("callback");
  testing::manual_loop loop;
  const auto waits = [](const api& io) -> future<int> {
    const says local{"a frame"};
    const auto never = io.create_future<int>();
    co_await never;
    co_return 1;
  };
  const future<int> never = waits(api(*loop));
  loop->call_soon([&] {
    log.info("called");
    const says local{"what an exception leaves"};
    throw std::runtime_error("escaped");
  });
  loop->call_later(std::chrono::hours(1), [local = std::make_shared<says>(says{"a callback that was not called"})] {});
  loop.advance(duration::zero());
  static_cast<void>(api(*loop).close());
  const std::string end = ": std::runtime_error: inside a destructor";
  EXPECT_THAT(sink->texts(),
              ::testing::IsSupersetOf({std::string("called"), "destroying what an exception leaves" + end,
                                       "destroying a callback that was not called" + end, "destroying a frame" + end}));
}

TEST_F(core_reports_test, a_message_that_no_sink_could_write_goes_to_stderr) {
  class broken_sink : public log_sink {
   public:
    void write(const log_event&) override { throw std::runtime_error("cannot"); }
  };
  ::testing::internal::CaptureStderr();
  add_log_sink(std::make_shared<broken_sink>());
  loop_->call_soon([] { throw std::runtime_error("nowhere else"); });
  loop_.advance(duration::zero());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::AllOf(HasSubstr("a log sink failed to write"), HasSubstr("std::runtime_error: nowhere else")));
}

TEST_F(core_reports_test, without_a_sink_a_report_goes_to_stderr_and_into_the_log_later) {
  ::testing::internal::CaptureStderr();
  loop_->call_soon([] { throw std::runtime_error("early"); });
  loop_.advance(duration::zero());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("std::runtime_error: early"));
  const auto sink = capture();
  EXPECT_THAT(std::string(sink->last().text()), HasSubstr("std::runtime_error: early"));
}

}  // namespace
}  // namespace interloop
