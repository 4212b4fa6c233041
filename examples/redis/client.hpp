// SPDX-License-Identifier: MIT
// An asynchronous Redis client over hiredis. It names no event loop: it runs on whichever interloop runs on.
//
// Replies come in the order of the commands, so the commands in flight are one queue, and one timer looks after all their
// time limits: a command costs the future that it returns, and hiredis' own work.
#pragma once

#include "error.hpp"
#include "reply.hpp"
#include "word.hpp"

#include <interloop/api.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct redisAsyncContext;

namespace redis {

/// What a client is made with.
struct client_options {
  /// How long a connection attempt, and each command from its call to its reply, may take. Zero: for ever.
  interloop::duration timeout = std::chrono::seconds(10);
};

/// One connection. Any number of commands may be in flight; all are sent in the order of the calls.
///
/// May be closed and destroyed at any time, also inside callbacks of its own futures: what is pending then fails with
/// `connection_error`. While connected it keeps a loop that ends when idle running.
/// The process has to ignore SIGPIPE, as with every use of hiredis: it writes to sockets that the server may have closed.
/// Thread safety: the loop's thread only. The loop must outlive the client's use; once that is closed, the functions throw
/// `loop_closed`, and destroying the client is still allowed.
class client {
 public:
  /// \param loop  where everything happens; by default the current loop.
  explicit client(interloop::api loop = interloop::with_config(), client_options options = {}) noexcept;
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client();

  /// Connects. Commands may be sent at once: they wait for the connection, and fail with it.
  ///
  /// Fails with `connection_error` if the server cannot be reached, `timeout_error` if it takes too long. Cancelling gives
  /// the attempt up. After a failure, a loss or `close` it may be called again.
  /// \param host  a numeric address: a name would be looked up in a blocking way.
  /// Errors: `usage_error` if it is connected or connecting, or the port is not one; `loop_closed`.
  [[nodiscard]] interloop::future<void> connect(const std::string& host, int port);

  /// Sends a command: texts or integers, the command's name first. The words are copied.
  ///
  /// The future gets the reply; it fails with `redis_error` if that is an error, with `connection_error` if the connection
  /// goes before it came, with `timeout_error` if it takes too long. After that, and after cancelling, the server may run
  /// the command all the same; the reply is dropped when it comes, and the other commands are not affected.
  /// Errors: `usage_error` for an empty command, before the first `connect`, and for commands which have not exactly one
  /// reply (`SUBSCRIBE` and its kin, `MONITOR`); `loop_closed`.
  template <class... Words>
  [[nodiscard]] interloop::future<reply> command(const Words&... words) {
    return send(std::array<word, sizeof...(Words)>{word(words)...});
  }

  /// The same for a number of words that is not known at compile time.
  [[nodiscard]] interloop::future<reply> send(std::span<const word> words);

  /// Drops the connection; what is pending fails with `connection_error`. Idempotent.
  void close() noexcept;

  /// Whether commands can be answered: connected, and not lost as far as is known.
  [[nodiscard]] bool connected() const noexcept { return context_ && !connecting_; }

  /// Commands whose reply has not come yet, also those that were cancelled or timed out.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }

 private:
  struct hooks;  // hiredis' callbacks
  struct pending_command {
    interloop::future<reply> answer;
    interloop::time_point deadline;
  };

  void on_connect(bool connected) noexcept;
  void on_reply(void* native) noexcept;
  void on_gone() noexcept;

  void drop(const interloop::failure& why) noexcept;
  void finish_connecting(const interloop::failure* failed) noexcept;
  void watch_deadlines(interloop::time_point first);
  void look_at_deadlines();
  [[nodiscard]] interloop::failure lost(std::string_view what) const;

  interloop::api loop_;
  client_options options_;
  std::string address_;
  redisAsyncContext* context_ = nullptr;
  interloop::future<void> connecting_;  // empty unless a connection attempt is under way
  interloop::timer connect_deadline_;
  std::deque<pending_command> in_flight_;
  std::size_t looked_at_ = 0;  // so many at the front of the queue are known to be completed
  interloop::timer deadline_;  // active if any command is in flight, and at most once a time limit otherwise
  std::optional<interloop::failure> gone_;  // why there is no connection
};

}  // namespace redis
