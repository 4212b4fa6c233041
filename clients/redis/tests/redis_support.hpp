// SPDX-License-Identifier: MIT
// What the tests of the client have in common: loops, servers, and waiting for futures.
#pragma once

#include "servers.hpp"

#include "clients/support/on_every_loop.hpp"

#include <interloop/redis.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace redis = interloop::redis;

namespace redis_test {

using namespace std::chrono_literals;
using testing::HasSubstr;
using text = std::string;

using interloop::test::failed_with;
using interloop::test::finish;
using interloop::test::get;
using interloop::test::open_descriptors;

/// A server that the tests of a process share, as long as they leave it alive; without data.
inline redis_server& shared_server() {
  static redis_server server;
  return server;
}

class on_every_loop : public interloop::test::on_every_loop {
 protected:
  std::unique_ptr<redis::client> make_client(redis::client_options options = {}) {
    return std::make_unique<redis::client>(async_, patient(std::move(options)));
  }
  std::unique_ptr<redis::subscriber> make_subscriber(redis::client_options options = {}) {
    return std::make_unique<redis::subscriber>(async_, patient(std::move(options)));
  }

 private:
  // The usual limits are too short on a busy machine.
  static redis::client_options patient(redis::client_options options) {
    const redis::client_options usual;
    if (options.timeout == usual.timeout) options.timeout = 1min;
    if (options.connect_timeout == usual.connect_timeout) options.connect_timeout = 1min;
    return options;
  }
};

/// With the shared server, and a connected client.
class with_server : public on_every_loop {
 protected:
  void SetUp() override {
    if (!redis_server::available()) GTEST_SKIP() << "redis-server is not installed";
    server_ = &shared_server();
    client_ = make_client();
    get(client_->connect_unix(server_->path()));
    get(client_->command("FLUSHALL"));
  }

  redis_server* server_ = nullptr;
  std::unique_ptr<redis::client> client_;
};

}  // namespace redis_test
