// SPDX-License-Identifier: MIT
// A lookup that is cancelled at each place where it waits.
#include "dns/resolver.hpp"
#include "dns/server.hpp"

#include <gtest/gtest.h>
#include <interloop/interloop.hpp>
#include <interloop/testing/cancel_everywhere.hpp>

#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

TEST(dns_test, a_lookup_may_be_cancelled_anywhere) {
  const auto report = interloop::testing::cancel_everywhere(
      [](interloop::api async) -> interloop::future<void> {
        const dns::records known = [] { return dns::records{{"host.example", {"192.0.2.1"}}}; }();
        dns::server server(known, false);
        dns::options how;
        how.servers = server.address();
        const auto addresses = co_await dns::lookup("host.example", how);
        if (addresses.size() != 1 || addresses[0] != "192.0.2.1") throw std::runtime_error("another answer");
        co_await async.yield();
        static_cast<void>(co_await interloop::with_timeout(1h, dns::lookup("host.example", how)));
      },
      {.patience = 5s});
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 3);
}

}  // namespace
