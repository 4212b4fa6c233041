// SPDX-License-Identifier: MIT
// What the tests of the client have in common: loops, servers, and waiting for futures.
#pragma once

#include "servers.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <interloop/interloop.hpp>
#include <interloop/redis.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace redis = interloop::redis;

namespace redis_test {

using namespace std::chrono_literals;
using testing::HasSubstr;
using text = std::string;

/// Runs the loop until the future is completed and its callbacks have run.
template <class T>
void finish(const interloop::future<T>& f) {
  interloop::loop& loop = f.loop();
  const auto stop = [&loop] { loop.stop(); };
  if constexpr (std::is_void_v<T>) {
    interloop::add_callbacks(f, stop, [stop](const interloop::failure&) { stop(); });
  } else {
    interloop::add_callbacks(f, [stop](const T&) { stop(); }, [stop](const interloop::failure&) { stop(); });
  }
  loop.run();
}

template <class T>
decltype(auto) get(const interloop::future<T>& f) {
  finish(f);
  return f.take();
}

/// The message of a future that must fail.
template <class Exception, class T>
text failed_with(const interloop::future<T>& f) {
  if (!interloop::is_called(f)) finish(f);
  const interloop::failure* why = f.get_failure();
  if (!why) {
    ADD_FAILURE() << "the future did not fail";
    return {};
  }
  EXPECT_TRUE(why->is<Exception>()) << interloop::failure_message(*why);
  return why->message();
}

/// A server that the tests of a process share, as long as they leave it alive; without data.
inline redis_server& shared_server() {
  static redis_server server;
  return server;
}

class on_every_loop : public testing::TestWithParam<std::string> {
 protected:
  on_every_loop() {
    loop_->core().set_exception_handler([this](std::string_view what, const interloop::failure& why) {
      escaped_.push_back(text(what) + ": " + interloop::failure_message(why));
    });
  }
  void TearDown() override { EXPECT_EQ(escaped_, std::vector<text>()); }

  std::unique_ptr<redis::client> make_client(redis::client_options options = {}) {
    return std::make_unique<redis::client>(api_, std::move(options));
  }
  std::unique_ptr<redis::subscriber> make_subscriber(redis::client_options options = {}) {
    return std::make_unique<redis::subscriber>(api_, std::move(options));
  }

  std::vector<text> escaped_;  // exceptions that escape on the loop fail the test
  std::unique_ptr<interloop::test::native_loop> loop_ = interloop::test::make_loop(GetParam());
  interloop::api api_{loop_->core()};
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

#define INTERLOOP_ON_EVERY_LOOP(suite)                                                         \
  INSTANTIATE_TEST_SUITE_P(loops, suite, testing::ValuesIn(interloop::test::own_loop_names()), \
                           [](const auto& each) { return each.param; })

}  // namespace redis_test
