// SPDX-License-Identifier: MIT
#include <interloop/poll_events.hpp>

#include <poll.h>
#include <sys/epoll.h>

namespace interloop {

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR && EPOLLHUP == POLLHUP);

short poll_events(interest wanted) noexcept {
  return static_cast<short>((has(wanted, interest::read) ? POLLIN : 0) | (has(wanted, interest::write) ? POLLOUT : 0));
}

interest ready_in(int poll_events) noexcept {
  if ((poll_events & (POLLHUP | POLLERR)) != 0) return interest::read_write;
  return ((poll_events & POLLIN) != 0 ? interest::read : interest::none) |
         ((poll_events & POLLOUT) != 0 ? interest::write : interest::none);
}

}  // namespace interloop
