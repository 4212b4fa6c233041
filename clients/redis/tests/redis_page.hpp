// SPDX-License-Identifier: MIT
// The code of the client's page (../README.md), which a test runs on every loop.
#pragma once

#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>
#include <interloop/redis.hpp>

#include <optional>
#include <string>
#include <vector>

namespace page {

interloop::future<long long> count_visit(interloop::api io, int port);
interloop::future<bool> sell(interloop::api io, interloop::redis::client& client);
interloop::future<bool> double_it(interloop::api io, interloop::redis::client& client);
interloop::future<std::vector<std::string>> listen(interloop::api io, int port);

/// For ordinary threads.
class counter {
 public:
  counter(const interloop::loop_thread& io, int port);
  ~counter();
  long long next();

 private:
  const interloop::loop_thread& io_;
  std::optional<interloop::redis::client> client_;
};

}  // namespace page
