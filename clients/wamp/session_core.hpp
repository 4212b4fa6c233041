// SPDX-License-Identifier: MIT
// One session's state: what was asked of the router and not answered, what others may call, who hears which events.
//
//     joining ──WELCOME──► joined ──leave──► leaving ──GOODBYE, or too late──► closed
//        │                    │                                                   ▲
//        └── ABORT, deadline ─┴────── GOODBYE, ABORT, nonsense, lost ─────────────┘
//
// Life. `session::owner` counts the users' handles; its end ends the session. Everything else that needs the core (handles
// of registrations, cancellers, procedures that run) counts references to its memory only. An internal future observes the
// loop: when that closes, the session ends, so that handlers which capture a session do not keep it.
//
// The router is not trusted to answer. A call that is cancelled or that takes too long is settled here, at once; an answer
// that comes for a request that was made but is not pending is dropped. An answer to a request that was never made is an
// error of the protocol.
//
// session_core.cpp has the session's beginning and end, core_calls.cpp calls and publications, core_procedures.cpp
// invocations, core_topics.cpp events.
#pragma once

#include "authenticate.hpp"
#include "message.hpp"
#include "transport.hpp"

#include <interloop/api.hpp>
#include <interloop/bridge.hpp>
#include <interloop/wamp/session.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace interloop::wamp {

/// What waits for an answer, besides a call.
struct request {
  request() = default;
  request(const request&) = delete;
  request& operator=(const request&) = delete;
  virtual ~request() = default;
  virtual void done(const message& got) { static_cast<void>(got); }
  virtual void failed(const failure& why) { static_cast<void>(why); }
};

/// Thread safety: the loop's thread only.
class session_core final : public detail::core_link, private transport_listener {
 public:
  /// A session that is about to join; `hello` begins. The caller has one reference.
  session_core(api async, std::unique_ptr<transport> over, session_options options);
  ~session_core() override;

  /// Sends HELLO. The future is completed by WELCOME.
  [[nodiscard]] future<void> hello();

  // See `session`.
  [[nodiscard]] const join_details& details() const noexcept { return details_; }
  [[nodiscard]] bool joined() const noexcept { return state_ == state::joined; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return pending_.size() - cancelled_; }
  [[nodiscard]] std::size_t unsent() const noexcept { return transport_ ? transport_->unsent() : 0; }
  [[nodiscard]] future<leave_details> leave(std::string reason, std::string message);
  [[nodiscard]] future<leave_details> left();
  /// Ends it at once, without GOODBYE.
  void abandon() noexcept;

  [[nodiscard]] future<registration> enroll(const detail::uri_here& procedure,
                                            std::shared_ptr<detail::procedure> callable,
                                            const register_options& options);
  [[nodiscard]] bool registered(std::uint64_t id) const noexcept;
  [[nodiscard]] future<void> unregister(std::uint64_t id);
  [[nodiscard]] future<subscription> subscribe(const detail::uri_here& topic,
                                               std::shared_ptr<detail::event_handler> handler,
                                               const subscribe_options& options);
  [[nodiscard]] bool subscribed(std::uint64_t id, std::uint64_t handler) const noexcept;
  [[nodiscard]] future<void> unsubscribe(std::uint64_t id, std::uint64_t handler);

  // Of core_link.
  writer& begin_call(const call_options* options, std::string_view procedure, std::size_t arguments) override;
  std::uint64_t call_id() const noexcept override { return last_id_ + 1; }
  void end_call(const call_options* options, detail::reply_slot& slot) override;
  void cancel_call(std::uint64_t id) noexcept override;
  writer& begin_publish(const publish_options* options, std::string_view topic, std::size_t arguments,
                        bool acknowledge) override;
  void end_publish(const publish_options* options) override;
  future<std::uint64_t> end_publish_acknowledged(const publish_options* options, std::source_location where) override;
  writer* begin_yield(std::uint64_t invocation, bool progress, std::size_t arguments, bool keywords) override;
  void end_yield() override;
  void answer_error(std::uint64_t invocation, const failure& why) noexcept override;
  void set_running(std::uint64_t invocation, observation running) override;

 private:
  enum class state : unsigned char { joining, joined, leaving, closed };

  /// What a call has besides its future.
  struct call_extra {
    timer limit;
    std::shared_ptr<function<void(const detail::payload&)>> progress;
    cancel_mode cancel = cancel_mode::killnowait;
  };
  struct pending {
    message_type type;
    bool cancelled = false;
    detail::reply_slot slot;            // of a call
    std::unique_ptr<call_extra> extra;  // of a call, if it needs one
    std::unique_ptr<request> other;     // of anything else
  };
  struct procedure_entry {
    std::shared_ptr<detail::procedure> callable;  // null: nobody wants it any more
    std::shared_ptr<function<void(const std::string&)>> ended;
    bool ending = false;
  };
  struct running_call {
    observation of;
    timer limit;
  };
  struct hearer {
    std::uint64_t number;
    std::shared_ptr<detail::event_handler> handler;
  };
  struct topic_entry {
    std::string key;  // see `subscribing_`
    std::vector<hearer> hearers;
    bool ending = false;
  };
  struct register_request;
  struct unregister_request;
  struct subscribe_request;
  struct unsubscribe_request;
  struct publish_request;

