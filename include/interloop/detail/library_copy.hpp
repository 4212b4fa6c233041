// SPDX-License-Identifier: MIT
// What each copy of the library has of its own. Row 1.
//
// A program and a plugin that both have the static library inside are two copies in one process: each has its own current
// loop, selected loop, count of forks and numbers of threads. What one of them asks of the other's loop it would answer from
// the wrong ones. So a loop and its inbox know the copy that made them, and a function that would read such state throws.
#pragma once

#include <interloop/detail/spin.hpp>

#include <atomic>

namespace interloop::detail {

class inbox;

struct library_copy {
  std::atomic<unsigned> forks{0};  // that led from the process's start to here
  short_lock lock;
  inbox* inboxes = nullptr;  // those that this copy has made, for forks
};

/// The copy that the code which names it belongs to.
extern constinit library_copy this_copy;

[[noreturn]] void throw_two_copies();

}  // namespace interloop::detail
