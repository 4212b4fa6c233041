// SPDX-License-Identifier: MIT
// What the demonstration's programs are told on their command lines.
#pragma once

#include <cstdint>
#include <string>

namespace demo {

struct options {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string style = "callbacks";   // or "coroutines"; the programs on hiredis' own adapters have only one
  std::uint64_t commands = 100'000;  // one half SET, one half GET
  std::uint64_t window = 64;         // commands in flight
  std::uint64_t seed = 0;  // differs from run to run, so that no value of an earlier run is taken for one of this
};

/// Reads `--host`, `--port`, `--style`, `--commands`, `--window`, `--seed`, each followed by its value. Ends the process,
/// with a message and status 2, where it cannot.
[[nodiscard]] options parse(int argc, char** argv);

}  // namespace demo
