// SPDX-License-Identifier: MIT
// What a procedure, or an event handler, may ask about the message that it is called with.
#pragma once

#include <interloop/wamp/detail/core_link.hpp>
#include <interloop/wamp/value.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace interloop::wamp {

/// One call of a procedure, for procedures whose first parameter this is:
///
///     session.register_("com.count", [](wamp::invocation call, int n) -> future<int> {
///       for (int i = 0; i < n; ++i) { call.progress(i); co_await interloop::sleep(1s); }
///       co_return n;
///     });
///
/// A handle: copies mean the same call; coroutines take it by value. May outlive the call and the session.
/// Thread safety: the loop's thread only.
class invocation {
 public:
  [[nodiscard]] std::uint64_t id() const noexcept { return state_->id; }
  /// The keyword arguments, and what the router says about the call. Errors: `std::bad_alloc`.
  [[nodiscard]] dict kwargs() const;
  [[nodiscard]] dict details() const;
  /// Who calls, if the router says so: the session, its `authid` and `authrole`, or nothing.
  [[nodiscard]] std::optional<std::uint64_t> caller() const;
  [[nodiscard]] std::string caller_authid() const;
  [[nodiscard]] std::string caller_authrole() const;
  /// The name that was called, for procedures that are registered by a pattern; otherwise empty.
  [[nodiscard]] std::string procedure() const;
  /// Whether the caller asked for progressive results.
  [[nodiscard]] bool wants_progress() const;

  /// Sends a progressive result. \return false, without sending, if the caller did not ask for any, or if the call is
  /// over: answered, cancelled, or the session ended. Errors: as `session::publish`.
  template <class... Args>
  bool progress(const Args&... args) const {
    if (!wants_progress()) return false;
    writer* const out = state_->core->begin_yield(state_->id, true, detail::count(args...), false);
    if (!out) return false;
    (detail::write_argument(*out, args), ...);
    state_->core->end_yield();
    return true;
  }

  /// Not for users.
  struct state {
    detail::core_ptr core;
    std::uint64_t id;
    serializer format;
    std::string details;
    std::string kwargs;
  };
  explicit invocation(std::shared_ptr<const state> made) noexcept : state_(std::move(made)) {}

 private:
  std::shared_ptr<const state> state_;
};

/// One event, for handlers whose first parameter this is. A value.
class event {
 public:
  /// The publication's id; retained events get a new one at each delivery.
  [[nodiscard]] std::uint64_t publication() const noexcept { return publication_; }
  [[nodiscard]] const dict& kwargs() const noexcept { return kwargs_; }
  [[nodiscard]] const dict& details() const noexcept { return details_; }
  /// Who published it, if the router says so.
  [[nodiscard]] std::optional<std::uint64_t> publisher() const;
  [[nodiscard]] std::string publisher_authid() const;
  [[nodiscard]] std::string publisher_authrole() const;
  /// The topic, for subscriptions by a pattern; otherwise empty.
  [[nodiscard]] std::string topic() const;
  /// Whether it was published before, and kept.
  [[nodiscard]] bool retained() const;

  /// Not for users.
  event(std::uint64_t publication, const detail::payload& got);

 private:
  std::uint64_t publication_;
  dict kwargs_;
  dict details_;
};

}  // namespace interloop::wamp
