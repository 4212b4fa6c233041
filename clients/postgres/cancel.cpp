// SPDX-License-Identifier: MIT
// Cancelling a statement in the server.
//
// A request to cancel travels on a connection of its own, and hits what the session runs when it arrives. The server
// closes that connection once it has signalled the session. It may come too early, before the statement has begun: then it
// hits nothing, and is repeated. So if nothing in flight is wanted, nothing is sent until all of it has ended, and requests
// can hit nothing else, however slow the machine is. If something wanted is in flight already, behind what is to be
// cancelled, a request is sent only after a look at what has arrived, and repeated only after a second: the answer to the
// last one may be late. Requests block, so they are sent in a thread, which knows nothing of the session but a weak
// pointer. It may outlast the session, and even the loop, if the server does not answer.
#include "cancel_request.hpp"
#include "session.hpp"

#include <algorithm>
#include <new>
#include <system_error>
#include <thread>

namespace interloop::postgres {
namespace {

constexpr duration first_patience = std::chrono::milliseconds(10);
constexpr duration most_patience = std::chrono::seconds(1);  // obeying takes milliseconds

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

bool session::held_back() const noexcept { return cancelling_ || (unwanted_ > 0 && unwanted_ == in_flight_.size()); }

// The server runs the first of what was sent.
void session::consider_cancel() {
  if (mode_ != mode::pipeline || cancelling_ || in_flight_.empty() || !in_flight_.front().unwanted) return;
  const std::uint64_t id = in_flight_.front().id;
  const bool alone = unwanted_ == in_flight_.size(), first = cancel_for_ != id;
  if (first) cancel_patience_ = first_patience;
  if (cancel_due_ == id || (alone && first)) {
    ask_to_cancel(id);
    return;
  }
  if (cancel_timer_.active()) return;
  if (!first)
    cancel_patience_ = alone || !cancel_taken_ ? (std::min)(2 * cancel_patience_, most_patience) : most_patience;
  cancel_timer_ = async_.call_later(cancel_patience_, [this, id] {
    cancel_due_ = id;
    static_cast<void>(look());  // it may have ended
  });
}

/// \param id  0: for what is left of an exclusive operation.
void session::ask_to_cancel(std::uint64_t id) {
  cancel_for_ = id;
  cancel_due_ = 0;
  try {
    std::thread([request = cancel_request(pq_, unwanted_ < in_flight_.size()), loop = async_.remote(),
                 weak = weak_from_this()] {
      bool taken = false;
      try {
        taken = request.send();
      } catch (const std::bad_alloc&) {
      }
      try {
        loop.post([weak, taken] {
          if (const auto self = weak.lock()) self->cancel_was_sent(taken);
        });
      } catch (const loop_closed&) {  // nobody waits for it
      }
    }).detach();
    cancelling_ = true;
  } catch (const std::bad_alloc&) {
    cancel_was_sent(false);
  } catch (const std::system_error&) {  // no more threads
    cancel_was_sent(false);
  }
}

// For what is left of an exclusive operation, if that does not end by itself.
void session::cancel_soon() {
  cancel_timer_ = async_.call_later(first_patience, [this] {
    if (mode_ == mode::draining && !cancelling_) ask_to_cancel(0);
  });
}

/// \param taken  whether the server has it.
void session::cancel_was_sent(bool taken) {
  cancelling_ = false;
  cancel_taken_ = taken;
  if (mode_ == mode::draining) {
    cancel_soon();
  } else if (mode_ == mode::pipeline) {
    consider_cancel();  // it may have failed, or come too early
    pump();
    if (mode_ != mode::lost) update_interest();
  }
}

}  // namespace interloop::postgres
