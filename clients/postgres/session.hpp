// SPDX-License-Identifier: MIT
// One session with a server: what a connection, its statements, subscriptions and COPYs have in common.
//
// Modes. A session connects first, and is then nearly always in libpq's pipeline mode: statements are sent at once, each
// with a sync of its own (without one, an insert may stay uncommitted behind a status that looks idle). What libpq cannot
// do in a pipeline (COPY FROM, several statements in one text) is *exclusive*: it has its turn when everything before it
// was answered, and what comes after it waits in line here. If the one who has the turn gives it up half-way, the session
// *drains*: it ends the COPY, or cancels it, and reads what is left.
//
// The socket. While connecting, libpq closes its socket and opens the next host's within one call, and usually gets the same
// number back, without telling anybody: so after each such call it is watched anew. Once there is a session, libpq keeps
// its socket until it gives up.
//
// Re-entrancy. User code never runs inside libpq, or inside the functions here: completing a future queues its callbacks.
// A session may be lost inside each call into libpq; then `lose` has been called before that function returns here.
#pragma once

#include <interloop/api.hpp>
#include <interloop/bridge.hpp>
#include <interloop/glue.hpp>
#include <interloop/postgres/connection.hpp>

#include <libpq-fe.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace interloop::postgres {

struct clear_result {
  void operator()(PGresult* owned) const noexcept { PQclear(owned); }
};
using result_ptr = std::unique_ptr<PGresult, clear_result>;

/// What the server said, in libpq's object.
[[nodiscard]] server_message fields_of(const PGresult* of);

/// The exclusive use of a session, given up by destroying it.
class exclusive_turn {
 public:
  exclusive_turn() noexcept = default;
  explicit exclusive_turn(std::shared_ptr<session> of) noexcept : of_(std::move(of)) {}
  exclusive_turn(exclusive_turn&&) noexcept = default;
  exclusive_turn& operator=(exclusive_turn&& other) noexcept {
    exclusive_turn old(std::move(*this));
    of_ = std::move(other.of_);
    return *this;
  }
  ~exclusive_turn();

  [[nodiscard]] session& operator*() const noexcept { return *of_; }
  [[nodiscard]] session* operator->() const noexcept { return of_.get(); }

 private:
  std::shared_ptr<session> of_;
};

struct statement::contents {
  contents(std::weak_ptr<session> with, std::string number, std::string what) noexcept
      : of(std::move(with)), name(std::move(number)), text(std::move(what)) {}
  contents(const contents&) = delete;
  contents& operator=(const contents&) = delete;
  ~contents();

  std::weak_ptr<session> of;
  std::string name;  // in the server
  std::string text;
};

class session : public std::enable_shared_from_this<session> {
 public:
  session(api async, connection_options options);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  [[nodiscard]] const api& async() const noexcept { return async_; }

  [[nodiscard]] duration statement_timeout() const noexcept { return options_.statement_timeout; }

  /// Once.
  [[nodiscard]] future<void> connect(const std::string& conninfo);
  void close(std::string_view why) noexcept;
  [[nodiscard]] bool open() const noexcept {
    return mode_ != mode::fresh && mode_ != mode::connecting && mode_ != mode::lost;
  }
  /// Throws why the session is not open, if it is not.
  void require_open() const;
  /// Whether it is open, after a look at what has arrived: a session that the server has ended looks well until then.
  [[nodiscard]] bool look() noexcept;

  // ---- Statements ----
  enum class kind : unsigned char { query, prepare, prepared };
  /// \param name  of the prepared statement, if it is one.
  [[nodiscard]] future<result> send(kind what, std::string text, std::span<const parameter> parameters,
                                    std::string name = {});
  /// The same for what nobody waits for: a failure is not reported. Never throws.
  void send_quietly(std::string text) noexcept;
  [[nodiscard]] std::string new_statement_name() { return "interloop_" + std::to_string(++statements_); }

  // ---- The exclusive turn ----
  [[nodiscard]] future<exclusive_turn> turn();
  void end_turn() noexcept;
  /// Sends a text that may have several statements.
  void send_simple(const std::string& text);
  /// Resolved when the socket was ready, and libpq has been told. One at a time.
  [[nodiscard]] future<void> activity();
  /// Whether `PQgetResult` would have to wait.
  [[nodiscard]] bool busy();
  [[nodiscard]] result_ptr next_result() { return result_ptr(PQgetResult(pq_)); }
  /// As PQgetCopyData: 1 with a row, 0: wait for `activity`, -1: the end.
  [[nodiscard]] int next_row(std::string& to);
  void put(std::string_view data);
  void end_put();
  /// Whether everything was handed to the system; tries to do so.
  [[nodiscard]] bool flushed();

