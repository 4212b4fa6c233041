// SPDX-License-Identifier: MIT
#include <interloop/detail/waiter.hpp>

#include <interloop/error.hpp>

namespace interloop::detail {

void waiter::resume(waiter& each) noexcept {
  promise_core& who = each.who_;
  if (who.loop_ == each.of_) {
    who.self().resume();
    return;
  }
  try {
    who.go_home();
  } catch (...) {  // that loop is closed: the traveller has destroyed the frame; or memory is short, with the same end
  }
}

void waiter::throw_outcome() {
  if (who_.requested_) who_.throw_requested();
  throw broken_promise(
      "the object that a coroutine waits for (a mutex, semaphore, event, condition, channel or "
      "async generator) was destroyed; keep it "
      "until nobody waits for it, or cancel the coroutine first");
}

void waiter::throw_failure(const failure& fail, std::source_location where) { who_.throw_awaited(fail, where); }

// Only closing uses it.
namespace {
constexpr look line{"waiting line", look::kind::line};
}

const pending::operations waiting_line::table{nullptr, nullptr, &abandon, nullptr, nullptr, nullptr, &line};

void waiting_line::abandon(pending& base) noexcept {
  auto& self = static_cast<waiting_line&>(base);
  waiter* const next = self.pop();
  if (!next) return self.unlink();
  next->stage_ = waiter::stage::idle;
  waiter::destroy_frame(*next);
}

}  // namespace interloop::detail
