// SPDX-License-Identifier: MIT
// A connection to one server that is made again when it is lost, as far as the options say so. What is said on it is
// decided by the classes that derive from this.
//
//     idle ──connect──► looking_up ──► connecting ──► securing ──► greeting ──► up
//       ▲                   │  ▲           │             │            │         │
//       │                   ▼  └───timer─┐ ▼             ▼            ▼         ▼
//       └────────────── failed, or lost; resting, if it is to be made again
//
// Only names are looked up. Their addresses are tried in order: the next one if one refuses, or does not answer within
// its share of the time.
//
// User code never runs inside of these functions, unless a deriving class calls it.
#pragma once

#include "address.hpp"
#include "backoff.hpp"
#include "bytes.hpp"
#include "stream.hpp"
#include "tls.hpp"

#include <interloop/api.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interloop::streams {

struct connection_options {
  /// How messages begin: `redis`.
  std::string client{};
  /// How long one attempt may take, from the name to `come_up`. Zero: no limit.
  duration time_limit{};
  std::optional<tls_parameters> tls{};
  /// Whether to connect again, and for how long to wait.
  std::optional<pauses> again{};
  /// As `dns::resolver_options::servers`.
  std::string name_servers{};
  /// Over TCP: acknowledges at once what comes, if nothing is sent at once that does. For servers that do not set
  /// TCP_NODELAY: what they say next waits for the acknowledgement, which the kernel delays by 40 ms and more.
  bool acknowledge_at_once = false;
};

/// Made by `std::make_shared`: it keeps itself while it works. Thread safety: the loop's thread only.
class connection : public std::enable_shared_from_this<connection> {
 public:
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Completed by `come_up`, or when an attempt has failed and there is not to be another one. Cancelling it closes.
  /// Errors: `usage_error` if there is a connection, or one is being made; if a certificate is to be verified, and it is
  /// not said for whom.
  [[nodiscard]] future<void> connect(address to);

  /// Ends everything with the failure `make_failure(kind::lost, why)`. Nothing is made again. May be called repeatedly.
  void close(std::string_view why) noexcept;

  [[nodiscard]] bool up() const noexcept { return state_ == state::up; }
  [[nodiscard]] const api& home() const noexcept { return loop_; }

 protected:
  connection(api loop, connection_options options);
  virtual ~connection();

  enum class kind : unsigned char { lost, took_too_long };

  /// There is a connection, with TLS if it is to have that. What is appended to `out` is sent after this. Calls `come_up`
  /// now or later.
  virtual void on_connected() = 0;
  /// `come_up` was called: what was appended to `out` is sent after this.
  virtual void on_up() = 0;
  /// Bytes from the server. May call `fail`, and then must return.
  virtual void on_bytes(const char* data, std::size_t size) = 0;
  /// After `resume_reading`, in a later turn: deliver what was held back. Then reading goes on.
  virtual void on_resumed() {}
  /// All of `out` was sent; called only after `tell_when_sent`.
  virtual void on_sent() {}
  /// Before that which was appended to `out` in this turn is sent. May be called while there is no connection.
  virtual void on_flush() {}
  /// There is no connection: it was lost, or an attempt has failed. \param text  the message of `why`.
  virtual void on_down(const failure& why, const std::string& text) noexcept = 0;
  /// The failure of a connection. Does not throw, except for lack of memory.
  [[nodiscard]] virtual failure make_failure(kind what, const std::string& text) const = 0;

  /// Who greets has succeeded: there is a connection now.
  void come_up();
  /// Sends what is appended to `out`, and calls `on_flush`, behind the callbacks that are ready now, and so behind what
  /// they are going to append.
  void flush_soon() {
    if (!flush_queued_) queue_flush();
  }
  void tell_when_sent();
  /// Reads what has arrived. For one who is about to give the server up: after a time in which the thread was busy, some
  /// loops call timers before they look at descriptors.
  void look() noexcept;
  /// The connection cannot be used any more. \param for_good  it is not made again.
  void fail(const std::string& why, bool for_good = false);
  /// The same, with a failure of one's own.
  void fail(const failure& why, bool for_good);
  /// However the connection ends from now on, it ends for good, with this failure.
  void end_with(failure why) { instead_ = std::move(why); }
  /// Nothing more is written: the server sees the end of the stream.
  void finish_writing() noexcept { stream_.finish(); }
  /// Whether to read from the server. After a pause, `on_resumed` is called in a later turn.
  void pause_reading();
  void resume_reading();
  [[nodiscard]] bool paused() const noexcept { return paused_; }

  [[nodiscard]] api& loop() noexcept { return loop_; }
  [[nodiscard]] bytes& out() noexcept { return out_; }
  [[nodiscard]] const bytes& out() const noexcept { return out_; }
  /// The first attempt is under way, or the first ones.
  [[nodiscard]] bool connecting() const noexcept { return state_ != state::idle && !ever_up_; }
  /// There was a connection since `connect`.
  [[nodiscard]] bool ever_up() const noexcept { return ever_up_; }
  /// There is a connection, or there will be.
  [[nodiscard]] bool active() const noexcept { return state_ != state::idle; }
  /// Bytes can come and go: `on_connected` was called, and nothing was lost since.
  [[nodiscard]] bool open() const noexcept { return state_ == state::greeting || state_ == state::up; }
  /// Why there is no connection: empty before the first attempt.
  [[nodiscard]] const std::string& gone() const noexcept { return gone_; }
  /// A message about this server.
  [[nodiscard]] std::string about(std::string_view what) const;

 private:
  enum class state : unsigned char { idle, looking_up, connecting, securing, greeting, up, resting };

  void queue_flush();
  void flush();
  void begin() noexcept;
  void begin_or_throw();
  void look_name_up();
  void try_next_address(const std::string& problem);
  template <class Step>
  void guarded(Step step) noexcept;
  void go_on(interest ready);
  void shake_hands();
  void greet();
  void receive();
  void send();
  void set_interest();
  void down(const failure& why, const std::string& text, bool for_good) noexcept;
  void release() noexcept;
  void finish_connecting(const failure* failed) noexcept;

  api loop_;
  connection_options options_;
  address to_;
  std::optional<tls_settings> tls_;
  std::optional<backoff> backoff_;

  state state_ = state::idle;
  bool ever_up_ = false;  // since `connect`
  bool flush_queued_ = false;
  bool paused_ = false;
  bool tell_when_sent_ = false;
  bool write_blocked_ = false;     // the socket did not take everything
  bool write_wants_read_ = false;  // so says TLS
  bool read_wants_write_ = false;
  bool acknowledge_ = false;  // what was read was not acknowledged by something that was sent
  interest wanted_ = interest::none;
  stream stream_;
  fd_watch watch_;
  bytes out_;

  std::uint64_t attempt_ = 0;  // the number of this one
  future<std::vector<native_address>> lookup_;
  std::vector<native_address> addresses_;
  std::size_t next_address_ = 0;
  std::string refusals_;  // of this attempt's addresses

  future<void> connecting_;  // empty unless somebody waits for it
  timer deadline_;           // of an attempt
  timer share_;              // of one of its addresses
  timer next_attempt_;
  std::string gone_;
  std::optional<failure> instead_;
};

}  // namespace interloop::streams
