// SPDX-License-Identifier: MIT
// Commands that the server runs together, and what came of them.
//
//     redis::transaction both;
//     const auto left = both.command<long long>("DECRBY", "stock", 1);
//     const auto sold = both.command<long long>("INCR", "sold");
//     const redis::transaction_outcome outcome = co_await client.exec(both);
//     if (outcome.committed()) use(outcome[left], outcome[sold]);
#pragma once

#include <interloop/redis/reply.hpp>
#include <interloop/redis/word.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace interloop::redis {

/// Which reply of a transaction belongs to a command, and as what type it is read: see `reply::as`.
template <class T>
class queued {
 public:
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

 private:
  friend class transaction;
  explicit queued(std::size_t position) noexcept : position_(position) {}
  std::size_t position_;
};

/// A list of commands, to be run by `client::exec`, any number of times. A value; nothing is sent before.
///
/// Thread safety: like a `std::string`.
class transaction {
 public:
  /// Appends a command. The words are copied. Errors: as `client::command`, except for the connection; `usage_error`
  /// also for `MULTI`, `EXEC`, `DISCARD` and `WATCH`.
  template <class T = reply, class... Words>
  queued<T> command(const Words&... words) {
    add(std::array<word, sizeof...(Words)>{word(words)...});
    return queued<T>(size_ - 1);
  }
  /// The same for a number of words that is not known at compile time.
  queued<reply> send(std::span<const word> words) {
    add(words);
    return queued<reply>(size_ - 1);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  friend class client;
  void add(std::span<const word> words);

  std::string encoded_;
  std::size_t size_ = 0;
};

/// What came of a transaction. A value.
class transaction_outcome {
 public:
  /// Whether the commands were run. If not, nothing was changed: a key that was watched had been changed by somebody
  /// else. The usual answer is to read it again and to try once more.
  [[nodiscard]] bool committed() const noexcept { return committed_; }

  /// The result of one command. Errors: `error_reply` if it failed; `usage_error` if the transaction was not committed,
  /// if the reply is not a `T`, or if the command is not of this transaction.
  template <class T>
  [[nodiscard]] T operator[](const queued<T>& which) const {
    return at(which.position()).template as<T>();
  }

  /// All replies, in the order of the commands; errors are among them. Empty if it was not committed.
  [[nodiscard]] const std::vector<reply>& replies() const noexcept { return replies_; }

 private:
  friend class client;
  transaction_outcome(bool committed, std::vector<reply> replies) noexcept
      : committed_(committed), replies_(std::move(replies)) {}
  [[nodiscard]] const reply& at(std::size_t position) const;

  bool committed_;
  std::vector<reply> replies_;
};

}  // namespace interloop::redis
