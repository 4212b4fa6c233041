// SPDX-License-Identifier: MIT
// The glue of libdbus, on every loop, with a real message bus.
#include "bus.hpp"
#include "server.hpp"
#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glued {
namespace {

using interloop::test::run_until;
using ::testing::HasSubstr;

class bus_glue_test : public ::testing::TestWithParam<std::string> {
 protected:
  // One for all loops.
  static void SetUpTestSuite() {
    if (!installed("dbus-daemon")) return;
    folder_ = std::make_unique<test_servers::temporary_folder>();
    const std::string socket = folder_->file("socket");
    daemon_ = std::make_unique<server>(std::vector<std::string>{"dbus-daemon", "--session", "--nofork", "--nopidfile",
                                                                "--address=unix:path=" + socket});
    daemon_->wait_for(socket);
  }
  static void TearDownTestSuite() {
    daemon_.reset();
    folder_.reset();
  }
  void SetUp() override {
    if (!daemon_) GTEST_SKIP() << "dbus-daemon is not installed";
    if (GetParam() == "manual") GTEST_SKIP() << "its clock would be at a call's limit before the daemon has answered";
    native_ = interloop::test::make_loop(GetParam());
    interloop::test::keep_reports(native_->core(), reports_);
  }
  void TearDown() override {
    EXPECT_EQ(reports_, std::vector<std::string>{});
    native_.reset();
  }
  [[nodiscard]] interloop::api io() const { return interloop::api(native_->core()); }
  static std::string address() { return "unix:path=" + folder_->file("socket"); }

  std::string answer_to(const interloop::future<std::string>& call) const {
    std::string said;
    bool done = false;
    interloop::add_callbacks(
        call,
        [&](const std::string& text) {
          said = text;
          done = true;
        },
        [&](const interloop::failure& fail) {
          said = "failed: " + interloop::failure_message(fail);
          done = true;
        });
    run_until(native_->core(), [&] { return done; });
    return said;
  }

  std::vector<std::string> reports_;
  std::unique_ptr<interloop::test::native_loop> native_;

 private:
  static inline std::unique_ptr<test_servers::temporary_folder> folder_;
  static inline std::unique_ptr<server> daemon_;
};

TEST_P(bus_glue_test, calls_go_out_and_answers_come_in) {
  bus service(io(), address());
  service.serve_echo();
  bus client(io(), address());
  EXPECT_NE(client.name(), service.name());
  EXPECT_EQ(answer_to(client.call(service.name(), "Echo", "first")), "first");

  // Much more than the socket takes: it has to be waited for in both directions, by the two watches of one descriptor.
  const std::string large(100'000, 'x');
  std::vector<interloop::future<std::string>> calls;
  for (int i = 0; i < 50; ++i) calls.push_back(client.call(service.name(), "Echo", large + std::to_string(i)));
  for (int i = 49; i >= 0; --i)
    EXPECT_EQ(answer_to(calls[static_cast<std::size_t>(i)]), large + std::to_string(i)) << i;
}

TEST_P(bus_glue_test, errors_and_time_limits_fail_the_call) {
  bus silent(io(), address());
  bus client(io(), address());
  EXPECT_THAT(answer_to(client.call(silent.name(), "Nothing", "x")), HasSubstr("org.freedesktop.DBus.Error"));
  silent.serve_echo();
  const auto patient = client.call(silent.name(), "Echo", "later", std::chrono::hours(1));
  EXPECT_THAT(answer_to(client.call("interloop.nobody", "Echo", "x")), HasSubstr("org.freedesktop.DBus.Error"));
  EXPECT_EQ(answer_to(patient), "later");
}

INSTANTIATE_TEST_SUITE_P(, bus_glue_test, ::testing::ValuesIn(interloop::test::loop_names()),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace glued
