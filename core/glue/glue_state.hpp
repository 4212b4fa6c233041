// SPDX-License-Identifier: MIT
// What a glue consists of. It lives as long as the glue, the calls under way, and the callable that it has queued.
#pragma once

#include <interloop/glue.hpp>
#include <interloop/loop.hpp>
#include <interloop/timer.hpp>

#include "glue_descriptors.hpp"

#include <optional>
#include <utility>

namespace interloop::detail {

/// Thread safety: the loop's thread only.
class glue_state {
 public:
  glue_state(loop& core, glue_hooks hooks);
  glue_state(const glue_state&) = delete;
  glue_state& operator=(const glue_state&) = delete;
  ~glue_state();

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  // ---- A call into the library: enter, the call, leave ----

  void enter() noexcept;
  /// The outermost one looks at what the library waits for now.
  void leave() noexcept;

  // ---- What the library says ----

  void want(int fd, interest wanted, void* party) noexcept;
  void forget(int fd, void* party) noexcept;
  void deadline_in(duration delay) noexcept;
  void no_deadline() noexcept;
  /// Whether what comes now was posted. Returns what it was before.
  bool set_posted(bool posted) noexcept { return std::exchange(posted_, posted); }

  // ---- What the loop says ----

  void on_ready(int fd, interest ready);
  /// The deadline's timer, or the callable that was queued.
  void wake();

  /// A watch could not be made.
  void fail(const failure& why) noexcept;
  void end() noexcept;
  /// Nothing may be asked, told or called any more.
  [[nodiscard]] bool over() const noexcept { return ended_ || core_.closed(); }
  [[nodiscard]] loop& core() const noexcept { return core_; }

 private:
  void told() noexcept;
  void ask() noexcept;
  void drain();
  void settle_deadline();
  void wake_soon() noexcept;
  void queue_wake();

  loop& core_;
  glue_hooks hooks_;
  glue_descriptors descriptors_{*this};
  std::optional<time_point> deadline_;  // on the loop's clock
  bool deadline_changed_ = false;
  time_point armed_for_{};
  timer armed_;
  unsigned references_ = 0;
  unsigned depth_ = 0;        // calls under way, nested in each other
  bool look_inside_ = false;  // the library may have something inside
  bool draining_ = false;
  bool asking_ = false;
  bool posted_ = false;
  bool woken_ = false;  // a call of wake() is queued
  bool ended_ = false;
};

}  // namespace interloop::detail
