// SPDX-License-Identifier: MIT
#include <interloop/detail/inbox.hpp>

#include <pthread.h>

namespace interloop::detail {

namespace {

std::atomic<unsigned> forks{0};
[[maybe_unused]] const int registered =
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

}  // namespace

unsigned inbox::fork_count() noexcept { return forks.load(std::memory_order_relaxed); }

}  // namespace interloop::detail
