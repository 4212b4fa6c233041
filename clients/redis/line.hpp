// SPDX-License-Identifier: MIT
// A connection to one server that is made again when it is lost, as far as the options say so. What is said on it is
// decided by the classes that derive from this.
//
//     idle ──connect──► connecting ──► securing ──► greeting ──► up
//       ▲                   │  ▲           │            │         │
//       │                   ▼  └───timer─┐ ▼            ▼         ▼
//       └────────────── failed, or lost; resting, if it is to be made again
//
// User code never runs inside of these functions: they complete futures, whose callbacks run later.
#pragma once

#include "address.hpp"
#include "backoff.hpp"
#include "bytes.hpp"
#include "reader.hpp"
#include "stream.hpp"
#include "tls.hpp"

#include <interloop/api.hpp>
#include <interloop/redis/options.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interloop::redis {

/// Thread safety: the loop's thread only.
class line : public std::enable_shared_from_this<line> {
 public:
  line(const line&) = delete;
  line& operator=(const line&) = delete;

  /// See `client::connect`.
  [[nodiscard]] future<void> connect(address to);

  /// Ends everything: what is pending fails with `why`. Nothing is made again. May be called repeatedly.
  void close(std::string_view why) noexcept;

  [[nodiscard]] bool up() const noexcept { return state_ == state::up; }
  [[nodiscard]] const api& home() const noexcept { return loop_; }

 protected:
  line(api loop, client_options options);
  virtual ~line();

  /// Connected: what was appended to `out` is sent after this.
  virtual void on_up() = 0;
  /// A reply; it may be moved from. May call `fail`, and then must return.
  virtual void on_reply(reply& got) = 0;
  /// There is no connection: it was lost, or an attempt has failed.
  virtual void on_down(const std::string& why) noexcept = 0;
  /// Before that which was appended to `out` in this turn is sent. May be called while there is no connection.
  virtual void on_flush() {}

  /// Sends what is appended to `out`, and calls `on_flush`, behind the callbacks that are ready now, and so behind what
  /// they are going to append.
  void flush_soon() {
    if (!flush_queued_) queue_flush();
  }
  /// The connection cannot be used any more. \param for_good  it is not made again.
  void fail(const std::string& why, bool for_good = false);
  /// Whether to read from the server. After a pause, replies are delivered in a later turn.
  void pause_reading();
  void resume_reading();

  [[nodiscard]] api& loop() noexcept { return loop_; }
  [[nodiscard]] const client_options& options() const noexcept { return options_; }
  [[nodiscard]] bytes& out() noexcept { return out_; }
  /// The first attempt is under way, or the first ones.
  [[nodiscard]] bool connecting() const noexcept { return state_ != state::idle && !ever_up_; }
  /// There is a connection, or there will be.
  [[nodiscard]] bool active() const noexcept { return state_ != state::idle; }
  /// Why there is no connection: empty before the first attempt.
  [[nodiscard]] const std::string& gone() const noexcept { return gone_; }
  /// A message about this server.
  [[nodiscard]] std::string about(std::string_view what) const;

 private:
  enum class state : unsigned char { idle, connecting, securing, greeting, up, resting };

  void queue_flush();
  void flush();
  void begin() noexcept;
  void begin_or_throw();
  void on_ready(interest ready);
  void go_on(interest ready);
  void shake_hands();
  void greet();
  void on_greeting(const reply& got);
  void come_up();
  void receive();
  void deliver();
  void send();
  void set_interest();
  void down(const failure& why, const std::string& text, bool for_good) noexcept;
  void release() noexcept;
  void finish_connecting(const failure* failed) noexcept;
  [[nodiscard]] bool open() const noexcept { return state_ == state::greeting || state_ == state::up; }
  [[nodiscard]] std::string without_secrets(std::string text) const;

  api loop_;
  client_options options_;
  address to_;
  std::optional<tls_settings> tls_;
  std::optional<backoff> backoff_;

  state state_ = state::idle;
  bool ever_up_ = false;  // since `connect`
  bool flush_queued_ = false;
  bool paused_ = false;
  bool write_blocked_ = false;     // the socket did not take everything
  bool write_wants_read_ = false;  // so says TLS
  bool read_wants_write_ = false;
  interest wanted_ = interest::none;
  stream stream_;
  fd_watch watch_;
  bytes out_;
  std::optional<reader> reader_;
  std::vector<const char*> greetings_;  // the commands whose replies are to come
  std::size_t greeted_ = 0;

  future<void> connecting_;  // empty unless somebody waits for it
  timer deadline_;           // of an attempt
  timer next_attempt_;
  std::string gone_;
};

}  // namespace interloop::redis
