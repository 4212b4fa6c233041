// SPDX-License-Identifier: MIT
// The onlooker of a loop that is measured: one for all that is measured.
//
// A turn that had begun before anything was measured is not looked at: it has no beginning.
#pragma once

#include <interloop/detail/onlooker.hpp>
#include <interloop/slow_callback.hpp>
#include <interloop/time.hpp>

#include "running_now.hpp"
#include "slow_meter.hpp"
#include "ticks.hpp"

#include <cstdint>
#include <memory>

namespace interloop::measure {

class tracer;

class measuring final : public detail::onlooker {
 public:
  /// The loop's, made if there is none. Errors: `std::bad_alloc`.
  [[nodiscard]] static measuring& of(loop& core);
  /// Null if there is none.
  [[nodiscard]] static measuring* found(const loop& core) noexcept;

  explicit measuring(loop& core);
  ~measuring() override;

  void time_turns(bool on) noexcept;
  [[nodiscard]] duration longest_turn() const noexcept { return duration(static_cast<std::int64_t>(longest_)); }

  void set_slow(duration threshold, slow_handler handler);

  /// Null: nobody watches.
  void set_watched(std::shared_ptr<running_now> by) noexcept;
  [[nodiscard]] bool watched() const noexcept { return static_cast<bool>(watched_); }

  [[nodiscard]] tracer* tracing() const noexcept { return tracer_.get(); }
  void set_tracer(std::unique_ptr<tracer> made) noexcept;
  [[nodiscard]] std::unique_ptr<tracer> take_tracer() noexcept;

  void turn_begins() noexcept override;
  void turn_ends() noexcept override;
  void begins(const detail::errand& next) noexcept override;
  void ends() noexcept override;
  void loop_closes() noexcept override;

 private:
  void tell() noexcept;

  loop& core_;
  const tick_rate& rate_;
  unsigned turns_ = 0;  // that are under way
  bool timed_ = false;
  ticks turn_began_ = 0;
  std::uint64_t longest_ = 0;
  slow_meter slow_;
  std::shared_ptr<running_now> watched_;
  std::unique_ptr<tracer> tracer_;
};

}  // namespace interloop::measure
