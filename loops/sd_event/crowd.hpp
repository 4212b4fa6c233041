// SPDX-License-Identifier: MIT
// Descriptors that share one source of an sd_event: they are in an epoll instance, and the source is that instance.
//
// Events are taken out in batches, and the callback of one watch may end others: these are struck from the batch. Events name
// watches by number. A number that no watch has belongs to a file that was closed and of which a duplicate is open: epoll
// has no way to remove it, so another instance takes the place of this one.
#pragma once

#include "handles.hpp"

#include <interloop/interest.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/watched_fd.hpp>

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace interloop::sd_event_adapter {

class crowd : public std::enable_shared_from_this<crowd> {
 public:
  explicit crowd(sd_event* native);
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;
  ~crowd();

  /// As `loop_port::watch`, except that `wanted` is not `none`.
  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched);

  /// In a forked child: lets go of the instance, which is the parent's too. Watches cannot be changed from here on.
  void forked() noexcept;
  /// No watch is called from here on.
  void close() noexcept;

 private:
  class member;

  static int on_ready(sd_event_source*, int, std::uint32_t, void* self) noexcept;
  void dispatch() noexcept;
  void renew() noexcept;

  int instance_ = -1;  // -1: in a forked child
  source source_;
  std::unordered_map<std::uint64_t, member*> members_;
  std::uint64_t last_number_ = 0;
  // The running batch, of which those before `next_` are done. The number 0 has been struck.
  std::array<::epoll_event, 64> batch_{};
  std::size_t next_ = 0;
  std::size_t end_ = 0;
};

}  // namespace interloop::sd_event_adapter
