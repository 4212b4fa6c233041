// SPDX-License-Identifier: MIT
// Cancelling a statement in the server.
//
// A request to cancel travels on a connection of its own, and hits what the session runs when it arrives. The server
// closes that connection once it has signalled the session, so while nothing else is sent until then, the request can hit
// nothing else. Up to version 16, libpq can only do this blocking, and keeps the key that is needed to itself: so it is
// done in a thread, which knows nothing of the session but a weak pointer. It may outlast the session, and even the loop,
// if the server does not answer.
#include "session.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

namespace interloop::postgres {
namespace {

constexpr duration first_patience = std::chrono::milliseconds(10);
constexpr duration most_patience = std::chrono::seconds(1);

template <class Requests>
auto* find(Requests& among, std::uint64_t id) {
  const auto at = std::lower_bound(among.begin(), among.end(), id,
                                   [](const auto& each, std::uint64_t wanted) { return each.id < wanted; });
  return at != among.end() && at->id == id ? &*at : nullptr;
}

}  // namespace

// The canceller of a future: it fails without our doing.
void session::on_cancel(std::uint64_t id) {
  if (request* line = find(waiting_, id)) {
    line->unwanted = true;
    settle_soon();  // what is behind it need not wait for it
  } else if (request* sent = find(in_flight_, id)) {
    unwanted(*sent);
    consider_cancel();
  }
}

void session::cancel_all() {
  for (request& each : waiting_) {
    each.unwanted = true;
    each.turn ? each.turn->cancelled() : each.answer.cancelled();
  }
  for (request& each : in_flight_) {
    each.answer.cancelled();
    unwanted(each);
  }
  consider_cancel();
}

void session::unwanted(request& sent) {
  if (std::exchange(sent.unwanted, true)) return;
  ++unwanted_;
}

// The server runs the first of what was sent.
void session::consider_cancel() {
  if (mode_ != mode::pipeline || cancelling_ || in_flight_.empty() || !in_flight_.front().unwanted ||
      cancel_timer_.active())
    return;
  const std::uint64_t id = in_flight_.front().id;
  if (cancel_for_ != id) cancel_patience_ = first_patience;
  if (unwanted_ == in_flight_.size() && cancel_for_ != id) {
    ask_to_cancel(id);
    return;
  }
  // Others are behind it. If it is about to end, the request might hit one of them; or a request came too early.
  cancel_timer_ = async_.call_later(cancel_patience_, [this, id] {
    if (mode_ == mode::pipeline && !cancelling_ && !in_flight_.empty() && in_flight_.front().id == id)
      ask_to_cancel(id);
  });
  cancel_patience_ = (std::min)(2 * cancel_patience_, most_patience);
}

/// \param id  0: for what is left of an exclusive operation.
void session::ask_to_cancel(std::uint64_t id) {
  cancel_for_ = id;
  struct free_ticket {
    void operator()(PGcancel* owned) const noexcept { PQfreeCancel(owned); }
  };
  std::unique_ptr<PGcancel, free_ticket> ticket(PQgetCancel(pq_));
  try {
    if (!ticket) throw std::system_error(std::make_error_code(std::errc::not_enough_memory));
    std::thread([ticket = std::move(ticket), loop = async_.remote(), weak = weak_from_this()] {
      char complaint[256];
      PQcancel(ticket.get(), complaint, sizeof complaint);  // if it fails, it is tried again
      try {
        loop.post([weak] {
          if (const auto self = weak.lock()) self->cancel_was_sent();
        });
      } catch (const loop_closed&) {  // nobody waits for it
      }
    }).detach();
    cancelling_ = true;
  } catch (const std::system_error&) {  // no memory, or no more threads: tried again
    cancel_was_sent();
  }
}

// For what is left of an exclusive operation, if that does not end by itself.
void session::cancel_soon() {
  cancel_timer_ = async_.call_later(first_patience, [this] {
    if (mode_ == mode::draining && !cancelling_) ask_to_cancel(0);
  });
}

void session::cancel_was_sent() {
  cancelling_ = false;
  if (mode_ == mode::draining) {
    cancel_soon();
  } else if (mode_ == mode::pipeline) {
    consider_cancel();  // if it came too early, the statement runs still
    pump();
    if (mode_ != mode::lost) update_interest();
  }
}

}  // namespace interloop::postgres
