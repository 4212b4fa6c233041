// SPDX-License-Identifier: MIT
// A session with a WAMP router: calls, procedures, subscriptions, publications. It names no event loop, so it runs on
// every loop that interloop runs on.
//
//     wamp::session session = co_await wamp::join(io, "ws://127.0.0.1:8080/ws", "realm1");
//     const int sum = co_await session.call<int>("com.example.add", 2, 3);
//     co_await session.subscribe("com.example.news", [](const std::string& text) { print(text); });
//     session.publish("com.example.news", "it works");
#pragma once

#include <interloop/api.hpp>
#include <interloop/wamp/codec.hpp>
#include <interloop/wamp/detail/core_link.hpp>
#include <interloop/wamp/detail/handlers.hpp>
#include <interloop/wamp/details.hpp>
#include <interloop/wamp/error.hpp>
#include <interloop/wamp/invocation.hpp>
#include <interloop/wamp/operations.hpp>
#include <interloop/wamp/options.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace interloop::wamp {

/// A registered procedure. A handle; dropping it changes nothing. Thread safety: the loop's thread only.
class registration {
 public:
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const std::string& procedure() const noexcept { return procedure_; }
  /// Whether calls may come: false after `unregister`, if the router has ended it, and after the session.
  [[nodiscard]] bool active() const noexcept;
  /// Ends it. Calls that run already go on. Fails with `application_error` if the router refuses, with
  /// `connection_error` if there is no session. Nothing happens if it is not active.
  [[nodiscard]] future<void> unregister() const;

  /// Not for users.
  registration(detail::core_ptr core, std::uint64_t id, std::string procedure) noexcept
      : core_(std::move(core)), id_(id), procedure_(std::move(procedure)) {}

 private:
  detail::core_ptr core_;
  std::uint64_t id_;
  std::string procedure_;
};

/// One handler of a topic's events. A handle; dropping it changes nothing. Thread safety: the loop's thread only.
class subscription {
 public:
  /// The router's: several handlers of the same topic share it.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  [[nodiscard]] bool active() const noexcept;
  /// Ends it: the handler is not called any more, at once. The router is told when a topic's last handler goes. Otherwise
  /// as `registration::unregister`.
  [[nodiscard]] future<void> unsubscribe() const;

  /// Not for users.
  subscription(detail::core_ptr core, std::uint64_t id, std::uint64_t handler, std::string topic) noexcept
      : core_(std::move(core)), id_(id), handler_(handler), topic_(std::move(topic)) {}

 private:
  detail::core_ptr core_;
  std::uint64_t id_;
  std::uint64_t handler_;
  std::string topic_;
};

/// A handle to a session, which is made by `join` or by a `component`; copies mean the same one. A session begins joined,
/// and ends once: by `leave`, by the router, with its connection, or when its last handle is destroyed. Calls and
/// requests that are pending then fail with `connection_lost`, procedures that run are cancelled, and all handlers are
/// destroyed. Functions called later fail with `connection_error`.
///
/// Handlers and procedures are called in turns of the loop, in the order of the messages; the callbacks of futures that
/// are completed by messages run later in the same turn, or in the next one. Handlers may do anything with the session.
/// What an event handler throws goes to the loop's exception handler. A handler that captures a session is destroyed with
/// the session's end, so such sessions must be left, or their loop closed.
///
/// While it is joined, it keeps a loop running that otherwise ends when idle.
/// Thread safety: the loop's thread only, except that an empty handle may be destroyed anywhere. Errors of all functions:
/// `usage_error` for an empty handle, `loop_closed`, `std::bad_alloc`.
class session {
 public:
  /// An empty handle.
  session() noexcept = default;
  explicit operator bool() const noexcept { return core_ != nullptr; }
  friend bool operator==(const session&, const session&) noexcept = default;

  [[nodiscard]] std::uint64_t id() const;
  /// What the router said in WELCOME. Valid while a handle exists.
  [[nodiscard]] const join_details& details() const;
  /// Whether it has not ended yet.
  [[nodiscard]] bool joined() const noexcept;
  /// How many calls and requests have neither been answered nor cancelled.
  [[nodiscard]] std::size_t in_flight() const noexcept;
  /// How many bytes wait to be sent. Slow down when that grows.
  [[nodiscard]] std::size_t unsent() const noexcept;

