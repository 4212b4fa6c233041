// SPDX-License-Identifier: MIT
// The watch on libpq's socket.
//
// libpq closes its socket, and opens the next host's, within one call, and usually gets the same number back. The
// registration of the old one is gone by then, without anybody having been told. So while connecting, the socket is
// watched anew after each call into libpq; once there is a session, libpq keeps its socket until it gives up.
#pragma once

#include <interloop/api.hpp>
#include <interloop/function.hpp>

#include <utility>

namespace interloop::postgres {

class socket_watch {
 public:
  socket_watch(const api& async, function<void(interest)> on_ready) : async_(async), on_ready_(std::move(on_ready)) {}
  socket_watch(const socket_watch&) = delete;
  socket_watch& operator=(const socket_watch&) = delete;

  /// After a call that may have replaced the socket.
  void renew(int fd, interest wanted) {
    wanted_ = wanted;
    if (watch_.active()) {
      watch_.rebind(fd, wanted);
    } else {
      watch_ = async_.watch(fd, wanted, [this](interest ready) { on_ready_(ready); });
    }
  }
  /// The socket is the same.
  void want(interest wanted) {
    if (wanted != wanted_) watch_.set_interest(wanted_ = wanted);
  }
  /// The socket is closed, or is going to be before control returns to the loop.
  void stop() noexcept { watch_.stop(); }

 private:
  api async_;
  function<void(interest)> on_ready_;
  fd_watch watch_;
  interest wanted_ = interest::none;
};

}  // namespace interloop::postgres
