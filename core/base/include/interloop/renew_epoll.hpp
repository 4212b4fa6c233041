// SPDX-License-Identifier: MIT
// For ports on epoll: how to get rid of a descriptor that was closed without being removed from the epoll instance.
#pragma once

namespace interloop {

/// While a duplicate of a closed descriptor is open, perhaps in another process, epoll goes on reporting the file, and
/// its old number can no longer be used to remove it. If the instance has such a file, a new instance with all other
/// descriptors in it takes the instance's number. Without /proc, this does nothing.
void renew_epoll(int instance) noexcept;

}  // namespace interloop