  // ---- Listening ----
  [[nodiscard]] subscription subscribe(const std::string& name);
  void unsubscribe(const std::string& name) noexcept;
  [[nodiscard]] std::string quoted(std::string_view identifier) const;

  // ---- What it is ----
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size() + waiting_.size(); }
  [[nodiscard]] bool in_transaction() const noexcept;
  [[nodiscard]] bool idle() const noexcept { return mode_ == mode::pipeline && in_flight_.empty() && waiting_.empty(); }
  [[nodiscard]] PGconn* native() const noexcept { return pq_; }
  [[nodiscard]] bool listening() const noexcept { return !subscriptions_.empty(); }
  /// Cancels everything that was called and has no answer.
  void cancel_all();

  bool transaction_open = false;  // for transaction_scope

 private:
  enum class mode : unsigned char { fresh, connecting, pipeline, exclusive, draining, lost };

  struct request {
    std::uint64_t id = 0;
    kind what = kind::query;
    bool unwanted = false;  // nobody waits for the answer: it was cancelled, or took too long
    promise<result> answer{};
    time_point deadline = (time_point::max)();
    std::string text{};
    std::string name{};                            // of a prepared statement
    std::optional<std::vector<parameter>> kept{};  // while it waits in line
    result_ptr got{};
    result_ptr error{};
    // Instead of all that: who waits for the exclusive turn.
    std::optional<promise<exclusive_turn>> turn{};
  };

  struct hooks;

  void step();
  void established();
  void on_ready(interest ready) noexcept;
  [[nodiscard]] bool consume();
  void harvest();
  void take(result_ptr got);
  void finish_front();
  void announce();
  void go_on();
  void settle_soon();
  void settle() noexcept;
  void pump();
  void transmit(request& what, std::span<const parameter> parameters);
  void begin_turn();
  void drain() noexcept;
  [[nodiscard]] bool drained();
  void watch_anew(interest wanted);
  void update_interest();
  /// Notices that libpq has given the connection up.
  [[nodiscard]] bool check_alive() noexcept;

  void on_cancel(std::uint64_t id);
  void unwanted(request& sent);
  /// Whether nothing may be sent, because a request to cancel might hit it.
  [[nodiscard]] bool held_back() const noexcept;
  void consider_cancel();
  void ask_to_cancel(std::uint64_t id);
  void cancel_was_sent(bool taken);
  void cancel_soon();

  void watch_deadlines(time_point first);
  void look_at_deadlines();
  void expire(request& late);

  void lose(const failure& why) noexcept;
  void lose_by_libpq() noexcept;
  [[nodiscard]] failure lost(std::string_view what, std::string_view sqlstate = {}) const;
  [[nodiscard]] std::string error_text() const;
  void on_notice(const PGresult* notice) noexcept;

  api async_;
  connection_options options_;
  PGconn* pq_ = nullptr;
  pid_t process_ = 0;  // that connected
  mode mode_ = mode::fresh;
  glue glue_;
  int socket_ = -1;  // as the glue knows it
  interest wanted_ = interest::none;
  std::string address_;   // for errors
  std::string password_;  // not to appear in errors
  promise<void> connecting_;
  timer connect_deadline_;
  std::optional<failure> gone_;         // why there is no connection
  std::optional<server_message> last_;  // what the server said before it ended the session

  std::uint64_t last_id_ = 0;
  std::deque<request> in_flight_;  // sent, in this order
  std::deque<request> waiting_;    // called later, not sent yet
  std::size_t unwanted_ = 0;       // how many of in_flight_ are
  bool settle_queued_ = false;
  bool unflushed_ = false;  // libpq has data that the socket did not take
  bool layered_ = false;    // TLS or GSSAPI: data may wait above the socket
  timer deadline_;

  bool cancelling_ = false;       // a request to cancel is under way
  bool cancel_taken_ = false;     // the server has got the last one
  std::uint64_t cancel_for_ = 0;  // the statement that a request was last sent for; 0: none yet
  std::uint64_t cancel_due_ = 0;  // the statement that was waited for long enough; 0: none
  duration cancel_patience_{};    // until the next one
  timer cancel_timer_;

  promise<void> activity_;

  std::vector<std::pair<std::string, std::weak_ptr<channel<notification>>>> subscriptions_;
  std::uint64_t statements_ = 0;
};

}  // namespace interloop::postgres
