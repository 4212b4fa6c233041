// SPDX-License-Identifier: MIT
#include <interloop/glue.hpp>

#include <interloop/detail/loop_access.hpp>

#include "glue_state.hpp"

#include <utility>

namespace interloop {

namespace detail {
void glue_link::retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
void glue_link::release() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}
void glue_link::expect() noexcept { waiting_.fetch_add(1, std::memory_order_relaxed); }
void glue_link::arrived() noexcept { waiting_.fetch_sub(1, std::memory_order_release); }
}  // namespace detail

glue::glue(interloop::loop& on, glue_hooks hooks)
    : state_(new detail::glue_state(on, std::move(hooks))), link_(new detail::glue_link(on.remote(), *this)) {}

glue::~glue() {
  link_->cut();
  state_->end();
}

glue::scope::scope(detail::glue_state& state, bool posted) : state_(state) {
  detail::loop_access::check_thread(state.core(), "glue::call");
  posted_before_ = state.set_posted(posted);
  state_.enter();
}
glue::scope::~scope() {
  state_.set_posted(posted_before_);
  state_.leave();
}

// Here, or by a post if this is another thread or would overtake what another thread has posted.
template <class F>
void glue::tell(F fn) noexcept {
  interloop::loop& core = state_->core();
  if (!link_->waiting() && (detail::running_loop == &core || core.in_loop_thread())) return fn(*state_);
  static_cast<void>(link_->post([fn](glue& to) {
    const scope inside(*to.state_, true);
    fn(*to.state_);
  }));
}

void glue::want(int fd, interest wanted, void* party) noexcept {
  tell([fd, wanted, party](detail::glue_state& to) { to.want(fd, wanted, party); });
}
void glue::forget(int fd, void* party) noexcept {
  tell([fd, party](detail::glue_state& to) { to.forget(fd, party); });
}
void glue::deadline_in(duration delay) noexcept {
  tell([delay](detail::glue_state& to) { to.deadline_in(delay); });
}
void glue::deadline_at(std::chrono::steady_clock::time_point when) noexcept {
  const auto now = std::chrono::steady_clock::now();
  deadline_in(when <= now ? duration::zero() : to_duration(when - now));
}
void glue::deadline_at(std::chrono::system_clock::time_point when) noexcept {
  const auto now = std::chrono::system_clock::now();
  deadline_in(when <= now ? duration::zero() : to_duration(when - now));
}
void glue::no_deadline() noexcept {
  tell([](detail::glue_state& to) { to.no_deadline(); });
}

void glue::end() noexcept { state_->end(); }
interloop::loop& glue::loop() const noexcept { return state_->core(); }

}  // namespace interloop
