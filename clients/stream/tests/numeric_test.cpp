// SPDX-License-Identifier: MIT
// A build without the component dns.
#include "line_to_server.hpp"

#include <gmock/gmock.h>
#include <interloop/testing/manual_loop.hpp>

namespace {

TEST(stream_without_dns, refuses_a_name_and_says_what_to_do) {
  interloop::testing::manual_loop loop;
  stream_test::owned_line line(interloop::api(*loop), {.client = "test"});
  const auto connecting = line->connect(stream_test::streams::tcp_address("host.test", 80));
  ASSERT_TRUE(connecting.get_failure());
  EXPECT_THAT(std::string(connecting.get_failure()->message()), testing::HasSubstr("component dns"));
}

}  // namespace
