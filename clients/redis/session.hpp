// SPDX-License-Identifier: MIT
// A client's commands: what waits for a reply, for a connection, or for too long.
//
// Time limits. All commands have the same one, so deadlines come in the order of the commands. The clock is read once
// for all commands that are sent together (a *batch*), and one timer waits for the oldest batch.
#pragma once

#include "line.hpp"

#include <interloop/redis/reply.hpp>
#include <interloop/redis/word.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace interloop::redis {

class session final : public line {
 public:
  session(api loop, client_options options) : line(loop, std::move(options)) {}

  /// See `client::send`.
  [[nodiscard]] future<reply> send_words(std::span<const word> words);
  /// Sends commands that are encoded already. The future gets an array of their replies, errors included; it does not
  /// fail with `error_reply`.
  [[nodiscard]] future<reply> send_together(std::string_view encoded, std::size_t replies);

  [[nodiscard]] std::size_t in_flight() const noexcept { return sent_.size() + waiting_.size(); }

 private:
  struct command {
    future<reply> answer;
    std::size_t replies;  // how many are expected
  };
  struct unsent {
    command what;
    std::string encoded;
    time_point deadline;
  };
  struct batch {
    std::uint64_t end;  // the number of the first command behind it
    time_point deadline;
  };

  void on_up() override;
  void on_reply(reply& got) override;
  void on_down(const failure&, const std::string& why) noexcept override;
  void on_flush() override;

  void put_in_line(command what, std::string encoded);
  [[nodiscard]] bool limited() const noexcept { return options().timeout > duration::zero(); }
  [[nodiscard]] time_point limit_from_now();
  void watch_deadlines(time_point first);
  void look_at_deadlines();
  void time_out(const future<reply>& answer);

  std::deque<command> sent_;      // in the order of their replies
  std::uint64_t sent_count_ = 0;  // ever
  std::vector<reply> together_;   // replies to the first one in the queue, if it expects several
  std::deque<unsent> waiting_;    // for a connection
  std::deque<batch> batches_;
  timer alarm_;  // active if a command waits; otherwise for one time limit at most
};

}  // namespace interloop::redis
