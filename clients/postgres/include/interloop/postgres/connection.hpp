// SPDX-License-Identifier: MIT
// A connection to a PostgreSQL server, on libpq. It names no event loop, so it runs on every loop that interloop runs on.
//
//     connection db = co_await connect(async, "host=/run/postgresql dbname=shop");
//     co_await db.query("INSERT INTO users (name) VALUES ($1)", name);
//     for (const row each : co_await db.query("SELECT id, name FROM users")) …
//
// Statements are pipelined: each is sent in the call, whether or not earlier ones were answered, and the answers come in
// the same order. Each is a transaction of its own, unless BEGIN was sent before, so one that fails does not affect the
// next.
#pragma once

#include <interloop/api.hpp>
#include <interloop/async_generator.hpp>
#include <interloop/channel.hpp>
#include <interloop/function.hpp>
#include <interloop/postgres/copy.hpp>
#include <interloop/postgres/error.hpp>
#include <interloop/postgres/notification.hpp>
#include <interloop/postgres/parameter.hpp>
#include <interloop/postgres/result.hpp>
#include <interloop/postgres/transaction.hpp>
#include <interloop/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop::postgres {

class session;  // what there is in common: the sources have it
class connection;

/// A connection's settings.
struct connection_options {
  /// How long connecting may take, over all hosts. Zero: no limit.
  duration connect_timeout = std::chrono::seconds(10);
  /// How long each statement may take, from its call to its answer, the time in line included. One that takes longer
  /// fails with `timeout_error` and is cancelled in the server. Zero: no limit. COPY has no limit of its own: use
  /// `with_timeout`.
  duration statement_timeout = std::chrono::seconds(60);
  /// Called in the loop's thread, in a turn of its own, with each notice of the server (`RAISE NOTICE`, warnings).
  /// Without it, notices are dropped.
  std::shared_ptr<function<void(const server_message& notice)>> on_notice{};
};

/// A statement that the server has parsed and planned: what `connection::prepare` gives. Copies refer to the same one;
/// the server forgets it when the last is gone. It belongs to the connection that made it.
/// Thread safety: the loop's thread only. May outlive the connection.
class statement {
 public:
  /// None.
  statement() noexcept = default;
  [[nodiscard]] explicit operator bool() const noexcept { return is_ != nullptr; }

 private:
  friend class connection;
  friend class session;
  struct contents;
  std::shared_ptr<const contents> is_;
};

/// Makes a connection, as libpq does.
///
/// Tries the hosts in turn. TLS, certificates, passwords, `target_session_attrs` and so on are given in `conninfo` or in
/// libpq's environment variables and files. Without `sslmode=verify-full` and `sslrootcert`, TLS does not say who the
/// server is; that is libpq's default.
///
/// Nothing blocks, with one exception: libpq looks up host names in the calling thread. Give `hostaddr=` (with `host=`
/// for the certificate's name) where a slow name server must not stop the loop; interloop's `dns` client finds addresses.
/// \param conninfo  `key=value` pairs or a `postgresql://` URI.
/// The future fails with `connection_error`, which says what libpq says about each host, or with `timeout_error`.
/// Cancelling ends the attempt. Dropping the future does not.
/// Errors, in the future: `usage_error` if `conninfo` cannot be parsed.
/// Thread safety: the loop's thread only.
[[nodiscard]] future<connection> connect(api async, std::string conninfo, connection_options options = {});

/// One session. Move-only.
///
/// May be closed or destroyed at any time: what is pending fails with `connection_error`. While it exists and is open, it
/// keeps a loop running that otherwise ends when idle. It must not be moved while a transaction of it is under way.
///
/// Cancelling a statement's future ends the wait at once, and cancels the statement in the server: if it is still in
/// line here, it is not sent; if it runs, the server is asked to cancel it, and what is called next waits until it has
/// ended, so that the request hits no other statement. Only if other statements are behind it in the pipeline already,
/// and it ends by itself in the moment when the request arrives, may it hit the next one, which then fails with SQLSTATE
/// 57014 and has had no effect. If anything is behind it, a request is therefore sent only for what has run for ten
/// milliseconds, and repeated only after a second; and, by servers up to version 17, over a session of its own
/// (`pg_cancel_backend`), since for libpq's `PQcancel` they send a second signal, which may come late. Requests block, so
/// they are sent in a thread of their own, one for each connection at most.
///
/// After the loop was closed, functions throw `loop_closed`.
/// Thread safety: the loop's thread only.
class connection {
 public:
  /// None; only to be assigned to.
  connection() noexcept = default;
  connection(connection&&) noexcept = default;
  connection& operator=(connection&& other) noexcept;
  /// As `close`.
  ~connection();

