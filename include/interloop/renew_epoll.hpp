// SPDX-License-Identifier: MIT
// For ports on epoll: how to get rid of a descriptor that was closed without being taken out.
#pragma once

namespace interloop::detail {

/// Where a duplicate of a closed descriptor is open, in another process perhaps, epoll goes on to report the file, and the
/// number that it was added by cannot be used to end that. If the instance has such a one, a new instance takes its number,
/// with all the others in it. Where /proc is not there, nothing happens.
void renew_epoll(int instance) noexcept;

}  // namespace interloop::detail