  void on_message(std::string_view bytes) override;
  void on_gone(const failure& why) noexcept override;

  void watch_loop();
  void handle(const message& got);
  void handle_joining(const message& got);
  void handle_joined(const message& got);
  void on_welcome(const message& got);
  void on_challenge(const message& got);
  void authenticate(const dict& challenge, std::string_view key);
  void refuse_challenge(const failure& why) noexcept;
  void stop_deriving() noexcept;
  void on_answer(const message& got, std::uint64_t id, message_type request);
  void on_result(const message& got);
  void on_error(const message& got);
  void on_revoked(const message& got);
  void on_invocation(const message& got);
  void on_interrupt(const message& got);
  void on_event(const message& got);
  [[nodiscard]] std::unordered_map<std::uint64_t, pending>::iterator find_pending(const message& got, std::uint64_t id,
                                                                                  message_type request);
  void forget(std::unordered_map<std::uint64_t, pending>::iterator which) noexcept;

  /// Starts a message of that many parts.
  void begin(message_type type, std::size_t parts);
  void end();  // and sends it
  /// A request, whose id follows.
  std::uint64_t next_id() noexcept { return ++last_id_; }
  void begin_arguments(std::size_t count, const dict* kwargs);
  void end_arguments(const dict* kwargs);
  /// Sends what was written, and waits for the answer. Errors: what sending throws; nothing is pending then.
  void await_answer(message_type type, std::uint64_t id, std::unique_ptr<request> what);
  /// A request that only names an id of the router's; errors as above.
  void send_about(message_type type, std::uint64_t id, std::unique_ptr<request> what);
  void call_too_late(std::uint64_t id, duration limit);
  void send_cancel(std::uint64_t id, cancel_mode mode);
  void send_unregister(std::uint64_t id, std::unique_ptr<request> what);
  void send_unsubscribe(std::uint64_t id, topic_entry& entry, std::unique_ptr<request> what);
  void tidy_topic(const std::string& key);
  void subscribing_ended(const std::string& key);

  /// For arguments that cannot be read. \param what  whose they are.
  [[nodiscard]] static std::string unreadable_text(const char* what, const message& got);
  [[nodiscard]] failure none() const;  // of an operation without a session
  void violate(const failure& why) noexcept;
  void lose(const failure& why, std::string_view reason) noexcept;
  void say_abort(const char* reason, const failure& why) noexcept;
  void drop_work(const failure& why) noexcept;
  void finish(leave_details how, bool linger) noexcept;
  void drop_transport() noexcept;

  api async_;
  std::unique_ptr<transport> transport_;
  serializer format_;
  session_options options_;
  std::vector<std::unique_ptr<authenticator>> authenticators_;
  authenticator* chosen_ = nullptr;
  future<std::string> deriving_;  // its key
  writer out_;
  state state_ = state::joining;
  bool in_message_ = false;  // the transport is calling
  bool lingers_ = false;     // closed; waits for on_gone, with a reference to itself
  bool open_arguments_ = false;
  bool open_keywords_ = false;

  promise<void> joining_;
  promise<void> alive_;  // pending until the session has ended
  timer deadline_;
  join_details details_;
  leave_details left_;
  std::vector<promise<leave_details>> leavers_;

  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, pending> pending_;
  std::size_t cancelled_ = 0;  // of them
  std::unordered_map<std::uint64_t, procedure_entry> procedures_;
  std::unordered_map<std::uint64_t, running_call> running_;
  std::uint64_t current_ = 0;  // the invocation whose procedure is being called
  std::uint64_t yielding_ = 0;
  bool yielding_progress_ = false;
  duration current_limit_{};  // of `current_`; zero: none
  std::unordered_map<std::uint64_t, topic_entry> topics_;
  std::unordered_map<std::string, int> subscribing_;  // topics that are being subscribed to, with how they match
  std::uint64_t last_hearer_ = 0;
};

/// What users' handles share.
struct session::owner {
  owner(api async, std::unique_ptr<transport> over, session_options options)
      : core(new session_core(async, std::move(over), std::move(options))) {}
  owner(const owner&) = delete;
  owner& operator=(const owner&) = delete;
  ~owner() {
    core->abandon();
    core->release();
  }
  session_core* core;
};

/// What a component does with handlers that it keeps.
struct session_access {
  static future<registration> enroll(const session& to, const std::string& name,
                                     const std::shared_ptr<detail::procedure>& callable,
                                     const register_options& options) {
    return to.do_register(name, callable, options);
  }
  static future<subscription> subscribe(const session& to, const std::string& topic,
                                        const std::shared_ptr<detail::event_handler>& handler,
                                        const subscribe_options& options) {
    return to.do_subscribe(topic, handler, options);
  }
};

/// Joins by a transport that is open.
[[nodiscard]] future<session> join_by(api async, std::unique_ptr<transport> over, session_options options);

}  // namespace interloop::wamp
