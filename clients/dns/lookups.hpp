// SPDX-License-Identifier: MIT
// A resolver's lookups: those that wait for their turn, and those that c-ares has.
#pragma once

#include "channel.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

namespace interloop::dns {

/// From the call to the answer. It waits in the line, or c-ares has it and gives it back by one call of a function.
class lookup {
 public:
  lookup() = default;
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;
  virtual ~lookup() = default;

  /// Gives `self`, which is this, to c-ares. That may give it back before this returns.
  virtual void ask(ares_channel native, std::unique_ptr<lookup> self) noexcept = 0;

  /// Fails the future, unless it is too late. `ARES_ECANCELLED` means that it was cancelled, or `lookups::problem`.
  virtual void fail(int code) noexcept = 0;

  /// Whether its future was cancelled.
  bool dropped = false;
};

class lookups {
 public:
  lookups(loop& core, const resolver_options& options);
  lookups(const lookups&) = delete;
  lookups& operator=(const lookups&) = delete;
  ~lookups();

  [[nodiscard]] loop& core() const noexcept { return core_; }
  /// How many futures are pending.
  [[nodiscard]] std::size_t wanted() const noexcept { return wanted_; }
  /// Why the lookups that end just now could not go on; null if they are cancelled.
  [[nodiscard]] const failure* problem() const noexcept { return problem_; }

  /// Puts a lookup into the line, and asks at once if it is its turn.
  void add(std::unique_ptr<lookup> made);
  /// The future of a lookup was cancelled.
  void drop(lookup& unwanted) noexcept;
  /// c-ares has given a lookup back. Called by it, so nothing may be asked here.
  void answered(const lookup& back) noexcept;

  void cancel();

 private:
  void go_on() noexcept;
  void ask(ares_channel native) noexcept;
  void fail_line(int code) noexcept;
  void end_all(ares_channel native) noexcept;

  loop& core_;
  const std::size_t at_once_;
  std::deque<std::unique_ptr<lookup>> line_;
  std::size_t asked_ = 0;  // how many c-ares has
  std::size_t wanted_ = 0;
  const failure* problem_ = nullptr;
  std::optional<channel> channel_;
};

}  // namespace interloop::dns
