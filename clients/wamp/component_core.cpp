// SPDX-License-Identifier: MIT
#include "component_core.hpp"

#include "clients/stream/backoff.hpp"
#include "uri.hpp"

#include <interloop/coroutine.hpp>
#include <interloop/wamp/error.hpp>

#include <optional>
#include <random>
#include <utility>

namespace interloop::wamp {

component_core::component_core(api async, std::vector<transport_options> transports, component_options options,
                               connector connect)
    : async_(async), transports_(std::move(transports)), options_(std::move(options)), connect_(std::move(connect)) {
  if (transports_.empty()) throw usage_error("wamp::component: there are no transports; give one at least");
  require_uri(options_.session.realm, "session_options: the realm");
  for (const authentication& each : options_.session.authentications) static_cast<void>(make_authenticator(each));
  static_cast<void>(streams::backoff({options_.reconnect.first, options_.reconnect.most}, 0));
}

template <class Call>
void component_core::guarded(const char* what, Call&& call) noexcept {
  try {
    call();
  } catch (...) {
    async_.loop().handle_exception(what, detail::caught());
  }
}

future<void> component_core::start() {
  if (started_) throw usage_error("component::start: it was started already; make another component");
  started_ = true;
  running_ = run(async_, shared_from_this());
  return running_;
}

future<void> component_core::stop() {
  promise<void> made(async_.loop());
  future<void> done = made.get_future();
  if (!started_ || ended_) {
    started_ = true;  // so that it is not started after this
    made.resolve();
    return done;
  }
  stoppers_.push_back(std::move(made));
  if (stopping_) return done;
  stopping_ = true;
  if (current_.joined()) {
    static_cast<void>(current_.leave());
  } else {
    interloop::cancel(running_, "the component was stopped");
  }
  return done;
}

void component_core::close() noexcept {
  closed_ = true;
  on_join_.reset();
  on_leave_.reset();
  on_failed_attempt_.reset();
  offered_.clear();
  wanted_.clear();
  current_ = {};
  if (!running_ || async_.loop().closed()) return;
  try {
    interloop::cancel(running_, "the component was destroyed");
  } catch (...) {  // no memory
  }
  running_ = {};
}

future<session> component_core::joined() {
  if (!started_) throw usage_error("component::joined: it was not started; call start() first");
  if (current_.joined()) return async_.create_future_success(current_);
  promise<session> made(async_.loop());
  future<session> answer = made.get_future();
  if (ended_) {
    made.reject(connection_error("the component has ended"));
  } else {
    joiners_.push_back(std::move(made));
  }
  return answer;
}

void component_core::add(std::string procedure, std::shared_ptr<detail::procedure> callable, register_options options) {
  require_own_uri(procedure, "register_", match::wildcard);
  offered_.push_back({std::move(procedure), std::move(callable), std::move(options)});
  if (current_.joined()) static_cast<void>(offer(async_, current_, offered_.back()));
}

void component_core::add(std::string topic, std::shared_ptr<detail::event_handler> handler, subscribe_options options) {
  require_uri(topic, "subscribe", match::wildcard);
  wanted_.push_back({std::move(topic), std::move(handler), std::move(options)});
  if (current_.joined()) static_cast<void>(want(async_, current_, wanted_.back()));
}

future<void> component_core::offer(api, session to, offered what) {
  try {
    static_cast<void>(co_await session_access::enroll(to, what.name, what.callable, what.options));
  } catch (const connection_error&) {  // the session is about to be made again
  }
}

future<void> component_core::want(api, session to, wanted what) {
  try {
    static_cast<void>(co_await session_access::subscribe(to, what.topic, what.handler, what.options));
  } catch (const connection_error&) {
  }
}

/// Registers and subscribes everything, at the same time. What the router refuses is reported.
future<void> component_core::set_up(api async, std::shared_ptr<component_core> self, session made) {
  std::vector<future<void>> all;
  all.reserve(self->offered_.size() + self->wanted_.size());
  for (const offered& each : self->offered_) all.push_back(offer(async, made, each));
  for (const wanted& each : self->wanted_) all.push_back(want(async, made, each));
  const auto outcomes = co_await async.gather(all);
  for (const auto& each : outcomes)
    if (!each) async.loop().handle_exception("a component's registration or subscription", each.error());
}

void component_core::tell_joined(const session& made) {
  for (auto& each : std::exchange(joiners_, {})) each.resolve(made);
  const auto handler = on_join_;
  if (!handler) return;
  if (auto* const plain = std::get_if<0>(handler.get())) {
    if (*plain) guarded("on_join", [&] { (*plain)(made); });
  } else if (auto* const coroutine = std::get_if<1>(handler.get())) {
    // A failure that nobody looks at goes to the exception handler by itself.
    if (*coroutine) guarded("on_join", [&] { static_cast<void>((*coroutine)(made)); });
  }
}

future<void> component_core::one_session(api async, std::shared_ptr<component_core> self) {
  self->reached_ = false;
  const std::size_t which = self->next_transport_++ % self->transports_.size();
  auto over = co_await self->connect_(async, self->transports_[which]);
  session made = co_await join_by(async, std::move(over), self->options_.session);
  self->reached_ = true;
  if (self->closed_) co_return;
  self->current_ = made;
  const future<leave_details> left = made.left();
  if (self->stopping_) {
    static_cast<void>(made.leave());
  } else {
    co_await set_up(async, self, made);
    if (made.joined() && !self->closed_) self->tell_joined(made);
  }
  made = {};
  const leave_details how = co_await left;
  self->current_ = {};
  if (const auto handler = self->on_leave_; handler && *handler) self->guarded("on_leave", [&] { (*handler)(how); });
}

future<void> component_core::run(api async, std::shared_ptr<component_core> self) {
  const reconnect_options& again = self->options_.reconnect;
  streams::backoff pauses({again.first, again.most}, std::random_device()());
  int failures = 0;
  std::optional<failure> final;
  while (!final) {
    std::optional<failure> failed;
    bool for_good = false;
    try {
      co_await one_session(async, self);
      if (self->stopping_) break;
    } catch (const cancelled_error&) {
      if (self->stopping_) break;
      final = self->closed_ ? create_failure(connection_error("the component was destroyed")) : detail::caught();
      break;
    } catch (const join_refused& why) {
      failed = detail::caught();
      for_good = why.for_good();
    } catch (const usage_error&) {
      failed = detail::caught();
      for_good = true;
    } catch (...) {
      failed = detail::caught();
    }
    self->current_ = {};
    if (self->stopping_) break;
    if (self->reached_) {
      failures = 0;
      pauses.reset();
    }
    if (failed &&
        (for_good || (self->options_.reconnect.attempts >= 0 && ++failures >= self->options_.reconnect.attempts))) {
      final = failed;
      break;
    }
    const duration pause = pauses.next();
    if (const auto handler = self->on_failed_attempt_; failed && handler && *handler)
      self->guarded("on_failed_attempt", [&] { (*handler)(*failed, pause); });
    try {
      co_await async.sleep(pause);
    } catch (const cancelled_error&) {
      if (!self->stopping_)
        final = self->closed_ ? create_failure(connection_error("the component was destroyed")) : detail::caught();
      break;
    }
  }
  self->current_ = {};
  self->ended(final ? &*final : nullptr);
  if (final) final->rethrow();
}

void component_core::ended(const failure* why) noexcept {
  ended_ = true;
  for (auto& each : std::exchange(stoppers_, {})) each.resolve();
  for (auto& each : std::exchange(joiners_, {})) {
    if (why) {
      each.reject(*why);
    } else {
      each.reject(connection_error("the component was stopped"));
    }
  }
}

}  // namespace interloop::wamp
