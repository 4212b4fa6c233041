// SPDX-License-Identifier: MIT
// How a single call, registration, subscription or publication is to be done. Values, which are set like this:
//
//     session.call<int>(call_options().timeout(2s).kwarg("unit", "m"), "com.sensor.height", 7);
#pragma once

#include <interloop/function.hpp>
#include <interloop/time.hpp>
#include <interloop/wamp/codec.hpp>
#include <interloop/wamp/detail/arguments.hpp>
#include <interloop/wamp/value.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace interloop::wamp {

/// What the router does with a call that is cancelled: waits for the callee to be interrupted and end (`kill`), interrupts
/// it and does not wait (`killnowait`), or only forgets the call (`skip`). In each case the future here is cancelled at
/// once, and what comes later is dropped: routers do not always answer.
enum class cancel_mode : unsigned char { skip, kill, killnowait };

/// How patterns of procedures and topics match. `prefix` compares texts: `com.p` matches `com.pq`. In `wildcard`, an
/// empty component (`com..status`) matches any.
enum class match : unsigned char { exact, prefix, wildcard };

/// Which of several callees of one procedure gets a call.
enum class invoke : unsigned char { single, round_robin, random, first, last };

class call_options {
 public:
  call_options() noexcept = default;

  /// How long the call may take: its future then fails with `timeout_error`, and the router is told to cancel it. The
  /// limit is kept here; it is sent to the router, too. Zero: none.
  call_options& timeout(duration limit) noexcept {
    timeout_ = limit;
    return *this;
  }
  /// A keyword argument.
  template <class T>
  call_options& kwarg(std::string name, const T& given) {
    kwargs_.insert_or_assign(std::move(name), to_value(given));
    return *this;
  }
  call_options& kwargs(dict all) noexcept {
    kwargs_ = std::move(all);
    return *this;
  }
  /// Asks for progressive results. `handler` is called with each, in the loop's thread, in their order, while the call is
  /// pending; its parameters are those that the callee sends. What it throws, and results that it does not take, go to
  /// the loop's exception handler.
  template <class Handler>
  call_options& on_progress(Handler&& handler) {
    progress_ = detail::progress_handler(std::forward<Handler>(handler));
    return *this;
  }
  /// Asks the router to tell the callee who calls.
  call_options& disclose_me(bool wanted = true) noexcept {
    disclose_me_ = wanted;
    return *this;
  }
  /// How to cancel it at the router.
  call_options& on_cancel(cancel_mode mode) noexcept {
    cancel_ = mode;
    return *this;
  }
  /// Anything else among the options of CALL.
  call_options& option(std::string name, value given) {
    others_.insert_or_assign(std::move(name), std::move(given));
    return *this;
  }

 private:
  friend class session_core;
  duration timeout_{};
  dict kwargs_;
  dict others_;
  std::shared_ptr<function<void(const detail::payload&)>> progress_;
  cancel_mode cancel_ = cancel_mode::killnowait;
  bool disclose_me_ = false;
};

class register_options {
 public:
  register_options() noexcept = default;

  register_options& match(wamp::match how) noexcept {
    match_ = how;
    return *this;
  }
  /// Others may register the same procedure with the same policy.
  register_options& invoke(wamp::invoke policy) noexcept {
    invoke_ = policy;
    return *this;
  }
  /// How many calls the router lets run here at the same time. Zero: no limit.
  register_options& concurrency(unsigned most) noexcept {
    concurrency_ = most;
    return *this;
  }
  /// Takes the procedure from another callee that has it.
  register_options& force(bool wanted = true) noexcept {
    force_ = wanted;
    return *this;
  }
  /// Called if the router ends the registration by itself, with its reason.
  register_options& on_ended(function<void(const std::string& reason)> handler) {
    ended_ = std::make_shared<function<void(const std::string&)>>(std::move(handler));
    return *this;
  }
  /// Anything else among the options of REGISTER.
  register_options& option(std::string name, value given) {
    others_.insert_or_assign(std::move(name), std::move(given));
    return *this;
  }

 private:
  friend class session_core;
  dict others_;
  std::shared_ptr<function<void(const std::string&)>> ended_;
  unsigned concurrency_ = 0;
  wamp::match match_ = wamp::match::exact;
  wamp::invoke invoke_ = wamp::invoke::single;
  bool force_ = false;
};

class subscribe_options {
 public:
  subscribe_options() noexcept = default;

  subscribe_options& match(wamp::match how) noexcept {
    match_ = how;
    return *this;
  }
  /// Asks for the last event that was published with `retain`, if there is one.
  subscribe_options& get_retained(bool wanted = true) noexcept {
    get_retained_ = wanted;
    return *this;
  }
  /// Anything else among the options of SUBSCRIBE.
  subscribe_options& option(std::string name, value given) {
    others_.insert_or_assign(std::move(name), std::move(given));
    return *this;
  }

 private:
  friend class session_core;
  dict others_;
  wamp::match match_ = wamp::match::exact;
  bool get_retained_ = false;
};

class publish_options {
 public:
  publish_options() noexcept = default;

  template <class T>
  publish_options& kwarg(std::string name, const T& given) {
    kwargs_.insert_or_assign(std::move(name), to_value(given));
    return *this;
  }
  publish_options& kwargs(dict all) noexcept {
    kwargs_ = std::move(all);
    return *this;
  }
  /// Whether this session gets the event, too, if it is subscribed. The router's default: not.
  publish_options& exclude_me(bool wanted) { return option("exclude_me", wanted); }
  /// Who does not get it, and who alone may: sessions, `authid`s, `authrole`s.
  publish_options& exclude(std::vector<std::uint64_t> sessions) { return option("exclude", to_value(sessions)); }
  publish_options& exclude_authid(std::vector<std::string> ids) { return option("exclude_authid", to_value(ids)); }
  publish_options& exclude_authrole(std::vector<std::string> roles) {
    return option("exclude_authrole", to_value(roles));
  }
  publish_options& eligible(std::vector<std::uint64_t> sessions) { return option("eligible", to_value(sessions)); }
  publish_options& eligible_authid(std::vector<std::string> ids) { return option("eligible_authid", to_value(ids)); }
  publish_options& eligible_authrole(std::vector<std::string> roles) {
    return option("eligible_authrole", to_value(roles));
  }
  /// Asks the router to tell the subscribers who publishes.
  publish_options& disclose_me(bool wanted = true) { return option("disclose_me", wanted); }
  /// Asks the router to keep it for later subscribers (`subscribe_options::get_retained`).
  publish_options& retain(bool wanted = true) { return option("retain", wanted); }
  /// Anything else among the options of PUBLISH.
  publish_options& option(std::string name, value given) {
    others_.insert_or_assign(std::move(name), std::move(given));
    return *this;
  }

 private:
  friend class session_core;
  dict kwargs_;
  dict others_;
};

}  // namespace interloop::wamp
