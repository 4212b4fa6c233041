// SPDX-License-Identifier: MIT
#include <interloop/postgres/pool.hpp>

#include "session.hpp"

#include <interloop/timeout.hpp>

#include <optional>

namespace interloop::postgres {

// Who holds a connection, makes one or cleans one up has a permit of `slots`; idle connections need none. A connection is
// only made when none is idle, so there are never more than there are permits.
class pool_state : public std::enable_shared_from_this<pool_state> {
 public:
  pool_state(api with, std::string where, pool_options how)
      : async(with), conninfo(std::move(where)), options(std::move(how)) {
    if (options.size == 0) throw usage_error("pool: a pool of no connections serves nobody; its size is at least 1");
    slots.emplace(async.loop(), options.size);
  }

  static future<lease> acquire(loop&, std::shared_ptr<pool_state> state) {
    permit slot;
    bool closed = !state->slots;
    try {
      if (!closed) slot = co_await state->slots->acquire();
    } catch (const broken_promise&) {
      closed = true;
    }
    if (closed || !state->slots) throw connection_error("postgres: the pool was closed");
    while (!state->idle.empty()) {
      connection kept = std::move(state->idle.back());
      state->idle.pop_back();
      if (kept.session_->look()) co_return lease(state, std::move(kept), std::move(slot));
    }
    connection fresh = co_await connect(state->async, state->conninfo, state->options.connection);
    if (!state->slots) throw connection_error("postgres: the pool was closed");
    co_return lease(state, std::move(fresh), std::move(slot));
  }

  static future<result> send(loop&, std::shared_ptr<pool_state> state, std::string text,
                             std::vector<parameter> parameters) {
    lease held = co_await acquire(state->async, state);
    co_return co_await held->send(text, parameters);
  }

  /// The permit is returned when everything is done.
  void take_back(connection used, permit slot) {
    if (!slots || !used.connected() || used.session_->listening()) return;
    const session& with = *used.session_;
    if (with.idle() && !with.in_transaction() && !with.transaction_open && options.on_return.empty()) {
      idle.push_back(std::move(used));
      return;
    }
    add_callbacks(clean_up(async, shared_from_this(), std::move(used), std::move(slot)), [] {}, [](const failure&) {});
  }

  static future<void> clean_up(loop&, std::shared_ptr<pool_state> state, connection used,
                               [[maybe_unused]] permit slot) {
    const std::shared_ptr<session> with = used.session_;
    std::erase_if(state->cleaning, [](const auto& each) { return each.expired(); });
    state->cleaning.push_back(with);
    with->cancel_all();
    static_cast<void>(co_await with_timeout(state->options.clean_up_time, used.query("ROLLBACK")));
    if (!state->options.on_return.empty())
      static_cast<void>(co_await with_timeout(state->options.clean_up_time, used.query(state->options.on_return)));
    std::erase_if(state->cleaning, [&with](const auto& each) { return each.lock() == with; });
    if (state->slots && with->look()) state->idle.push_back(std::move(used));
  }

  api async;
  std::string conninfo;
  pool_options options;
  std::optional<semaphore> slots;  // none once the pool is closed
  std::vector<connection> idle;
  std::vector<std::weak_ptr<session>> cleaning;
};

void lease::give_back() noexcept {
  const auto state = std::exchange(state_, nullptr);
  if (!state) return;
  try {
    state->take_back(std::move(connection_), std::move(slot_));
  } catch (...) {  // the loop is closed, or there is no memory: the connection is closed
  }
}

pool::pool(api async, std::string conninfo, pool_options options)
    : state_(std::make_shared<pool_state>(async, std::move(conninfo), std::move(options))) {}
pool::~pool() { close(); }

loop& pool::loop() const noexcept { return state_->async.loop(); }

future<lease> pool::acquire() { return pool_state::acquire(loop(), state_); }

future<result> pool::send(std::string_view text, std::span<const parameter> parameters) {
  return pool_state::send(loop(), state_, std::string(text), kept(parameters));
}

void pool::close() noexcept {
  state_->slots.reset();
  state_->idle.clear();
  for (const auto& each : std::exchange(state_->cleaning, {}))
    if (const auto with = each.lock()) with->close("the pool was closed");
}

std::size_t pool::idle() const noexcept { return state_->idle.size(); }
std::size_t pool::waiting() const noexcept { return state_->slots ? state_->slots->waiting() : 0; }

}  // namespace interloop::postgres
