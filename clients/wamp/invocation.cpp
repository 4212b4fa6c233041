// SPDX-License-Identifier: MIT
#include <interloop/wamp/invocation.hpp>

#include "message.hpp"

namespace interloop::wamp {

namespace {

detail::payload payload_of(const invocation::state& state) noexcept {
  return {state.format, state.details, {}, state.kwargs};
}

std::optional<std::uint64_t> id_of(const dict& from, const char* name) {
  const auto found = from.find(name);
  if (found == from.end() || found->second.type() != kind::integer) return std::nullopt;
  return found->second.natural();
}

std::string text_of(const dict& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->second.type() == kind::text ? found->second.text() : std::string();
}

}  // namespace

dict invocation::kwargs() const { return detail::read_dict(state_->format, state_->kwargs); }
dict invocation::details() const { return detail::read_dict(state_->format, state_->details); }
std::optional<std::uint64_t> invocation::caller() const { return get_id(payload_of(*state_), "caller"); }
std::string invocation::caller_authid() const {
  return get_text(payload_of(*state_), "caller_authid").value_or(std::string());
}
std::string invocation::caller_authrole() const {
  return get_text(payload_of(*state_), "caller_authrole").value_or(std::string());
}
std::string invocation::procedure() const { return get_text(payload_of(*state_), "procedure").value_or(std::string()); }
bool invocation::wants_progress() const { return get_flag(payload_of(*state_), "receive_progress").value_or(false); }

event::event(std::uint64_t publication, const detail::payload& got)
    : publication_(publication),
      kwargs_(detail::read_dict(got.format, got.kwargs)),
      details_(detail::read_dict(got.format, got.details)) {}

std::optional<std::uint64_t> event::publisher() const { return id_of(details_, "publisher"); }
std::string event::publisher_authid() const { return text_of(details_, "publisher_authid"); }
std::string event::publisher_authrole() const { return text_of(details_, "publisher_authrole"); }
std::string event::topic() const { return text_of(details_, "topic"); }
bool event::retained() const {
  const auto found = details_.find("retained");
  return found != details_.end() && found->second.type() == kind::boolean && found->second.boolean();
}

}  // namespace interloop::wamp
