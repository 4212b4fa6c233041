// SPDX-License-Identifier: MIT
#include <interloop/idle_timeout.hpp>

#include <utility>

namespace interloop {
namespace detail {

// What restarting does not need. Shared with the call that runs, which may destroy the timeout.
class idle_state {
 public:
  idle_state(idle_timeout& of, loop& core, function<void()> on_idle, std::source_location where) noexcept
      : owner(&of), core_(core), on_idle_(std::move(on_idle)), where_(where) {
    loop_access::retain(core);
  }
  idle_state(const idle_state&) = delete;
  idle_state& operator=(const idle_state&) = delete;
  ~idle_state() { loop_access::release(core_); }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  [[nodiscard]] bool active() const noexcept { return timer_.active(); }
  bool cancel() noexcept { return timer_.cancel(); }
  void file(time_point when) {
    if (!timer_.restart_at(when)) timer_ = core_.call_at({when, where_}, wake(*this));
    owner->filed_for_ = when;
  }

  idle_timeout* owner;  // moves

 private:
  // What the loop calls. If it is destroyed without being called, the timeout was cancelled, or the loop closes.
  struct wake {
    idle_state* state;
    explicit wake(idle_state& of) noexcept : state(&of) {}
    wake(wake&& other) noexcept : state(std::exchange(other.state, nullptr)) {}
    wake& operator=(wake&&) = delete;
    ~wake() {
      if (state) state->unfiled();
    }
    void operator()() { std::exchange(state, nullptr)->due(); }
  };

  void unfiled() noexcept {
    owner->filed_for_ = idle_timeout::never;
    drop_if_closed();
  }

  // The function may own what the timeout is a member of: the end of the loop breaks such a circle.
  void drop_if_closed() noexcept {
    if (running_ == 0 && core_.closed()) const auto dropped = std::exchange(on_idle_, nullptr);
  }

  void due() {
    owner->filed_for_ = idle_timeout::never;
    if (core_.now() < owner->when_) return file(owner->when_);
    struct call {
      state_ptr<idle_state> of;
      explicit call(idle_state& state) noexcept : of(&state) { ++of->running_; }
      ~call() {
        --of->running_;
        of->drop_if_closed();
      }
    } const running(*this);
    on_idle_();
  }

  std::size_t references_ = 1;
  unsigned running_ = 0;  // calls in progress: more than one in a nested run of the native loop
  loop& core_;
  timer timer_;
  function<void()> on_idle_;
  const std::source_location where_;  // it was made
};

}  // namespace detail

idle_timeout::idle_timeout(loop& core, function<void()> on_idle, std::source_location where) : core_(&core) {
  if (!on_idle) throw usage_error("idle_timeout: the callback is empty");
  using adopted = detail::state_ptr<detail::idle_state>;
  state_ = adopted(adopted::adopt{}, new detail::idle_state(*this, core, std::move(on_idle), where));
}

idle_timeout::idle_timeout(idle_timeout&& other) noexcept
    : when_(other.when_),
      filed_for_(std::exchange(other.filed_for_, never)),
      core_(std::exchange(other.core_, nullptr)),
      state_(std::move(other.state_)) {
  if (state_) state_->owner = this;
}

idle_timeout& idle_timeout::operator=(idle_timeout&& other) noexcept {
  if (this == &other) return *this;
  cancel();
  when_ = other.when_;
  filed_for_ = std::exchange(other.filed_for_, never);
  core_ = std::exchange(other.core_, nullptr);
  state_ = std::move(other.state_);
  if (state_) state_->owner = this;
  return *this;
}

idle_timeout::~idle_timeout() { cancel(); }

bool idle_timeout::cancel() noexcept { return state_ && state_->cancel(); }

bool idle_timeout::active() const noexcept { return state_ && state_->active(); }

void idle_timeout::restart_in(duration delay) { restart_at(core_ ? core_->after(delay) : never); }

void idle_timeout::file(time_point when) {
  if (!state_) throw usage_error("idle_timeout: it was moved from, and cannot be restarted");
  detail::loop_access::check_thread(*core_, "idle_timeout::restart_at");
  state_->file(when);
  when_ = when;
}

}  // namespace interloop
