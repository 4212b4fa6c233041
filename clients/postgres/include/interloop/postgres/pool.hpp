// SPDX-License-Identifier: MIT
// A limited number of connections that many share.
//
//     pool db(async, "host=/run/postgresql dbname=shop", {.size = 8});
//     const auto count = (co_await db.query("SELECT count(*) FROM users")).one<long>();
//     co_await db.transaction([](connection& in) -> future<void> { … });
//     lease one = co_await db.acquire();   // one->query(…)
#pragma once

#include <interloop/api.hpp>
#include <interloop/coroutine.hpp>
#include <interloop/postgres/connection.hpp>
#include <interloop/semaphore.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop::postgres {

class pool_state;

/// A pool's settings.
struct pool_options {
  /// The most connections, those being made and those being cleaned up included; at least one.
  std::size_t size = 10;
  connection_options connection{};
  /// What is run on a connection when it is returned: `DISCARD ALL`, say, where users change settings or make temporary
  /// tables. Nothing, if it is empty.
  std::string on_return{};
  /// How long cleaning up a returned connection may take. One that needs longer is closed instead.
  duration clean_up_time = std::chrono::seconds(5);
};

/// A connection that belongs to one user until this is destroyed: what `pool::acquire` gives. Move-only.
///
/// Returning it takes no waiting: what is still under way is cancelled, and an open transaction rolled back, before
/// somebody else gets the connection. If it is broken, or listens, it is closed, and another one is made when it is
/// needed. May outlive the pool; then returning closes it.
class lease {
 public:
  /// None.
  lease() noexcept = default;
  lease(lease&&) noexcept = default;
  lease& operator=(lease&& other) noexcept {
    lease old(std::move(*this));
    state_ = std::move(other.state_);
    connection_ = std::move(other.connection_);
    slot_ = std::move(other.slot_);
    return *this;
  }
  ~lease() { give_back(); }

  [[nodiscard]] connection& operator*() noexcept { return connection_; }
  [[nodiscard]] connection* operator->() noexcept { return &connection_; }

 private:
  friend class pool_state;
  lease(std::shared_ptr<pool_state> state, connection with, permit slot) noexcept
      : state_(std::move(state)), connection_(std::move(with)), slot_(std::move(slot)) {}
  void give_back() noexcept;

  std::shared_ptr<pool_state> state_;
  connection connection_;
  permit slot_;
};

namespace parts {

template <class T, class Body>
future<T> transact_on_lease(interloop::loop&, future<lease> coming, Body body, transaction_options options) {
  lease held = co_await std::move(coming);
  co_return co_await held->transaction(std::move(body), options);
}

}  // namespace parts

/// Makes connections when they are needed, and keeps them. Those who wait get one in the order they came; a connection
/// that was lost is replaced. Connections are not closed for being idle, so while there are any they keep a loop running
/// that otherwise ends when idle: `close` the pool at the end.
///
/// May be destroyed at any time: those who wait get `connection_error`. Thread safety: the loop's thread only; from other
/// threads, use `wait_for` and the like. Errors: `loop_closed` after the loop was closed.
class pool {
 public:
  /// Connects to nothing yet.
  /// \param conninfo  as for `connect`.
  /// Errors: `usage_error` if the size is 0.
  pool(api async, std::string conninfo, pool_options options = {});
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;
  ~pool();

  /// A connection for the caller alone. Waits in line while all are in use; limit that by `with_timeout`. Cancelling it
  /// gives up the place.
  /// The future fails as `connect` does; the next in line then tries anew.
  [[nodiscard]] future<lease> acquire();

  /// One statement, on whichever connection is free first, as `connection::query` on it. Two of these may run in any
  /// order, or at once.
  template <class... Parameters>
  [[nodiscard]] future<result> query(std::string_view text, const Parameters&... parameters) {
    return send(text, std::array<parameter, sizeof...(Parameters)>{parameter(parameters)...});
  }
  [[nodiscard]] future<result> send(std::string_view text, std::span<const parameter> parameters);

  /// `connection::transaction` on a connection of its own.
  template <class Body>
  [[nodiscard]] auto transaction(Body body, transaction_options options = {})
      -> std::invoke_result_t<Body&, connection&> {
    using value = typename std::invoke_result_t<Body&, connection&>::value_type;
    return parts::transact_on_lease<value>(loop(), acquire(), std::move(body), options);
  }

  /// Closes what nobody uses, now, and the rest when it is returned. Those who wait get `connection_error`. Idempotent.
  void close() noexcept;

  /// How many connections nobody uses, and how many callers wait for one.
  [[nodiscard]] std::size_t idle() const noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept;

 private:
  [[nodiscard]] interloop::loop& loop() const noexcept;

  std::shared_ptr<pool_state> state_;
};

}  // namespace interloop::postgres
