// SPDX-License-Identifier: MIT
// An asynchronous Redis client that uses hiredis. It names no event loop, so it runs on every loop that interloop runs
// on.
//
// Replies come in the order of the commands, so the commands in flight are one queue, and one timer checks all their
// time limits: a command costs only the future that it returns and hiredis' own work.
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

/// A client's settings.
struct client_options {
  /// How long a connection attempt, and each command from its call to its reply, may take. Zero: no limit.
  interloop::duration timeout = std::chrono::seconds(10);
};

/// One connection. Any number of commands may be in flight; all are sent in the order of the calls.
///
/// May be closed and destroyed at any time, even inside callbacks of its own futures: pending futures then fail with
/// `connection_error`. While connected, it keeps a loop running that otherwise ends when idle.
/// The process must ignore SIGPIPE, as with every use of hiredis, which writes to sockets that the server may have
/// closed.
/// Thread safety: the loop's thread only. The loop must outlive the client's use; once the loop is closed, the
/// functions throw `loop_closed`, but the client may still be destroyed.
class client {
 public:
  /// \param loop  where everything happens; by default the current loop.
  explicit client(interloop::api loop = interloop::with_config(), client_options options = {}) noexcept;
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client();

  /// Connects. Commands may be sent at once: they wait for the connection, and fail if it fails.
  ///
  /// Fails with `connection_error` if the server cannot be reached, with `timeout_error` if it takes too long.
  /// Cancelling ends the attempt. After a failure, a loss or `close`, it may be called again.
  /// \param host  a numeric address: looking up a name would block.
  /// Errors: `usage_error` if it is connected or connecting, or if `port` is not a port; `loop_closed`.
  [[nodiscard]] interloop::future<void> connect(const std::string& host, int port);

  /// Sends a command: texts or integers, the command's name first. The words are copied.
  ///
  /// The future gets the reply; it fails with `redis_error` if that is an error, with `connection_error` if the
  /// connection is lost before it comes, with `timeout_error` if it takes too long. In the last two cases, and after
  /// cancelling, the server may still run the command; the reply is dropped when it comes, and other commands are not
  /// affected.
  /// Errors: `usage_error` for an empty command, before the first `connect`, and for commands that do not have exactly
  /// one reply (`SUBSCRIBE` and similar, `MONITOR`); `loop_closed`.
  template <class... Words>
  [[nodiscard]] interloop::future<reply> command(const Words&... words) {
    return send(std::array<word, sizeof...(Words)>{word(words)...});
  }

  /// The same for a number of words that is not known at compile time.
  [[nodiscard]] interloop::future<reply> send(std::span<const word> words);

  /// Drops the connection; pending futures fail with `connection_error`. May be called repeatedly.
  void close() noexcept;

  /// Whether commands can be answered: connected, and no loss of the connection is known.
  [[nodiscard]] bool connected() const noexcept { return context_ && !connecting_; }

  /// The number of commands whose reply has not come yet, including those that were cancelled or timed out.
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
  std::size_t looked_at_ = 0;               // how many at the front of the queue are known to be completed
  interloop::timer deadline_;               // active if any command is in flight; otherwise for one time limit at most
  std::optional<interloop::failure> gone_;  // why there is no connection
};

}  // namespace redis
