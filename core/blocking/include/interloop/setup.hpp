// SPDX-License-Identifier: MIT
// The process-wide loop for programs that have threads but no loop: Crochet's `setup` and `no_setup`.
#pragma once

#include <interloop/loop_thread.hpp>

#include <memory>
#include <utility>

namespace interloop {

namespace detail {

void setup_with(function<std::unique_ptr<loop_thread>()> start);

/// Exists in the new thread while the loop is made: a call of `setup` there counts as a later one.
struct setup_scope {
  setup_scope() noexcept;
  setup_scope(const setup_scope&) = delete;
  setup_scope& operator=(const setup_scope&) = delete;
  ~setup_scope();
};

/// The loop of `setup` or `no_setup`. Throws `usage_error` before either.
const loop_remote& reactor();

}  // namespace detail

/// Starts a loop in a thread that interloop manages, for `run_in_reactor` and `wait_for`. The first call in the process
/// wins; later ones, and those after `no_setup`, do nothing. The thread is stopped and joined when the process exits
/// normally. A forked child does not have that thread. It may call `setup` or `no_setup` again; until then
/// `run_in_reactor` and `wait_for` throw there.
/// \param make  makes the loop, in its thread: `[] { return libuv_loop(); }`.
/// Thread safety: any thread. Errors: what `make` throws; a later call may then succeed.
/// Source: `crochet.setup`.
template <class Make>
void setup(Make make) {
  detail::setup_with([make = std::move(make)]() mutable {
    return std::make_unique<loop_thread>([make = std::move(make)]() mutable {
      const detail::setup_scope making;
      return make();
    });
  });
}
/// The same for a loop that makes its own native loop: `setup<libuv_loop>()`.
template <class Loop>
void setup() {
  setup([] { return Loop(); });
}

/// Says that the application runs its own loop, which `run_in_reactor` and `wait_for` are to use: later calls of
/// `setup` do nothing. Thread safety: any thread. Errors: `usage_error` after `setup`, or after `no_setup` with another
/// loop.
/// Source: `crochet.no_setup`.
void no_setup(loop& own);

}  // namespace interloop
