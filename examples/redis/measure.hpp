// SPDX-License-Identifier: MIT
// The part that is the same in every program of the demonstration, with or without interloop: keys, values,
// measurements.
#pragma once

#include "options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

/// The key and the value of one number: the value has 32 bytes of all kinds, including NUL, and differs for each number
/// and seed. It is stored in the object, so no memory is allocated.
class item {
 public:
  item() noexcept = default;
  item(std::uint64_t number, std::uint64_t seed) noexcept;
  [[nodiscard]] std::string_view key() const noexcept { return {key_, key_length_}; }
  [[nodiscard]] std::string_view value() const noexcept { return {value_, sizeof value_}; }

 private:
  char key_[32];
  std::size_t key_length_ = 0;
  char value_[32];
};

/// Counts commands, keeps the latency of each, and writes one line about them. The clock is monotonic.
class measurement {
 public:
  using clock = std::chrono::steady_clock;

  explicit measurement(const options& given);

  /// The next item to write and read back, or false when all have been given out.
  bool next(item& into) noexcept;

  /// A reply came to the command sent at `sent`; `expected`: the reply is right.
  void done(clock::time_point sent, bool expected) noexcept;

  /// A command failed. The first message is kept.
  void failed(std::string_view why);

  /// Writes the line, `name=value` pairs separated by blanks, and returns the exit status: 0 if all commands succeeded.
  [[nodiscard]] int report(std::string_view loop, std::string_view style);

 private:
  options given_;
  std::uint64_t items_;
  std::uint64_t given_out_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t wrong_ = 0;
  std::vector<clock::duration> latencies_;
  std::string first_failure_;
  clock::time_point start_;
  clock::time_point end_;  // of the last reply
  std::clock_t cpu_start_;
};

}  // namespace demo
