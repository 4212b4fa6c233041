// SPDX-License-Identifier: MIT
// A router that dies and comes back: with a router of the test's own.
#include "support.hpp"

#include "clients/support/loopback.hpp"

#include <utility>
#include <vector>

namespace {

using namespace wamp_test;

class wamp_router_loss : public interloop::test::on_every_loop {
 protected:
  void SetUp() override {
    if (!wamp_router::available()) GTEST_SKIP() << "Crossbar is not installed";
  }
  template <class Condition>
  void until(Condition is_true) {
    while (!is_true()) get(async_.sleep(1ms));
  }
  /// One router for all tests of this process.
  static wamp_router& router() {
    static wamp_router one;
    return one;
  }
};
INSTANTIATE_TEST_SUITE_P(loops, wamp_router_loss, ::testing::Values(interloop::test::own_loop_names().front()),
                         [](const auto& each) { return each.param; });

TEST_P(wamp_router_loss, fails_what_is_pending_and_joins_again) {
  get(get(wamp::join(async_, router().url("rs"), "open")).leave());  // what the loop itself opens is open now
  const auto descriptors = interloop::test::open_descriptors();
  {
    wamp::component_options options("open");
    options.reconnect = wamp::reconnect_options(10ms, 50ms);
    wamp::component callee(async_, router().url("rs"), options);
    wamp::component caller(async_, std::vector<wamp::transport_options>{router().url("ws"), router().url("unix")},
                           options);
    int joined = 0, left = 0, failed = 0, heard = 0;
    interloop::future<int> never = async_.create_future<int>();
    callee.register_("test.double", [](int n) { return 2 * n; });
    callee.register_("test.never", [&never] { return interloop::shield(never); });
    callee.subscribe("test.news", [&heard](int) { ++heard; });
    caller.on_join([&joined](wamp::session) { ++joined; });
    caller.on_leave([&left](const wamp::leave_details& why) { left += why.error.has_value(); });
    caller.on_failed_attempt([&failed](const interloop::failure&, interloop::duration) { ++failed; });
    const auto running = callee.start();
    const auto calling = caller.start();
    get(callee.joined());
    wamp::session session = get(caller.joined());
    EXPECT_EQ(get(session.call<int>("test.double", 4)), 8);

    std::vector<interloop::future<int>> pending;
    for (int i = 0; i < 1000; ++i) pending.push_back(session.call<int>("test.never"));
    get(async_.sleep(20ms));
    router().kill();
    for (const auto& each : pending) failed_with<wamp::connection_lost>(each);
    EXPECT_FALSE(session.joined());
    EXPECT_EQ(session.in_flight(), 0u);
    failed_with<wamp::connection_error>(session.call<int>("test.double", 1));
    until([&] { return failed > 2; });
    EXPECT_EQ(left, 1);
    EXPECT_FALSE(interloop::is_called(calling));

    router().start();
    session = get(caller.joined());
    get(callee.joined());
    EXPECT_EQ(joined, 2);
    for (bool there = false; !there;) {  // the callee may still be registering
      const auto answer = session.call<int>("test.double", 5);
      finish(answer);
      there = !answer.get_failure();
    }
    session.publish("test.news", 1);
    until([&] { return heard == 1; });
    get(caller.stop());
    get(callee.stop());
    get(running);
    get(calling);
  }
  EXPECT_EQ(interloop::test::open_descriptors(), descriptors);
}

TEST_P(wamp_router_loss, ends_a_plain_session) {
  if (!test_servers::accepts(router().value("unix"))) router().start();
  const wamp::session session = get(wamp::join(async_, router().url("unix"), "open"));
  const auto left = session.left();
  get(session.register_("test.mine", [] {}));
  router().kill();
  const wamp::leave_details why = get(left);
  EXPECT_EQ(why.reason, "wamp.close.transport_lost");
  EXPECT_TRUE(why.error.has_value());
  failed_with<wamp::connection_error>(wamp::join(async_, router().url("unix"), "open"));
  failed_with<wamp::connection_error>(wamp::join(async_, router().url("ws"), "open"));
}

}  // namespace
