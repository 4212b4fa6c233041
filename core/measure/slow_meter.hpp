// SPDX-License-Identifier: MIT
// Finds callbacks that took long, with as few readings of the clock as possible.
//
// A callback ends where its neighbour begins, so there is one reading for each; and none between neighbours from the
// same place, up to 8 in a row, as long as what came before was quick. So the place in a report is always right.
#pragma once

#include <interloop/detail/onlooker.hpp>
#include <interloop/slow_callback.hpp>

#include "activity.hpp"
#include "ticks.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace interloop::measure {

class slow_meter {
 public:
  slow_meter(loop& core, const tick_rate& rate) noexcept : core_(core), rate_(rate) {}

  void set(duration threshold, slow_handler handler);
  [[nodiscard]] bool on() const noexcept { return threshold_ != 0; }

  void turn_begins(ticks now) noexcept;
  void turn_ends(ticks now) noexcept;
  /// Whether this callable is the one before once more, so that there is nothing to do.
  [[nodiscard]] bool again(const detail::errand& next) noexcept {
    if (next.code != last_ || next.what != last_from_ || next.object || now_.calls >= most_ ||
        !same_place(next.where, now_.what.where))
      return false;
    ++now_.calls;
    return true;
  }
  void begins(const detail::errand& from, const activity& next) noexcept {
    last_ = from.object ? nullptr : from.code;
    last_from_ = from.what;
    if (same_place(now_.what, next) && now_.calls < most_) {
      ++now_.calls;
      return;
    }
    begin_group(next);
  }
  void loop_closes() noexcept { waiting_.clear(); }

 private:
  struct group {
    activity what;  // none: nothing has begun
    ticks begin = 0;
    unsigned calls = 0;
    bool silent = false;  // a report runs in it
  };
  struct found {
    activity what;
    std::uint64_t nanoseconds;
    unsigned calls;
  };

  void begin_group(const activity& next) noexcept;
  void close(ticks now) noexcept;
  void deliver() noexcept;

  loop& core_;
  const tick_rate& rate_;
  ticks threshold_ = 0;  // 0: off
  ticks quick_ = 0;
  group now_;
  unsigned most_ = 1;
  detail::errand::kind last_from_{};
  const void* last_ = nullptr;  // the code of the errand that `now_` is of, if that says it all
  unsigned turns_ = 0;
  std::array<group, 16> outer_;  // what nested turns interrupt; deeper ones are not told apart
  std::shared_ptr<slow_handler> handler_;
  std::vector<found> waiting_;  // until `deliver`
};

}  // namespace interloop::measure
