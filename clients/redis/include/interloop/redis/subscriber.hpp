// SPDX-License-Identifier: MIT
// Messages of Redis' channels (publish and subscribe).
//
//     redis::subscriber news(io, {.reconnect = redis::reconnect_options()});
//     co_await news.connect("127.0.0.1", 6379);
//     co_await news.subscribe("weather", "sports");
//     while (auto got = co_await news.next()) print(got->channel, got->payload);
#pragma once

#include <interloop/api.hpp>
#include <interloop/channel.hpp>
#include <interloop/redis/error.hpp>
#include <interloop/redis/options.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace interloop::redis {

class listener;

/// What somebody has published. A value.
struct message {
  std::string channel;
  std::string payload;
  /// By which pattern it was subscribed to; empty if by the channel's name.
  std::string pattern;
  /// Whether the connection was lost and made again since the message before: others may be missing in between.
  bool after_loss = false;
};

/// A connection that receives messages. It has one of its own, because Redis accepts no other commands on it.
///
/// Messages come in the order in which the server sent them; all those of one connection come. If they are not taken,
/// `client_options::message_capacity` of them wait, and then the subscriber stops reading, until the server has enough
/// of it and closes the connection. With `client_options::reconnect` it connects and subscribes again by itself when
/// the connection is lost; what is published meanwhile is missing: see `message::after_loss`.
/// May be closed and destroyed at any time. While connected, or about to be, it keeps a loop running that otherwise ends
/// when idle.
/// Thread safety: the loop's thread only; as `client`.
class subscriber {
 public:
  /// \param loop  where everything happens; by default the current loop.
  /// Errors: `usage_error` for options that cannot be; `std::bad_alloc`.
  explicit subscriber(api loop = with_config(), client_options options = {});
  subscriber(const subscriber&) = delete;
  subscriber& operator=(const subscriber&) = delete;
  ~subscriber();

  /// As `client::connect`. Called again after a final loss, it begins without subscriptions, and drops messages that
  /// were not taken.
  [[nodiscard]] future<void> connect(const std::string& host, int port);
  [[nodiscard]] future<void> connect_unix(const std::string& path);

  /// Asks for the messages of these channels, or of those whose names match these patterns. The future is completed
  /// when the server has confirmed that.
  ///
  /// While the connection is lost and about to be made again, it waits for that. Cancelling it changes nothing else:
  /// to undo it, unsubscribe.
  /// Fails with `error_reply` if the server refuses, with `connection_error` if the connection is lost for good.
  /// Errors: `usage_error` without a name, or before `connect`; `loop_closed`.
  template <class... Names>
  [[nodiscard]] future<void> subscribe(const Names&... names) {
    return subscribe_all(std::array<std::string_view, sizeof...(Names)>{std::string_view(names)...});
  }
  template <class... Names>
  [[nodiscard]] future<void> psubscribe(const Names&... patterns) {
    return psubscribe_all(std::array<std::string_view, sizeof...(Names)>{std::string_view(patterns)...});
  }
  /// The opposite, for names that were given to the function above. Messages that were received already still come.
  template <class... Names>
  [[nodiscard]] future<void> unsubscribe(const Names&... names) {
    return unsubscribe_all(std::array<std::string_view, sizeof...(Names)>{std::string_view(names)...});
  }
  template <class... Names>
  [[nodiscard]] future<void> punsubscribe(const Names&... patterns) {
    return punsubscribe_all(std::array<std::string_view, sizeof...(Names)>{std::string_view(patterns)...});
  }
  /// The same for a number of names that is not known at compile time.
  [[nodiscard]] future<void> subscribe_all(std::span<const std::string_view> names);
  [[nodiscard]] future<void> psubscribe_all(std::span<const std::string_view> patterns);
  [[nodiscard]] future<void> unsubscribe_all(std::span<const std::string_view> names);
  [[nodiscard]] future<void> punsubscribe_all(std::span<const std::string_view> patterns);

  /// `while (auto got = co_await news.next())`: the next message. Nothing, after `close` and when all were taken.
  /// Several may wait; each message goes to one. Errors: `connection_error` when the connection is lost for good, after
  /// the messages that came before; otherwise as `channel::next`.
  [[nodiscard]] receiving<message> next();

  /// Drops the connection, and makes no other; what is pending fails with `connection_error`, and `next` ends.
  void close() noexcept;

  /// Whether there is a connection, and no loss of it is known.
  [[nodiscard]] bool connected() const noexcept;

 private:
  std::shared_ptr<listener> listener_;
};

}  // namespace interloop::redis
