// SPDX-License-Identifier: MIT
// A subscriber's connection: what it is subscribed to, what waits for the server's confirmation, and messages that
// nobody has taken yet.
#pragma once

#include "line.hpp"

#include <interloop/channel.hpp>
#include <interloop/redis/subscriber.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace interloop::redis {

class listener final : public line {
 public:
  listener(api loop, client_options options);

  [[nodiscard]] future<void> start(address to);
  /// \param by_pattern  whether the names are patterns.
  [[nodiscard]] future<void> subscribe(bool by_pattern, std::span<const std::string_view> names);
  [[nodiscard]] future<void> unsubscribe(bool by_pattern, std::span<const std::string_view> names);
  [[nodiscard]] receiving<message> next() { return messages_->next(); }
  void end(std::string_view why) noexcept;

 private:
  /// A command whose confirmations, one for each name, are to come.
  struct request {
    bool adds;
    bool by_pattern;
    bool again;  // after the connection was made anew
    std::vector<std::string> names;
    std::size_t left;
    std::vector<future<void>> done;
  };

  void on_up() override;
  void on_reply(reply& got) override;
  void on_down(const failure&, const std::string& why) noexcept override;

  void ask(request what);
  void on_confirmed();
  void on_refused(const reply& why);
  void hand_over(message got);
  [[nodiscard]] std::set<std::string>& names(bool by_pattern) { return by_pattern ? patterns_ : channels_; }

  std::set<std::string> channels_;
  std::set<std::string> patterns_;
  std::deque<request> requests_;            // in the order of their confirmations
  std::vector<future<void>> resubscribed_;  // completed when the next connection has everything
  bool was_up_ = false;
  bool lossy_ = false;   // the connection was made anew since the last message
  bool ending_ = false;  // by `end`
  std::unique_ptr<channel<message>> messages_;
};

}  // namespace interloop::redis
