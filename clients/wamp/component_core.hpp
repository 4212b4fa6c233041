// SPDX-License-Identifier: MIT
// What a component does: one coroutine, which connects, joins, waits for the session's end, and begins again.
#pragma once

#include "session_core.hpp"
#include "transport.hpp"

#include <interloop/wamp/component.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace interloop::wamp {

/// Thread safety: the loop's thread only.
class component_core : public std::enable_shared_from_this<component_core> {
 public:
  using connector = std::function<future<std::unique_ptr<transport>>(api, const transport_options&)>;

  /// \param connect  how a transport is made.
  component_core(api async, std::vector<transport_options> transports, component_options options, connector connect);

  // See `component`.
  [[nodiscard]] future<void> start();
  [[nodiscard]] future<void> stop();
  /// Ends everything; the handlers are destroyed.
  void close() noexcept;
  [[nodiscard]] const session& current() const noexcept { return current_; }
  [[nodiscard]] future<session> joined();
  void add(std::string procedure, std::shared_ptr<detail::procedure> callable, register_options options);
  void add(std::string topic, std::shared_ptr<detail::event_handler> handler, subscribe_options options);

  void set_on_join(std::variant<function<void(session)>, function<future<void>(session)>> handler) {
    on_join_ =
        std::make_shared<std::variant<function<void(session)>, function<future<void>(session)>>>(std::move(handler));
  }
  void set_on_leave(function<void(const leave_details&)> handler) {
    on_leave_ = std::make_shared<function<void(const leave_details&)>>(std::move(handler));
  }
  void set_on_failed_attempt(function<void(const failure&, duration)> handler) {
    on_failed_attempt_ = std::make_shared<function<void(const failure&, duration)>>(std::move(handler));
  }

 private:
  struct offered {
    std::string name;
    std::shared_ptr<detail::procedure> callable;
    register_options options;
  };
  struct wanted {
    std::string topic;
    std::shared_ptr<detail::event_handler> handler;
    subscribe_options options;
  };

  static future<void> run(api async, std::shared_ptr<component_core> self);
  static future<void> one_session(api async, std::shared_ptr<component_core> self);
  static future<void> set_up(api async, std::shared_ptr<component_core> self, session made);
  static future<void> offer(api async, session to, offered what);
  static future<void> want(api async, session to, wanted what);
  void tell_joined(const session& made);
  /// Calls a handler of the user's.
  template <class Call>
  void guarded(const char* what, Call&& call) noexcept;
  void ended(const failure* why) noexcept;

  api async_;
  std::vector<transport_options> transports_;
  component_options options_;
  connector connect_;
  // Shared, because a handler may destroy the component.
  std::shared_ptr<std::variant<function<void(session)>, function<future<void>(session)>>> on_join_;
  std::shared_ptr<function<void(const leave_details&)>> on_leave_;
  std::shared_ptr<function<void(const failure&, duration)>> on_failed_attempt_;
  std::vector<offered> offered_;
  std::vector<wanted> wanted_;
  std::size_t next_transport_ = 0;
  future<void> running_;
  session current_;
  bool started_ = false;
  bool stopping_ = false;
  bool closed_ = false;
  bool ended_ = false;
  bool reached_ = false;  // the last attempt made a session
  std::vector<promise<session>> joiners_;
  std::vector<promise<void>> stoppers_;
};

}  // namespace interloop::wamp
