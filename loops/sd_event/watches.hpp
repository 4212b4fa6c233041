// SPDX-License-Identifier: MIT
// The descriptors of one loop on sd-event.
//
// The first few are I/O sources of their own. sd-event calls one source for each `epoll_wait`, which tells it again of all
// that are still ready: with 100 ready sockets, each callback costs 7 µs. So further descriptors are in an epoll instance
// of their own, which is one source for all of them: then it is 1.2 µs, but with a single socket 2.2 instead of 1.7.
#pragma once

#include "handles.hpp"

#include <interloop/interest.hpp>
#include <interloop/loop_port.hpp>

#include <memory>

namespace interloop::sd_event_adapter {

class crowd;

class watches {
 public:
  /// How many descriptors are sources of their own.
  static constexpr int most_alone = 8;

  explicit watches(sd_event* native) : native_(native) {}

  /// As `loop_port::watch`.
  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched);

  /// As `loop_port::forked`.
  void forked() noexcept;
  /// Releases what the watches share.
  void close() noexcept;

 private:
  sd_event* native_;                                       // the port's
  std::shared_ptr<int> alone_ = std::make_shared<int>(0);  // how many are; theirs, too
  std::shared_ptr<crowd> crowd_;                           // of the others, once there are any
};

}  // namespace interloop::sd_event_adapter
