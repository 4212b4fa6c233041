// SPDX-License-Identifier: MIT
// A session that is made again when it is lost, with all its procedures and subscriptions: what Autobahn calls a
// Component.
//
//     wamp::component parts(io, "ws://127.0.0.1:8080/ws", "realm1");
//     parts.register_("com.example.add", [](int a, int b) { return a + b; });
//     parts.on_join([](wamp::session session) { session.publish("com.example.hello"); });
//     co_await parts.start();
#pragma once

#include <interloop/api.hpp>
#include <interloop/function.hpp>
#include <interloop/wamp/session.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop::wamp {

class component_core;

struct component_options {
  component_options(session_options each = {}) : session(std::move(each)) {}
  component_options(const char* realm) : session(realm) {}

  session_options session;
  reconnect_options reconnect;
};

/// Connects, authenticates, joins, registers and subscribes; and does so again, with back-off, whenever the session ends
/// without `stop` having been called. Several transports are tried in turn.
///
/// It gives up, and `start`'s future fails, if the router refuses the realm or the identity (`join_refused::for_good`),
/// if a transport's options cannot be, and after `reconnect_options::attempts` failures in a row.
///
/// May be destroyed at any time, in its own callbacks, too: the session then ends. Everything else is dropped, and
/// `start`'s future fails with `connection_error`. While it is started, it keeps a loop running that otherwise ends when
/// idle. Thread safety: the loop's thread only.
/// Source: `autobahn.asyncio.component.Component`.
class component {
 public:
  /// Errors: `usage_error` without a transport, or for options that cannot be.
  component(api async, std::vector<transport_options> transports, component_options options = {});
  component(api async, transport_options transport, component_options options = {})
      : component(async, std::vector<transport_options>{std::move(transport)}, std::move(options)) {}
  component(const component&) = delete;
  component& operator=(const component&) = delete;
  ~component();

  /// Called with each new session, after everything below has been registered and subscribed. It may be a coroutine. What
  /// it throws goes to the loop's exception handler; the session goes on. Set these before `start`; a later one replaces
  /// an earlier one.
  template <class Handler>
    requires std::is_invocable_v<std::decay_t<Handler>&, session>
  component& on_join(Handler&& handler) {
    using returned = std::invoke_result_t<std::decay_t<Handler>&, session>;
    using kept = std::conditional_t<is_future_v<std::remove_cvref_t<returned>>, function<future<void>(session)>,
                                    function<void(session)>>;
    set_on_join(kept(std::forward<Handler>(handler)));
    return *this;
  }
  /// Called when a session has ended, before the next attempt.
  component& on_leave(function<void(const leave_details&)> handler);
  /// Called when an attempt to connect or to join has failed, which is not final: with the failure, and with the time
  /// until the next attempt.
  component& on_failed_attempt(function<void(const failure&, duration)> handler);

  /// Registers this in each session; and in the present one, if there is one. See `session::register_`. If the router
  /// refuses, the error goes to the loop's exception handler, and the session goes on.
  template <class Procedure>
  component& register_(std::string procedure, Procedure&& callable, register_options options = {}) {
    add(std::move(procedure), detail::make_procedure(std::forward<Procedure>(callable)), std::move(options));
    return *this;
  }
  /// Subscribes this in each session. See `session::subscribe`.
  template <class Handler>
  component& subscribe(std::string topic, Handler&& handler, subscribe_options options = {}) {
    add(std::move(topic), detail::make_event_handler(std::forward<Handler>(handler)), std::move(options));
    return *this;
  }

  /// Begins. The future is completed when `stop` has ended the session, or fails when it gives up. Cancelling it stops.
  /// Errors: `usage_error` if it was started already; `loop_closed`.
  [[nodiscard]] future<void> start();
  /// Leaves the session, and makes no other. The future is completed when everything has ended.
  [[nodiscard]] future<void> stop();

  /// The present session; an empty handle if there is none.
  [[nodiscard]] session current() const noexcept;
  /// The next session, or the present one. Fails as `start`; `usage_error` if it was not started.
  [[nodiscard]] future<session> joined();

 private:
  void set_on_join(function<void(session)> handler);
  void set_on_join(function<future<void>(session)> handler);
  void add(std::string procedure, std::shared_ptr<detail::procedure> callable, register_options options);
  void add(std::string topic, std::shared_ptr<detail::event_handler> handler, subscribe_options options);

  std::shared_ptr<component_core> core_;
};

}  // namespace interloop::wamp
