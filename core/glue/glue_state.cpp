// SPDX-License-Identifier: MIT
#include "glue_state.hpp"

#include <interloop/detail/loop_access.hpp>

#include <exception>
#include <source_location>
#include <utility>

namespace interloop::detail {

namespace {

// A call into the library.
struct entered {
  explicit entered(glue_state& of) noexcept : state(of) { state.enter(); }
  entered(const entered&) = delete;
  entered& operator=(const entered&) = delete;
  ~entered() { state.leave(); }
  glue_state& state;
};

}  // namespace

glue_state::glue_state(loop& core, glue_hooks hooks) : core_(core), hooks_(std::move(hooks)) {
  if (hooks_.drain_budget == 0) hooks_.drain_budget = 1;
  loop_access::retain(core);
}

glue_state::~glue_state() {
  armed_.cancel();
  descriptors_.stop();
  loop_access::release(core_);
}

void glue_state::enter() noexcept {
  retain();
  if (depth_++ == 0) look_inside_ = true;
}

void glue_state::leave() noexcept {
  if (depth_ == 1 && !over()) ask();
  if (!over()) descriptors_.settle(core_);
  if (!over()) {
    if (std::exchange(deadline_changed_, false)) {
      try {
        settle_deadline();
      } catch (...) {
        fail(failure(std::current_exception(), std::source_location{}));
      }
    }
    if (depth_ == 1 && look_inside_ && hooks_.drain) wake_soon();
  }
  if (--depth_ == 0 && ended_) {
    const glue_hooks last = std::move(hooks_);  // their destructors may destroy the glue
    hooks_ = {};
  }
  release();
}

void glue_state::ask() noexcept {
  if (!hooks_.ask && !hooks_.ask_deadline) return;
  const bool descriptors = static_cast<bool>(hooks_.ask);
  const std::optional<time_point> before = std::exchange(deadline_, std::nullopt);
  deadline_changed_ = true;
  asking_ = true;
  if (descriptors) descriptors_.begin_asking();
  try {
    if (descriptors) hooks_.ask();
    if (hooks_.ask_deadline) hooks_.ask_deadline();
  } catch (...) {
    if (!deadline_) deadline_ = before;
    fail(failure(std::current_exception(), std::source_location{}));
  }
  if (descriptors) descriptors_.end_asking();
  asking_ = false;
}

void glue_state::want(int fd, interest wanted, void* party) noexcept {
  if (fd < 0 || (hooks_.ask && !asking_)) return told();
  if (over()) return;
  try {
    descriptors_.want(fd, wanted, party, posted_);
  } catch (...) {
    fail(failure(std::current_exception(), std::source_location{}));
  }
  told();
}

void glue_state::forget(int fd, void* party) noexcept {
  if (over()) return;
  if (!hooks_.ask) descriptors_.forget(fd, party);
  told();
}

void glue_state::deadline_in(duration delay) noexcept {
  if (over()) return;
  deadline_ = delay <= duration::zero() ? (time_point::min)() : core_.after(delay);
  deadline_changed_ = true;
  told();
}

void glue_state::no_deadline() noexcept {
  if (over()) return;
  deadline_.reset();
  deadline_changed_ = true;
  told();
}

// Inside a call, its end looks at everything. Otherwise the library was called past the glue.
void glue_state::told() noexcept {
  if (depth_ > 0 || over()) return;
  const entered scope(*this);
}

// A timer that is armed already for an earlier time stays: most deadlines move on before they are reached.
void glue_state::settle_deadline() {
  if (!deadline_) {
    armed_.cancel();
  } else if (*deadline_ == (time_point::min)()) {
    queue_wake();
  } else if (!armed_.active() || *deadline_ < armed_for_) {
    armed_.cancel();
    armed_for_ = *deadline_;
    armed_ = core_.call_at(armed_for_, [this] { wake(); });
  }
}

void glue_state::queue_wake() {
  if (woken_) return;
  core_.call_soon([keep = state_ptr<glue_state>(this)] {
    keep->woken_ = false;
    keep->wake();
  });
  woken_ = true;
}

void glue_state::wake_soon() noexcept {
  try {
    queue_wake();
  } catch (...) {
    fail(failure(std::current_exception(), std::source_location{}));
  }
}

void glue_state::on_ready(int fd, interest ready) {
  const entered scope(*this);
  const auto call = [&](void* party) {
    const interest wanted = ready & descriptors_.wanted(fd, party);
    if (wanted != interest::none && !over() && hooks_.ready) hooks_.ready(fd, wanted, party);
  };
  const glue_descriptors::parties parties = descriptors_.parties_of(fd);
  if (!parties.any) return;
  if (parties.several.empty()) {
    call(parties.only);
  } else {
    for (void* const party : parties.several) call(party);
  }
  drain();
}

void glue_state::wake() {
  if (over()) return;
  const entered scope(*this);
  if (deadline_) {
    if (*deadline_ <= core_.now()) {
      deadline_.reset();
      deadline_changed_ = true;
      if (hooks_.expired) hooks_.expired();
    } else {
      deadline_changed_ = true;  // it has moved on since the timer was armed
    }
  }
  drain();
}

void glue_state::drain() {
  if (!hooks_.drain || draining_) return;
  struct flag {
    glue_state& of;
    explicit flag(glue_state& state) noexcept : of(state) { of.draining_ = true; }
    ~flag() { of.draining_ = false; }
  } const here(*this);
  for (unsigned left = hooks_.drain_budget; left > 0; --left) {
    if (over()) return;
    if (!hooks_.drain()) {
      look_inside_ = false;
      return;
    }
  }
}

void glue_state::fail(const failure& why) noexcept {
  try {
    core_.call_soon([keep = state_ptr<glue_state>(this), why] {
      if (keep->ended_) return;
      if (!keep->hooks_.failed) return keep->core_.handle_exception("a C library's glue cannot go on", why);
      const entered scope(*keep);
      keep->hooks_.failed(why);
    });
  } catch (...) {
    core_.handle_exception("a C library's glue cannot go on", why);
  }
}

void glue_state::end() noexcept {
  if (std::exchange(ended_, true)) return;
  const state_ptr<glue_state> keep(this);
  descriptors_.stop();
  armed_.cancel();
  if (depth_ == 0) {
    const glue_hooks last = std::move(hooks_);
    hooks_ = {};
  }
}

}  // namespace interloop::detail
