// SPDX-License-Identifier: MIT
#include <interloop/wamp/session.hpp>

#include "session_core.hpp"

#include <interloop/wamp/error.hpp>

#include <utility>

namespace interloop::wamp {

namespace {

session_core& core_of(const detail::core_ptr& link) noexcept { return static_cast<session_core&>(*link); }

session_core& require(const std::shared_ptr<session::owner>& held) {
  if (!held) throw usage_error("this wamp::session is empty; assign one from wamp::join, or from a component, first");
  return *held->core;
}

}  // namespace

session::session(std::shared_ptr<owner> held) noexcept : core_(std::move(held)) {}

detail::core_link& session::link() const { return require(core_); }
const join_details& session::details() const { return require(core_).details(); }
std::uint64_t session::id() const { return details().session; }
bool session::joined() const noexcept { return core_ && core_->core->joined(); }
std::size_t session::in_flight() const noexcept { return core_ ? core_->core->in_flight() : 0; }
std::size_t session::unsent() const noexcept { return core_ ? core_->core->unsent() : 0; }

future<registration> session::do_register(const detail::uri_here& procedure,
                                          std::shared_ptr<detail::procedure> callable,
                                          const register_options& options) const {
  return require(core_).enroll(procedure, std::move(callable), options);
}

future<subscription> session::do_subscribe(const detail::uri_here& topic,
                                           std::shared_ptr<detail::event_handler> handler,
                                           const subscribe_options& options) const {
  return require(core_).subscribe(topic, std::move(handler), options);
}

future<void> session::add_testament_on(std::string scope, std::string topic, list args, dict kwargs,
                                       dict options) const {
  return call<void>(call_options().kwarg("scope", scope).kwarg("publish_options", options),
                    "wamp.session.add_testament", topic, args, kwargs);
}

future<std::uint64_t> session::flush_testaments(std::string scope) const {
  return call<std::uint64_t>(call_options().kwarg("scope", scope), "wamp.session.flush_testaments");
}

future<leave_details> session::leave(std::string reason, std::string message) const {
  return require(core_).leave(std::move(reason), std::move(message));
}
future<leave_details> session::left() const { return require(core_).left(); }

bool registration::active() const noexcept { return core_of(core_).registered(id_); }
future<void> registration::unregister() const { return core_of(core_).unregister(id_); }
bool subscription::active() const noexcept { return core_of(core_).subscribed(id_, handler_); }
future<void> subscription::unsubscribe() const { return core_of(core_).unsubscribe(id_, handler_); }

future<session> join_by(api async, std::unique_ptr<transport> over, session_options options) {
  const auto held = std::make_shared<session::owner>(async, std::move(over), std::move(options));
  const future<void> welcome = held->core->hello();
  co_await welcome;
  co_return session(held);
}

}  // namespace interloop::wamp
