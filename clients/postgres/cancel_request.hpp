// SPDX-License-Identifier: MIT
// A request to cancel what a session runs now. It is made in the loop's thread, and sent in another one, because libpq can
// only do this blocking, up to version 16.
//
// The usual request, PQcancel's, needs neither a login nor a slot of the server. But up to version 17, the server answers
// it with two signals (to the session's process, and to its group), and the second one may hit the statement behind: on
// one processor it nearly always does. The function pg_cancel_backend sends one signal, by a session of its own.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace interloop::postgres {

class cancel_request {
 public:
  /// \param hits_one  whether it must not hit the statement behind.
  /// Throws `std::bad_alloc`.
  cancel_request(PGconn* session, bool hits_one);

  /// Blocks until the server has sent its signals. False if it got no request.
  /// Thread safety: any thread.
  [[nodiscard]] bool send() const;

 private:
  struct free_ticket {
    void operator()(PGcancel* owned) const noexcept { PQfreeCancel(owned); }
  };

  [[nodiscard]] bool send_by_session() const;

  std::unique_ptr<PGcancel, free_ticket> ticket_;
  int pid_;
  std::vector<std::pair<std::string, std::string>> parameters_;  // of a session beside it; none: PQcancel will do
};

}  // namespace interloop::postgres
