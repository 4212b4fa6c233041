// SPDX-License-Identifier: MIT
// The loop that free functions use, which depends on the calling thread.
#pragma once

#include <interloop/loop.hpp>

#include <utility>

namespace interloop {

namespace detail {

/// The object that `config()` refers to.
struct configuration {
  interloop::loop* loop = nullptr;
};
extern constinit configuration selected;

[[noreturn]] void throw_no_loop();

}  // namespace detail

/// The loop whose turn runs in this thread or, outside of turns, the selected one: see `config`.
/// Errors: `usage_error` if there is neither. Thread safety: any thread, see `config`.
/// Source: asyncio `get_running_loop`.
[[nodiscard]] inline loop& current_loop() {
  if (detail::running_loop) return *detail::running_loop;
  if (!detail::selected.loop) [[unlikely]]
    detail::throw_no_loop();
  return *detail::selected.loop;
}

/// While it exists, a loop is the current one in this thread, as in its turns: for functions that the native loop calls
/// directly, such as those of a scripting language. They nest.
///
/// Thread safety: the loop's thread only; destroy it in the thread that made it. The loop must live as long.
class [[nodiscard]] current_loop_scope {
 public:
  /// Errors: `usage_error` if another copy of the library has made the loop.
  explicit current_loop_scope(loop& core);
  current_loop_scope(const current_loop_scope&) = delete;
  current_loop_scope& operator=(const current_loop_scope&) = delete;
  ~current_loop_scope() { detail::running_loop = before_; }

 private:
  loop* before_;
};

}  // namespace interloop
