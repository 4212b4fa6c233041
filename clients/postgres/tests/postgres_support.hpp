// SPDX-License-Identifier: MIT
// The fixture of the tests: a loop, and connections to the server.
#pragma once

#include "server.hpp"

#include "clients/support/on_every_loop.hpp"

#include <interloop/postgres.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace interloop::test {

class postgres_test : public on_every_loop {
 protected:
  void SetUp() override {
    if (!postgres_server::available()) GTEST_SKIP() << "PostgreSQL's server is not installed";
    server_ = &postgres_server::shared();
    db_ = connect();
  }

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
  postgres::connection db_;
  postgres::connection watcher_;
};

}  // namespace interloop::test
