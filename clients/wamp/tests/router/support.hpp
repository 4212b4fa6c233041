// SPDX-License-Identifier: MIT
// What the tests with a real router have in common: the router, sessions with it, and names that nobody else uses.
#pragma once

#include "clients/support/on_every_loop.hpp"
#include "clients/support/wamp_router.hpp"

#include <interloop/wamp.hpp>

#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wamp_test {

namespace wamp = interloop::wamp;
using namespace std::chrono_literals;
using interloop::test::error_of;
using interloop::test::failed_with;
using interloop::test::finish;
using interloop::test::get;
using test_servers::wamp_router;
using testing::ElementsAre;
using testing::HasSubstr;
using text = std::string;
using texts = std::vector<std::string>;

/// With the router that all tests share.
class with_router : public interloop::test::on_every_loop {
 protected:
  void SetUp() override {
    if (!wamp_router::available()) GTEST_SKIP() << "Crossbar is not installed";
    router_ = &wamp_router::shared();
  }

  /// Joins the realm `open`, by RawSocket and MessagePack unless `how` says otherwise.
  wamp::session join(const wamp::transport_options& how) { return get(wamp::join(async_, how, "open")); }
  wamp::session join() { return join(router_->url("unix")); }
  /// \param scheme  see wamp_router::url.
  wamp::transport_options by(std::string_view scheme, wamp::serializer format = wamp::serializer::msgpack) const {
    wamp::transport_options how(router_->url(scheme));
    how.serializers = {format};
    how.tls.authorities = router_->value("authority");
    return how;
  }
  /// A name of this test: other programs use the same router.
  text name(std::string_view what) const {
    return "test.p" + std::to_string(::getpid()) + "." + GetParam() + "." + text(what);
  }
  /// Runs the loop until it is true.
  template <class Condition>
  void until(Condition is_true) {
    while (!is_true()) get(async_.sleep(1ms));
  }

  const wamp_router* router_ = nullptr;
};

/// For what no loop can change: two kinds of loops.
#define WAMP_ON_TWO_LOOPS(suite)                                                  \
  INSTANTIATE_TEST_SUITE_P(loops, suite, ::testing::ValuesIn([] {                 \
                             auto all = interloop::test::own_loop_names();        \
                             if (all.size() > 2) all = {all.front(), all.back()}; \
                             return all;                                          \
                           }()),                                                  \
                           [](const auto& each) { return each.param; })

}  // namespace wamp_test
