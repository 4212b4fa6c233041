// SPDX-License-Identifier: MIT
#include <interloop/wamp/component.hpp>

#include "component_core.hpp"

#include <utility>

namespace interloop::wamp {

component::component(api async, std::vector<transport_options> transports, component_options options)
    : core_(std::make_shared<component_core>(async, std::move(transports), std::move(options), &connect_transport)) {}

component::~component() { core_->close(); }

void component::set_on_join(function<void(session)> handler) { core_->set_on_join(std::move(handler)); }
void component::set_on_join(function<future<void>(session)> handler) { core_->set_on_join(std::move(handler)); }
component& component::on_leave(function<void(const leave_details&)> handler) {
  core_->set_on_leave(std::move(handler));
  return *this;
}
component& component::on_failed_attempt(function<void(const failure&, duration)> handler) {
  core_->set_on_failed_attempt(std::move(handler));
  return *this;
}

future<void> component::start() { return core_->start(); }
future<void> component::stop() { return core_->stop(); }
session component::current() const noexcept { return core_->current(); }
future<session> component::joined() { return core_->joined(); }

void component::add(std::string procedure, std::shared_ptr<detail::procedure> callable, register_options options) {
  core_->add(std::move(procedure), std::move(callable), std::move(options));
}
void component::add(std::string topic, std::shared_ptr<detail::event_handler> handler, subscribe_options options) {
  core_->add(std::move(topic), std::move(handler), std::move(options));
}

}  // namespace interloop::wamp
