// SPDX-License-Identifier: MIT
// The command-line options of the demonstration's programs.
#pragma once

#include <cstdint>
#include <string>

namespace demo {

struct options {
  std::string host = "127.0.0.1";
  int port = 6379;
  // Or "coroutines"; or "attached", which is hiredis itself on interloop's adapter for it. The programs on hiredis' own
  // adapters have only one style.
  std::string style = "callbacks";
  std::uint64_t commands = 100'000;  // half of them SET, half GET
  std::uint64_t window = 64;         // commands in flight
  std::uint64_t seed = 0;  // differs between runs, so a value of an earlier run is not mistaken for one of this run
};

/// Reads `--host`, `--port`, `--style`, `--commands`, `--window`, `--seed`, each followed by its value. If that is not
/// possible, ends the process with a message and status 2.
[[nodiscard]] options parse(int argc, char** argv);

}  // namespace demo
