// SPDX-License-Identifier: MIT
// What the loop is about to call. Inline, because it is found out before every callback that is measured.
#pragma once

#include <interloop/coroutine.hpp>
#include <interloop/detail/future_state.hpp>
#include <interloop/detail/onlooker.hpp>

#include "activity.hpp"

#include <cstring>

namespace interloop::measure {

/// What an errand is, before it runs. If it is a coroutine, `who` is its promise, otherwise null.
[[nodiscard]] inline activity activity_of(const detail::errand& next, const detail::promise_core*& who) noexcept {
  who = nullptr;
  activity found;
  found.code = next.code;
  found.number = next.number;
  found.where = next.where;
  switch (next.what) {
    case detail::errand::kind::posted:
      found.what = activity::kind::posted;
      return found;
    case detail::errand::kind::timer:
      found.what = activity::kind::timer;
      return found;
    case detail::errand::kind::watch:
      found.what = activity::kind::watch;
      return found;
    case detail::errand::kind::queued:
      break;
  }
  found.what = activity::kind::callback;
  if (!next.object) return found;
  void* frame = next.object;
  if (next.code != reinterpret_cast<const void*>(detail::resumption::queued.run)) {
    const auto& queued = *static_cast<const detail::pending*>(next.object);
    if (!queued.ops->of_future()) {
      found.what = activity::kind::waiter;
      return found;
    }
    const auto& state = static_cast<const detail::future_core&>(queued);
    frame = state.lone_coroutine();
    if (!frame) {
      found.what = activity::kind::future;
      found.where = state.created();
      return found;
    }
  }
  found.what = activity::kind::coroutine;
  std::memcpy(&found.code, frame, sizeof found.code);  // a frame begins with the function that resumes it
  who = &detail::promise_core::of(frame);
  if (who->own()) found.where = who->own()->created();
  return found;
}

}  // namespace interloop::measure
