// SPDX-License-Identifier: MIT
// For ports: directions of readiness as flags of poll(2). epoll's and GLib's flags have the same values.
#pragma once

#include <interloop/interest.hpp>

namespace interloop {

/// The flags that ask for these directions: POLLIN, POLLOUT. With none, poll and epoll still report errors and hang-ups.
[[nodiscard]] short poll_events(interest wanted) noexcept;

/// The directions that these flags report, with errors and hang-ups as readiness of both. POLLNVAL says nothing about
/// readiness: the descriptor is closed, so call `watched_fd::lost`.
[[nodiscard]] interest ready_in(int poll_events) noexcept;

}  // namespace interloop
