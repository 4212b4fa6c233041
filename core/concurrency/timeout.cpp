// SPDX-License-Identifier: MIT
#include <interloop/timeout.hpp>

#include <interloop/detail/made_failure.hpp>
#include <interloop/detail/place_text.hpp>
#include <interloop/detail/span_text.hpp>
#include <interloop/error.hpp>

#include <exception>
#include <string>

namespace interloop::detail {

namespace {

std::string limit_text(const limit_call& call) {
  if (!call.deadline) return "within " + span_text(call.limit);
  if (call.limit <= duration::zero()) return "by the deadline, which had already passed";
  return "by the deadline, " + span_text(call.limit) + " after the call";
}

}  // namespace

time_limit::time_limit(future_core& limited, time_point when, const limit_call& call) : limited_(limited), call_(call) {
  if (limited.is_pending() && when != (time_point::max)())
    timer_ = limited.loop().call_at({when, call.where}, [this]() noexcept { ring(); });
}

void time_limit::ring() noexcept {
  if (!limited_.is_pending()) return;  // completed in this turn
  passed_ = true;
  // Without memory for its words, the cancellation is a std::bad_alloc: the limit holds in any case.
  limited_.cancel(
      made_failure(call_.where, [this] { return cancelled_error("there was no result " + limit_text(call_)); }));
}

void throw_timed_out(const limit_call& call) {
  const std::string text = "no result " + limit_text(call) + " (" + (call.deadline ? "with_deadline" : "with_timeout") +
                           " at " + place_text(call.where) + "); the operation was cancelled";
  try {
    throw;
  } catch (const operation_cancelled&) {  // what a cancellation is to the coroutine of the limit
  } catch (...) {
    std::throw_with_nested(timeout_error(text));
  }
  throw timeout_error(text);
}

}  // namespace interloop::detail
