// SPDX-License-Identifier: MIT
#include <interloop/detail/foreign_await.hpp>

#include <interloop/current_loop.hpp>

namespace interloop::detail {

void foreign_cell::release() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  this->~foreign_cell();
  ::operator delete(static_cast<void*>(this));
}

void foreign_cell::end(std::coroutine_handle<> frame) noexcept {
  if (now_.load(std::memory_order_relaxed) == state::held) return;  // the coroutine that started it sees that
  const state_ptr<foreign_cell> keep(this);
  if (now_.exchange(state::ended, std::memory_order_acq_rel) == state::abandoned) {
    frame.destroy();
  } else {
    tell();
  }
}

void foreign_cell::frame_is_destroyed() noexcept {
  if (now_.exchange(state::gone, std::memory_order_acq_rel) == state::waiting) tell();
}

void foreign_cell::tell() noexcept {
  if (running_loop == core_) {
    if (waiter_) waiter_->arrived();
    return;
  }
  try {
    home_.post([self = state_ptr<foreign_cell>(this)] {
      if (self->waiter_) self->waiter_->arrived();
    });
  } catch (...) {  // the loop is closed; or there is no memory, and the coroutine waits until it is cancelled
  }
}

namespace {

/// Cancels a signal whose awaitable has a way to be cancelled: asks it, and goes on waiting for what comes of that.
void cancel_by_asking(pending& base, const failure&) { static_cast<future_state<void>&>(base).call_canceller(); }

// What other libraries' coroutines look like from here.
constexpr look foreign = look_of_future("awaitable of another library", look::kind::future, 0, nullptr, 0);

constexpr pending::operations asks_first = future_state<void>::table_with(&cancel_by_asking, nullptr, &foreign);
constexpr pending::operations asks_nobody =
    future_state<void>::table_with(&future_state<void>::do_cancel, nullptr, &foreign);

}  // namespace

void foreign_waiter::owns(std::coroutine_handle<> frame) noexcept {
  frame_ = frame;
  cell_ = &foreign_cell::of(frame.address());
  cell_->retain();
  cell_->waiter_ = this;
}

foreign_waiter::~foreign_waiter() {
  if (!cell_) return;  // there was no memory for the carrier
  using state = foreign_cell::state;
  cell_->waiter_ = nullptr;
  if (ask_) {
    try {
      ask();
    } catch (...) {
      home().handle_exception("an awaitable could not be cancelled",
                              failure::of(std::current_exception(), std::source_location{}));
    }
  }
  const state was = cell_->now_.exchange(state::abandoned, std::memory_order_acq_rel);
  if (was == state::held || was == state::ended || (was == state::waiting && destroyable_)) frame_.destroy();
  cell_->release();
}

bool foreign_waiter::await_ready() {
  if (waiter_.requested_) return true;
  loop_access::require_open(home(), "co_await");
  frame_.resume();
  return cell_->now_.load(std::memory_order_relaxed) == foreign_cell::state::held;
}

void foreign_waiter::await_suspend(std::coroutine_handle<> self) {
  loop& core = home();
  loop_access::require_open(core, "co_await");
  using state = future_state<void>;
  unsigned char kind;
  void* block = state::allocate(core, kind);
  signal_ = {state_ptr<state>::adopt{},
             ::new (block) state(core, record_.where, kind, ask_ ? asks_first : asks_nobody)};
  record_.what = signal_.get();
  if (ask_) {
    const auto asks = [this] { ask(); };
    signal_->add<canceller<void, std::remove_const_t<decltype(asks)>>>(asks);
    signal_->mark_canceller();
  }
  signal_->add<resumption>(self.address());
  waiter_.awaiting_ = &record_;
  if (told_ || waiter_.requested_) {  // inside `await_ready`, in which the coroutine was not suspended yet
    told_ = true;
    signal_->set_value();
    signal_->complete(status::value);
  }
}

void foreign_waiter::arrived() noexcept {
  told_ = true;
  if (!signal_ || !signal_->is_pending()) return;
  signal_->set_value();
  signal_->complete(status::value);
}

void foreign_waiter::require_result() {
  waiter_.awaiting_ = nullptr;
  const bool failed = signal_ && signal_->status() == status::failed;
  if (failed) signal_->mark_observed();
  if (waiter_.requested_) waiter_.throw_requested();
  if (failed) waiter_.throw_awaited(signal_->get_failure(), record_.where);
  if (cell_->now_.load(std::memory_order_acquire) == foreign_cell::state::gone)
    rethrow(
        std::make_exception_ptr(broken_promise("what this coroutine awaited has destroyed the handle that it got, so "
                                               "it never completes; it has to resume it")));
}

void foreign_waiter::rethrow(const std::exception_ptr& thrown) {
  waiter_.throw_awaited(failure::of(thrown, std::source_location{}), record_.where);
}

}  // namespace interloop::detail
