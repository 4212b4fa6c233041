// SPDX-License-Identifier: MIT
// Runs the C program with a server, and without one.
#include "clients/redis/tests/servers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

std::string output_with(int port) {
  std::string command = REDIS_GTASK " ";
  command += std::to_string(port);
  FILE* const pipe = popen(command.c_str(), "r");
  std::string text;
  for (int c; (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0);
  return text;
}

TEST(redis_gtask_test, the_c_program_gets_replies_errors_and_its_cancellation) {
  if (!redis_server::available()) GTEST_SKIP() << "redis-server is not installed";
  const redis_server server;
  EXPECT_EQ(output_with(server.port()),
            "SET: OK\n"
            "GET: C\n"
            "INCR: interloop::redis::error_reply: ERR value is not an integer or out of range\n"
            "BLPOP: cancelled\n");
}

TEST(redis_gtask_test, without_a_server_it_gets_an_error) {
  EXPECT_THAT(output_with(free_port()), ::testing::StartsWith("open: interloop::redis::connection_error: "));
}

}  // namespace
