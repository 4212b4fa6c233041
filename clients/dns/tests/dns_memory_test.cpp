// SPDX-License-Identifier: MIT
// Every allocation of a lookup fails once: the call throws, or its future is completed, and the resolver still works.
#include "dnsmasq.hpp"

#include <interloop/dns.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include "support/failing_new.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

namespace {

namespace dns = interloop::dns;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

// c-ares looks at the real clock, so the loop's clock is moved when nothing has happened for a while.
template <class T>
void run(interloop::testing::manual_loop& loop, const interloop::future<T>& f) {
  const auto start = clock_type::now();
  auto last = start;
  while (!interloop::is_called(f)) {
    if (loop.step()) {
      last = clock_type::now();
    } else if (clock_type::now() - last > 300ms) {
      if (!loop.step_to_alarm() || clock_type::now() - start > 60s) throw std::runtime_error("the lookup hangs");
    } else {
      std::this_thread::sleep_for(100us);  // another process: no event to wait for
    }
  }
}

class dns_memory : public testing::Test {
 protected:
  void SetUp() override {
    if (!dnsmasq::available()) GTEST_SKIP() << "dnsmasq is not installed";
  }

  /// Looks a name up; one allocation fails (0: none). Returns whether it was reached.
  bool look_up(const dnsmasq& server, long failing) {
    interloop::testing::manual_loop loop;
    loop->set_exception_handler([](std::string_view, const interloop::failure&) {});
    dns::resolver resolver(interloop::with_config(*loop),
                           {.servers = server.address(), .try_for = 200ms, .search = false});
    interloop::future<std::vector<dns::endpoint>> found;
    bool failed = false;
    {
      const interloop::test::failing_new one(failing);
      try {
        found = resolver.addresses("host.example", 80);
        run(loop, found);
      } catch (const std::bad_alloc&) {
        ++refused_;
      }
      failed = interloop::test::failing_new::failed();
    }
    if (found) {
      run(loop, found);
      if (found.get_failure()) {
        ++failures_;
        EXPECT_TRUE(failed);
      } else {
        EXPECT_EQ(found.value().size(), 1u);
      }
    }
    const auto again = resolver.a("host.example");
    run(loop, again);
    EXPECT_EQ(again.value().size(), 1u);
    EXPECT_EQ(resolver.pending(), 0u);
    return failed;
  }

  int refused_ = 0, failures_ = 0;
};

TEST_F(dns_memory, each_allocation_of_a_lookup_may_fail) {
  const dnsmasq server("192.0.2.1 host.example\n", {});
  look_up(server, 0);  // what is allocated once in a process
  for (long failing = 1;; ++failing) {
    ASSERT_LT(failing, 1'000);
    const long before = interloop::test::live_allocations();
    const bool failed = look_up(server, failing);
    EXPECT_EQ(interloop::test::live_allocations(), before) << "allocation " << failing;
    if (!failed) break;
  }
  EXPECT_GT(refused_, 0);
  EXPECT_GT(failures_, 0);
}

}  // namespace
