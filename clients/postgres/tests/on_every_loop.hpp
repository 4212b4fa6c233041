// SPDX-License-Identifier: MIT
// The fixture of the tests: a loop, and connections to the server.
#pragma once

#include "server.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <interloop/interloop.hpp>
#include <interloop/postgres.hpp>

#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace interloop::test {

/// Runs the loop until the future is completed and its callbacks have run.
template <class T>
void finish(const future<T>& f) {
  interloop::loop& core = f.loop();
  const auto ended = std::make_shared<bool>(false);
  const auto stop = [&core, ended] {
    *ended = true;
    core.stop();
  };
  if constexpr (std::is_void_v<T>) {
    add_callbacks(f, stop, [stop](const failure&) { stop(); });
  } else {
    add_callbacks(f, [stop](const T&) { stop(); }, [stop](const failure&) { stop(); });
  }
  while (!*ended) core.run();
}

template <class T>
decltype(auto) get(const future<T>& f) {
  finish(f);
  return f.take();
}

/// The message of a future that must fail.
template <class Exception, class T>
std::string failed_with(const future<T>& f) {
  if (!is_called(f)) finish(f);
  const failure* why = f.get_failure();
  if (!why) {
    ADD_FAILURE() << "the future did not fail";
    return {};
  }
  EXPECT_TRUE(why->is<Exception>()) << failure_message(*why);
  return why->message();
}

/// What a future that must fail has thrown.
template <class Exception, class T>
Exception error_of(const future<T>& f) {
  if (!is_called(f)) finish(f);
  try {
    static_cast<void>(f.value());
  } catch (const Exception& thrown) {
    return thrown;
  }
  throw std::logic_error("the future did not fail");
}

inline std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class postgres_test : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!postgres_server::available()) GTEST_SKIP() << "PostgreSQL's server is not installed";
    server_ = &postgres_server::shared();
    core().set_exception_handler([this](std::string_view what, const failure& why) {
      escaped_.push_back(std::string(what) + ": " + failure_message(why));
    });
    db_ = connect();
  }
  void TearDown() override { EXPECT_EQ(escaped_, std::vector<std::string>()); }

  [[nodiscard]] interloop::loop& core() { return loop_->core(); }
  postgres::connection connect(postgres::connection_options options = {}) {
    options.connect_timeout = std::chrono::minutes(1);
    return get(postgres::connect(async_, server_->local(), std::move(options)));
  }
  /// Runs a coroutine to its end.
  template <class Body>
  decltype(auto) run(Body body) {
    return get(async_.as_future(body, async_));
  }
  /// How many sessions run a statement that contains `text`.
  long running(const std::string& text) {
    if (!watcher_.connected()) watcher_ = connect();
    return get(watcher_.query(
                   "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND "
                   "position($1 IN query) > 0",
                   text))
        .template one<long>();
  }
  void wait_until_running(const std::string& text, long wanted) {
    while (running(text) != wanted) get(async_.sleep(std::chrono::milliseconds(2)));
  }

  postgres_server* server_ = nullptr;
  std::vector<std::string> escaped_;
  std::unique_ptr<native_loop> loop_ = make_loop(GetParam());
  api async_{loop_->core()};
  postgres::connection db_;
  postgres::connection watcher_;
};

}  // namespace interloop::test
