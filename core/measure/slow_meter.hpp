// SPDX-License-Identifier: MIT
// Finds callbacks that took long, with as few readings of the clock as possible.
//
// A callback ends where its neighbour begins. Up to 8 neighbours share a reading, as long as those before were quick. A
// pulse, which advances several times within the threshold, tells which of them was slow: where it has advanced between
// two neighbours, the group ends, so only the last of a group can have been slow. The pulse's thread may be late: then
// the advance comes in a later callback. So the last one is blamed only if the pulse advanced often enough in it; for
// certain, that much time passed there. Otherwise the report names all of the group.
#pragma once

#include <interloop/detail/onlooker.hpp>
#include <interloop/slow_callback.hpp>

#include "activity.hpp"
#include "pulse.hpp"
#include "ticks.hpp"

#include <array>
#include <atomic>
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
  /// Whether a callback that begins now shares the last reading of the clock. If so, `add` it, otherwise `begin` it.
  [[nodiscard]] bool shares() const noexcept {
    return now_.size < room_ && beats_->load(std::memory_order_relaxed) == now_.beat;
  }
  void add(const activity& next) noexcept { now_.all[now_.size++] = next; }
  void begin(const activity& next) noexcept;
  void loop_closes() noexcept {
    waiting_.clear();
    stop_pulse();
  }

 private:
  static constexpr unsigned most = 8;

  struct group {
    ticks begin = 0;
    std::uint64_t beat = 0;
    unsigned size = 0;
    bool silent = false;  // a report runs in it
    std::array<activity, most> all;
  };
  struct found {
    std::vector<activity> which;
    std::uint64_t nanoseconds;
    unsigned calls;
  };

  void clear(ticks now) noexcept;
  void close(ticks now) noexcept;
  [[nodiscard]] found blame(ticks took) const;
  void deliver() noexcept;
  void stop_pulse() noexcept;

  static constexpr std::atomic<std::uint64_t> no_beats{0};

  loop& core_;
  const tick_rate& rate_;
  ticks threshold_ = 0;  // 0: off
  ticks quick_ = 0;
  group now_;
  unsigned room_ = 0;  // how many callbacks may be in the group
  const std::atomic<std::uint64_t>* beats_ = &no_beats;
  pulse::owned pulse_;
  ticks period_ = 0;
  ticks beaten_ = 0;        // when the pulse was last seen to advance
  ticks seen_ = 0;          // when it was last looked at, ...
  std::uint64_t beat_ = 0;  // ... and its count then
  unsigned turns_ = 0;
  // What nested turns interrupt; deeper ones are not told apart.
  std::array<activity, 16> outer_;
  std::array<bool, 16> silent_{};
  std::shared_ptr<slow_handler> handler_;
  std::vector<found> waiting_;  // until `deliver`
};

}  // namespace interloop::measure
