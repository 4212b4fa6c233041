// SPDX-License-Identifier: MIT
#include <interloop/future.hpp>

#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/made_failure.hpp>
#include <interloop/detail/place_text.hpp>

#include <exception>
#include <string>

namespace interloop::detail {

constinit const look plain_future = look_of_future("future", look::kind::future, 0, nullptr, 0);

void future_core::report_escaped() noexcept {
  try {
    loop_->handle_exception("an exception escaped a callback",
                            failure(std::current_exception(), std::source_location{}));  // thrown elsewhere
  } catch (...) {  // no memory for the failure itself
    loop_->handle_exception("an exception escaped a callback (no memory to keep it)",
                            loop_access::closing_failure(*loop_));
  }
}

failure future_core::broken() const noexcept {
  return made_failure(std::source_location{}, [this] {
    std::string text =
        "this future can no longer be completed, but something waits for it: the last handle that could complete it "
        "was dropped; keep a handle until the future is completed, or reject() it first";
    if (created_.line() != 0) text += " (created in " + place_text(created_) + ", " + created_.function_name() + ")";
    return broken_promise(text);
  });
}

inline void future_core::visit_one(continuation& each, visit how, std::size_t& size) noexcept {
  try {
    each.code(each, *this, how, size);
  } catch (...) {
    report_escaped();
  }
}

void future_core::visit_all(visit how) noexcept {
  overflow_base* extra = nullptr;
  word_.clear(state_word::overflows);
  while (overflow_) {  // reverse the list, which has the last added first
    overflow_base* each = std::exchange(overflow_, overflow_->next);
    each->next = std::exchange(extra, each);
  }
  if (!word_.any(state_word::dispatching)) {
    word_.set(state_word::dispatching);
    const std::size_t end = word_.used();  // nothing is added here meanwhile
    for (std::size_t at = 0; at < end;) {
      std::size_t size = 0;
      if (how == visit::run && loop_->closed()) how = visit::destroy;
      visit_one(*std::launder(reinterpret_cast<continuation*>(inline_ + at)), how, size);
      at += size;
    }
    word_.forget_inline();
  }
  while (extra) {
    std::size_t size = 0;
    if (how == visit::run && loop_->closed()) how = visit::destroy;
    visit_one(extra->get(), how, size);
    delete std::exchange(extra, extra->next);
  }
}

void future_core::run_all() noexcept {
  if (!word_.dispatch_begins()) [[unlikely]] {
    visit_all(visit::run);
    word_.clear(state_word::lone_dispatch);
    return;
  }
  const std::size_t end = word_.used();
  for (std::size_t at = 0; at < end;) {
    std::size_t size = 0;
    try {
      do {
        const visit how = loop_->closed() ? visit::destroy : visit::run;
        auto& each = *std::launder(reinterpret_cast<continuation*>(inline_ + at));
        each.code(each, *this, how, size);
        at += size;
      } while (at < end);
    } catch (...) {
      at += size;
      report_escaped();
    }
  }
  word_.forget_inline();
  word_.clear(state_word::lone_dispatch);
}

void future_core::call_canceller() {
  if (!has_canceller()) return;
  word_.clear(state_word::has_canceller);
  std::size_t size = 0;
  if (word_.used() != 0) {
    visit_one(*std::launder(reinterpret_cast<continuation*>(inline_)), visit::cancel, size);
    return;
  }
  overflow_base* first = overflow_;
  while (first && first->next) first = first->next;
  if (first) visit_one(first->get(), visit::cancel, size);
}

bool future_core::cancel(std::string message, std::source_location where) {
  loop_access::check_thread(*loop_, "cancel");
  return is_pending() && cancel(failure(std::make_exception_ptr(cancelled_error(message)), where));
}

void throw_no_value(status actual) {
  throw invalid_state(actual == status::taken
                          ? "the future's value was already taken; take it only once, or use a type that can be copied"
                          : "the future is not completed yet; add a callback or co_await it");
}

void future_access::throw_not_completable(const future_core& state, const char* function) {
  const std::string name = function;
  if (state.is_coroutine())
    throw invalid_state(
        name +
        ": this future belongs to a coroutine, or to a function such as first_of, and only that can complete "
        "it; use cancel()");
  throw invalid_state(name + ": the future is already completed; check is_called() first if that may happen");
}

}  // namespace interloop::detail