  /// Sends one statement; the future gets its rows. It is sent in this call if nothing has to be waited for, and the
  /// text and parameters are copied.
  ///
  /// \param text        one statement, with `$1` for the first parameter. `COPY` is refused: see `copy_in` and
  ///                    `copy_out`, and `script` for COPY from and to the server's files.
  /// \param parameters  see `parameter`; at most 65,535.
  /// The future fails with `server_error`, `connection_error`, `timeout_error`.
  /// Errors: `usage_error` for COPY, for a text that contains a NUL, and without a connection; `loop_closed`.
  template <class... Parameters>
  [[nodiscard]] future<result> query(std::string_view text, const Parameters&... parameters) {
    return send(text, std::array<parameter, sizeof...(Parameters)>{parameter(parameters)...});
  }
  /// The same for a number of parameters that is not known at compile time.
  [[nodiscard]] future<result> send(std::string_view text, std::span<const parameter> parameters);

  /// Has the server parse a statement that is going to be used often. Failures as for `query`.
  [[nodiscard]] future<statement> prepare(std::string_view text);
  /// Runs a prepared statement, as `query` does. Errors: `usage_error` if another connection prepared it, or none.
  template <class... Parameters>
  [[nodiscard]] future<result> execute(const statement& prepared, const Parameters&... parameters) {
    return send(prepared, std::array<parameter, sizeof...(Parameters)>{parameter(parameters)...});
  }
  [[nodiscard]] future<result> send(const statement& prepared, std::span<const parameter> parameters);

  /// Runs several statements without parameters, separated by `;`, as one transaction unless they say otherwise. Waits
  /// until everything before it was answered; what is called after it waits for it. One result for each statement.
  /// If one fails, so does the future; the server skips the rest.
  [[nodiscard]] future<std::vector<result>> script(std::string text);

  /// Runs `body(*this)`, a coroutine, between BEGIN and COMMIT, and gives what it gives. If it fails or is cancelled,
  /// ROLLBACK is sent and answered before the returned future fails; cancelling the future cancels the body.
  ///
  /// Everything that is sent on this connection meanwhile is part of the transaction: let nobody else use it, which a
  /// pool sees to.
  /// \param body  is kept until the end.
  /// Errors: `usage_error` if a transaction is under way here (use SAVEPOINT). The future fails with what the body throws;
  /// `rolled_back` if the body went on after a statement had failed; those of `query`. If COMMIT itself fails with
  /// `connection_error`, or was cancelled, only the server knows whether it has committed.
  template <class Body>
  [[nodiscard]] auto transaction(Body body, transaction_options options = {})
      -> std::invoke_result_t<Body&, connection&> {
    static_assert(is_future_v<std::invoke_result_t<Body&, connection&>>,
                  "interloop: the body of a transaction must return a future; make it a coroutine");
    using value = typename std::invoke_result_t<Body&, connection&>::value_type;
    auto scope = std::make_unique<transaction_scope>(*this);
    interloop::loop& core = scope->loop();
    return parts::transact<value>(core, *this, std::move(scope), std::move(body), options);
  }

  /// Starts `COPY … FROM STDIN`. Waits until everything before it was answered; what is called after this waits until
  /// the writer is finished or destroyed. Failures as for `query`.
  [[nodiscard]] future<copy_writer> copy_in(std::string text);

  /// The data of `COPY … TO STDOUT`: one string for each row, with its newline, in the format that the statement asks
  /// for. Nothing is sent before the first `next()`, which waits in line as `copy_in` does. The server is only read from
  /// when a row is asked for and none is here, so a slow reader slows the server down. Destroying the generator early
  /// cancels the COPY in the server.
  [[nodiscard]] async_generator<std::string> copy_out(std::string text);

  /// Listens on a channel of NOTIFY. Every subscription gets every notification that comes after this future was
  /// resolved, also those that this connection has sent. Failures as for `query`.
  /// \param channel  the name as it is; quoting it is done here.
  [[nodiscard]] future<subscription> listen(std::string channel);
  /// Sends a notification, when the transaction is committed if there is one.
  [[nodiscard]] future<void> notify(std::string channel, std::string payload = {});

  /// Ends the session; what is pending fails with `connection_error`. Idempotent.
  void close() noexcept;

  /// Whether statements can be sent: no loss of the connection is known.
  [[nodiscard]] bool connected() const noexcept;
  /// How many statements have no answer yet: those sent, including cancelled ones, and those in line here.
  [[nodiscard]] std::size_t in_flight() const noexcept;
  /// Whether the last answer was given inside a transaction.
  [[nodiscard]] bool in_transaction() const noexcept;
  /// The process that serves this session, as in `pg_stat_activity`. 0 without a connection.
  [[nodiscard]] int backend_pid() const noexcept;
  /// The server's value of a setting that it reports: `server_version`, `TimeZone`… Empty if it does not.
  [[nodiscard]] std::string setting(const std::string& name) const;
  /// Whether TLS is in use.
  [[nodiscard]] bool encrypted() const noexcept;

 private:
  friend future<connection> connect(api async, std::string conninfo, connection_options options);
  friend class transaction_scope;
  friend class pool_state;
  explicit connection(std::shared_ptr<session> made) noexcept : session_(std::move(made)) {}
  [[nodiscard]] session& open(const char* function) const;

  std::shared_ptr<session> session_;
};

}  // namespace interloop::postgres