  // ---- Calling ----

  /// Calls a procedure with these arguments, of any types that have a codec (codec.hpp); `arguments` are several.
  ///
  /// `T` is the type of the one result; `void` drops results; `std::tuple` is for any number of results, as the codec of
  /// a tuple says; `result` has everything. `std::optional` and `value` may be null where there is no result.
  /// The future fails with `application_error` if the procedure or the router answers so, `value_error` if the result is
  /// not a `T`, `connection_lost`, `connection_error`, `timeout_error` (`call_options::timeout`). Cancelling it tells the
  /// router so (`call_options::on_cancel`), and a late result is dropped.
  /// Errors: `usage_error` if `procedure` is not a URI; `value_error` for an argument that cannot be written;
  /// `protocol_error` if the message is longer than the router accepts. Nothing is sent then.
  template <class T = value, class... Args>
  [[nodiscard]] future<T> call(detail::uri_here procedure, const Args&... args) const {
    return do_call<T>(nullptr, procedure, args...);
  }
  template <class T = value, class... Args>
  [[nodiscard]] future<T> call(const call_options& options, detail::uri_here procedure, const Args&... args) const {
    return do_call<T>(&options, procedure, args...);
  }

  // ---- Being called ----

  /// Registers a procedure: any callable whose parameters have codecs, `invocation` perhaps being the first and
  /// `arguments` the last one. Optional parameters at the end may be missing in a call. What it returns is the result: a
  /// value, nothing, a `std::tuple` of several, a `result`, or a future of these: it may be a coroutine, whose parameters
  /// are kept until it has ended. A call that is cancelled, and the end of the session, cancel its future.
  ///
  /// An `application_error` that it throws is answered as such; arguments that do not fit with
  /// `wamp.error.invalid_argument`; a cancellation with `wamp.error.canceled`; all others with
  /// `wamp.error.runtime_error` and their message.
  /// The future fails with `application_error` if the router refuses. Cancelling it ends the registration as soon as the
  /// router has confirmed it.
  /// Errors: `usage_error` if `procedure` is not a URI, or pattern, or begins with `wamp.`.
  template <class Procedure>
  [[nodiscard]] future<registration> register_(detail::uri_here procedure, Procedure&& callable,
                                               const register_options& options = {}) const {
    return do_register(procedure, detail::make_procedure(std::forward<Procedure>(callable)), options);
  }

  // ---- Publishing and subscribing ----

  /// Publishes an event without asking for an acknowledgement: what goes wrong at the router is not told.
  /// Errors: as `call`; `connection_error` if the session has ended.
  template <class... Args>
  void publish(detail::uri_here topic, const Args&... args) const {
    do_publish(nullptr, topic, args...);
  }
  template <class... Args>
  void publish(const publish_options& options, detail::uri_here topic, const Args&... args) const {
    do_publish(&options, topic, args...);
  }
  /// The same with an acknowledgement: a future of the publication's id, which fails as that of `call`.
  template <class... Args>
  [[nodiscard]] future<std::uint64_t> publish_acknowledged(detail::uri_here topic, const Args&... args) const {
    return do_publish_acknowledged(nullptr, topic, args...);
  }
  template <class... Args>
  [[nodiscard]] future<std::uint64_t> publish_acknowledged(const publish_options& options, detail::uri_here topic,
                                                           const Args&... args) const {
    return do_publish_acknowledged(&options, topic, args...);
  }

  /// Calls `handler` with each event of a topic: a callable as for `register_`, with `event` in the place of `invocation`.
  /// It may be a coroutine; the next event does not wait for it. Events that it does not take go to the loop's exception
  /// handler as `value_error`. Topics of the router itself (`wamp.session.on_join`…) are allowed.
  /// The future fails and is cancelled as that of `register_`.
  template <class Handler>
  [[nodiscard]] future<subscription> subscribe(detail::uri_here topic, Handler&& handler,
                                               const subscribe_options& options = {}) const {
    return do_subscribe(topic, detail::make_event_handler(std::forward<Handler>(handler)), options);
  }

