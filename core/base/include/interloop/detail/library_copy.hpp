// SPDX-License-Identifier: MIT
// The state that each copy of the library has for itself.
//
// A program and a plugin that both contain the static library are two copies in one process: each has its own current
// loop, selected loop, fork count and thread numbers. Code of one copy that uses a loop of the other would read the
// wrong ones. So a loop and its inbox know the copy that made them, and functions that would read such state for
// another copy's loop throw.
#pragma once

#include <interloop/detail/spin.hpp>

#include <atomic>

namespace interloop::detail {

class inbox;

struct library_copy {
  std::atomic<unsigned> forks{0};  // between the start of the first process and this one
  short_lock lock;
  inbox* inboxes = nullptr;  // made by this copy; forks need them
};

/// The copy to which the code that uses this name belongs.
extern constinit library_copy this_copy;

[[noreturn]] void throw_two_copies();

}  // namespace interloop::detail
