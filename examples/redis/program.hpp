// SPDX-License-Identifier: MIT
// The demonstration's program without the loop: each main selects one, makes a `program` and runs the loop.
#pragma once

#include "measure.hpp"
#include "peer.hpp"

#include <interloop/interloop.hpp>
#include <interloop/redis.hpp>

#include <optional>

namespace demo {

namespace redis = interloop::redis;

class program {
 public:
  /// Starts the workload that the command line asks for, on the selected loop.
  /// \param finished  called once, in the loop's thread: ends the native loop's run.
  program(int argc, char** argv, interloop::function<void()> finished);

  /// Writes the results; returns the exit status.
  [[nodiscard]] int report();

 private:
  interloop::future<void> work(interloop::api loop);

  options given_;
  interloop::function<void()> finished_;
  redis::client client_;
  std::optional<measurement> measured_;
  std::optional<peer> attached_;
};

}  // namespace demo