  // ---- Testaments ----

  /// Asks the router to publish an event when this session ends: by `detached` without GOODBYE, or in any way. The options
  /// are those of `publish`. Source: Crossbar's and Autobahn's `wamp.session.add_testament`.
  template <class... Args>
  [[nodiscard]] future<void> add_testament(std::string topic, const Args&... args) const {
    return add_testament_on("destroyed", std::move(topic), list{to_value(args)...}, {}, {});
  }
  /// \param scope  `destroyed` or `detached`.
  [[nodiscard]] future<void> add_testament_on(std::string scope, std::string topic, list args, dict kwargs,
                                              dict options) const;
  /// Withdraws those of a scope; returns how many.
  [[nodiscard]] future<std::uint64_t> flush_testaments(std::string scope = "destroyed") const;

  // ---- The end ----

  /// Says GOODBYE, waits for the router's, `session_options::leave_timeout` at most, and closes the transport. Pending
  /// calls fail at once. Nothing happens if the session has ended already. Cancelling the future closes at once.
  [[nodiscard]] future<leave_details> leave(std::string reason = "wamp.close.normal", std::string message = {}) const;
  /// A future that is completed when the session has ended; each call returns a new one. Does not keep the session.
  [[nodiscard]] future<leave_details> left() const;

  /// Not for users.
  struct owner;
  explicit session(std::shared_ptr<owner> held) noexcept;

 private:
  friend struct session_access;

  [[nodiscard]] detail::core_link& link() const;
  [[nodiscard]] future<registration> do_register(const detail::uri_here& procedure,
                                                 std::shared_ptr<detail::procedure> callable,
                                                 const register_options& options) const;
  [[nodiscard]] future<subscription> do_subscribe(const detail::uri_here& topic,
                                                  std::shared_ptr<detail::event_handler> handler,
                                                  const subscribe_options& options) const;

  template <class T, class... Args>
  future<T> do_call(const call_options* options, const detail::uri_here& procedure, const Args&... args) const {
    detail::core_link& core = link();
    writer& out = core.begin_call(options, procedure.text(), detail::count(args...));
    (detail::write_argument(out, args), ...);
    promise<T> made(core.loop(), detail::call_canceller{detail::core_ptr(&core), core.call_id()}, procedure.where());
    future<T> answer = made.get_future();
    detail::reply_slot slot(made.release(), &detail::settle_call<T>);
    try {
      core.end_call(options, slot);
    } catch (...) {
      interloop::cancel(answer);  // nobody has it, and nobody is told
      throw;
    }
    return answer;
  }
  template <class... Args>
  detail::core_link& write_publish(const publish_options* options, const detail::uri_here& topic, bool acknowledge,
                                   const Args&... args) const {
    detail::core_link& core = link();
    writer& out = core.begin_publish(options, topic.text(), detail::count(args...), acknowledge);
    (detail::write_argument(out, args), ...);
    return core;
  }
  template <class... Args>
  void do_publish(const publish_options* options, const detail::uri_here& topic, const Args&... args) const {
    write_publish(options, topic, false, args...).end_publish(options);
  }
  template <class... Args>
  future<std::uint64_t> do_publish_acknowledged(const publish_options* options, const detail::uri_here& topic,
                                                const Args&... args) const {
    return write_publish(options, topic, true, args...).end_publish_acknowledged(options, topic.where());
  }

  std::shared_ptr<owner> core_;
};

/// Connects to a router and joins a realm. The future gets the session; it fails with `connection_error` if the router is
/// not reached, `join_refused` if it says no, `protocol_error` if it talks nonsense, `timeout_error` if it takes longer
/// than the options say. Cancelling it ends the attempt.
/// Errors: `usage_error` for options that cannot be, `loop_closed`; both by the future.
[[nodiscard]] future<session> join(api async, transport_options transport, session_options options = {});

}  // namespace interloop::wamp
