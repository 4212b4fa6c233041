// SPDX-License-Identifier: MIT
// An asynchronous Redis client. It names no event loop, so it runs on every loop that interloop runs on. Replies are
// parsed by hiredis; messages of channels need a `subscriber`.
//
// Replies come in the order of the commands, so the commands in flight are one queue, and one timer checks all their
// time limits: a command costs its bytes in one buffer, and the future that it returns.
#pragma once

#include <interloop/api.hpp>
#include <interloop/redis/error.hpp>
#include <interloop/redis/options.hpp>
#include <interloop/redis/reply.hpp>
#include <interloop/redis/transaction.hpp>
#include <interloop/redis/word.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace interloop::redis {

class session;

/// One connection. Any number of commands may be in flight; all are sent in the order of the calls.
///
/// May be closed and destroyed at any time, even inside callbacks of its own futures: pending futures then fail with
/// `connection_error`. While connected, or about to be, it keeps a loop running that otherwise ends when idle.
///
/// When the connection is lost, the commands in flight fail with `connection_lost`; they are never sent again, because
/// nobody knows whether the server has run them. With `client_options::reconnect` the client connects again by itself.
/// Until then, commands fail at once with `connection_error`, or wait: see `client_options::wait_while_down`.
/// Thread safety: the loop's thread only. The loop must outlive the client's use; once the loop is closed, the
/// functions throw `loop_closed`, but the client may still be destroyed.
class client {
 public:
  /// \param loop  where everything happens; by default the current loop.
  /// Errors: `usage_error` for options that cannot be; `std::bad_alloc`.
  explicit client(api loop = with_config(), client_options options = {});
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client();

  /// Connects. Commands may be sent at once: they wait for the connection, and fail if it fails.
  ///
  /// Fails with `connection_error` if the server cannot be reached, or refuses the user or the TLS certificate; with
  /// `timeout_error` if that takes too long. With `client_options::reconnect`, it goes on trying instead until it is
  /// connected or refused. Cancelling ends the attempt. After a failure, a loss or `close`, it may be called again.
  /// \param host  a numeric address, or a name, whose addresses are tried in order; `localhost` is 127.0.0.1. Names need the
  ///              component dns: without it, they are refused with a `connection_error`.
  /// Errors: `usage_error` if it is connected or connecting, or if `port` is not a port; `loop_closed`.
  [[nodiscard]] future<void> connect(const std::string& host, int port);
  /// The same by a Unix socket. Errors: `usage_error` also for a path that is empty or too long for a socket.
  [[nodiscard]] future<void> connect_unix(const std::string& path);

  /// Sends a command: texts or numbers, the command's name first. The words are copied.
  ///
  /// The future gets the reply; it fails with `error_reply` if that is an error, with `connection_lost` if the
  /// connection is lost before it comes, with `connection_error` if there is none, with `timeout_error` if it takes too
  /// long. After a timeout, and after cancelling, the server may still run the command, unless it still waits for the
  /// connection; the reply is dropped when it comes, and other commands are not affected.
  /// Errors: `usage_error` for an empty command, before the first `connect`, and for commands that do not have exactly
  /// one reply (`SUBSCRIBE` and similar, `MONITOR`); `loop_closed`.
  template <class... Words>
  [[nodiscard]] future<reply> command(const Words&... words) {
    return send(std::array<word, sizeof...(Words)>{word(words)...});
  }

  /// The same for a number of words that is not known at compile time.
  [[nodiscard]] future<reply> send(std::span<const word> words);

  /// Sends `MULTI`, the commands, and `EXEC`: all are run without other clients' commands in between, or none is.
  ///
  /// The outcome says whether they were: they are not if a key changed since it was named by `WATCH`. `WATCH` belongs to
  /// the connection, so code that uses it needs a client of its own. Fails with `error_reply` if the server refused a
  /// command before running any; the message says which. A command that fails while it is run does not undo the
  /// others; its own result throws. Otherwise as `command`.
  [[nodiscard]] future<transaction_outcome> exec(const transaction& commands);

  /// Drops the connection, and makes no other; pending futures fail with `connection_error`. May be called repeatedly.
  void close() noexcept;

  /// Whether commands can be answered: connected, and no loss of the connection is known.
  [[nodiscard]] bool connected() const noexcept;

  /// The number of commands whose reply has not come yet, including those that were cancelled or timed out, and those
  /// that wait for a connection. A transaction counts as one.
  [[nodiscard]] std::size_t in_flight() const noexcept;

 private:
  std::shared_ptr<session> session_;
};

}  // namespace interloop::redis
