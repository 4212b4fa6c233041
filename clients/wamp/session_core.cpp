// SPDX-License-Identifier: MIT
#include "session_core.hpp"

#include "slow_key.hpp"
#include "uri.hpp"

#include <interloop/wamp/error.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace interloop::wamp {

namespace {

const char* const agent = "interloop";

void write_features(writer& to, const char* role, std::initializer_list<const char*> features) {
  to.key(role);
  to.begin_map(1);
  to.key("features");
  to.begin_map(features.size());
  for (const char* const each : features) {
    to.key(each);
    to.boolean(true);
  }
  to.end_map();
  to.end_map();
}

void write_roles(writer& to) {
  to.begin_map(4);
  write_features(to, "caller", {"caller_identification", "call_canceling", "call_timeout", "progressive_call_results"});
  write_features(to, "callee",
                 {"caller_identification", "call_canceling", "call_timeout", "progressive_call_results",
                  "pattern_based_registration", "shared_registration", "registration_revocation"});
  write_features(to, "publisher",
                 {"publisher_identification", "publisher_exclusion", "subscriber_blackwhite_listing",
                  "acknowledge_event_received"});
  write_features(
      to, "subscriber",
      {"publisher_identification", "pattern_based_subscription", "subscription_revocation", "event_retention"});
  to.end_map();
}

std::string text_of(const dict& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->second.type() == kind::text ? found->second.text() : std::string();
}

std::string message_of(const message& got) { return get_text(got.body, "message").value_or(std::string()); }

std::vector<std::unique_ptr<authenticator>> make_authenticators(const session_options& options) {
  std::vector<std::unique_ptr<authenticator>> all;
  for (const authentication& each : options.authentications) {
    all.push_back(make_authenticator(each));
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      if (all[i]->method() == all.back()->method())
        throw usage_error("session_options: two authentications by " + all.back()->method() + "; give one");
      if (all[i]->authid() != all.back()->authid())
        throw usage_error("session_options: all authentications must be of the same authid");
    }
  }
  if (all.empty()) all.push_back(make_authenticator(anonymous()));
  return all;
}

}  // namespace

session_core::session_core(api async, std::unique_ptr<transport> over, session_options options)
    : core_link(async.loop()),
      async_(async),
      transport_(std::move(over)),
      format_(transport_->format()),
      options_(std::move(options)),
      authenticators_(make_authenticators(options_)),
      out_(format_) {
  require_uri(options_.realm, "session_options: the realm");
  details_.realm = options_.realm;
}

session_core::~session_core() = default;

// ---- Joining ----

namespace {

/// How a session ended. If there is no memory, less is said.
leave_details ending(std::string_view reason, std::string_view message, const failure* why = nullptr) noexcept {
  leave_details how;
  if (why) how.error = *why;
  try {
    how.reason = reason;
    how.message = message;
  } catch (const std::bad_alloc&) {
  }
  return how;
}
leave_details ending(std::string_view reason, const failure& why) noexcept {
  try {
    return ending(reason, why.message(), &why);
  } catch (const std::bad_alloc&) {
    return ending(reason, {}, &why);
  }
}

}  // namespace

future<void> session_core::hello() {
  watch_loop();
  dict extra;
  for (const auto& each : authenticators_) each->begin(extra);
  const std::string authid = authenticators_.front()->authid();
  begin(message_type::hello, 3);
  out_.text(options_.realm);
  // Routers close the connection for members that are null, so what is empty is left out.
  const std::size_t members =
      3 + (authid.empty() ? 0 : 1) + (options_.authrole.empty() ? 0 : 1) + (extra.empty() ? 0 : 1);
  out_.begin_map(members);
  out_.key("roles");
  write_roles(out_);
  out_.key("agent");
  out_.text(agent);
  out_.key("authmethods");
  out_.begin_list(authenticators_.size());
  for (const auto& each : authenticators_) out_.text(each->method());
  out_.end_list();
  if (!authid.empty()) {
    out_.key("authid");
    out_.text(authid);
  }
  if (!options_.authrole.empty()) {
    out_.key("authrole");
    out_.text(options_.authrole);
  }
  if (!extra.empty()) {
    out_.key("authextra");
    detail::write(out_, extra);
  }
  out_.end_map();
  joining_ = promise<void>(loop());
  future<void> welcome = joining_.get_future();
  transport_->listen(*this);
  if (options_.join_timeout > duration::zero())
    deadline_ = async_.call_later(options_.join_timeout, [this] {
      lose(create_failure(timeout_error("the router did not answer HELLO within " +
                                        std::to_string(options_.join_timeout / std::chrono::milliseconds(1)) + " ms")),
           "wamp.close.transport_lost");
    });
  end();
  return welcome;
}

void session_core::watch_loop() {
  alive_ = promise<void>(loop());
  observe(alive_.get_future(), [core = detail::core_ptr(this), this](outcome<void>& ended) {
    if (!ended.closing()) return;
    const failure* const why = ended.take_failure();
    if (state_ == state::closed && !lingers_) return;
    finish(ending("wamp.close.system_shutdown", "the loop was closed", why), false);
  });
}

void session_core::on_welcome(const message& got) {
  dict all = detail::read_dict(format_, got.body.details);
  if (chosen_) {
    const auto extra = all.find("authextra");
    chosen_->check_welcome(extra != all.end() && extra->second.type() == kind::map ? extra->second.members() : dict());
  }
  deadline_.cancel();
  details_.session = got.ids[0];
  details_.authid = text_of(all, "authid");
  details_.authrole = text_of(all, "authrole");
  details_.authmethod = text_of(all, "authmethod");
  details_.authprovider = text_of(all, "authprovider");
  if (const std::string realm = text_of(all, "realm"); !realm.empty()) details_.realm = realm;
  details_.all = std::move(all);
  state_ = state::joined;
  joining_.resolve();
}

void session_core::on_challenge(const message& got) {
  const auto found = std::find_if(authenticators_.begin(), authenticators_.end(),
                                  [&got](const auto& each) { return each->method() == got.uri; });
  if (found == authenticators_.end())
    throw connection_error("the router wants authentication by \"" + got.uri +
                           "\", which session_options::authentications does not have");
  if (chosen_) throw protocol_error("the router sent CHALLENGE twice");
  chosen_ = found->get();
  dict challenge = detail::read_dict(format_, got.body.details);
  std::optional<derivation> slow = chosen_->derive(challenge);
  if (!slow) return authenticate(challenge, {});
  deriving_ = key_from_thread(async_, std::move(*slow));
  const auto refuse = [this](const failure& why) {
    if (state_ == state::joining) refuse_challenge(why);
  };
  add_callbacks(
      deriving_,
      [core = detail::core_ptr(this), this, refuse, challenge = std::move(challenge)](const std::string& key) {
        if (state_ != state::joining) return;
        try {
          authenticate(challenge, key);
        } catch (...) {
          refuse(detail::caught());
        }
      },
      [core = detail::core_ptr(this), refuse](const failure& why) { refuse(why); });
}

void session_core::authenticate(const dict& challenge, std::string_view key) {
  dict extra;
  const std::string signature = chosen_->sign(challenge, key, extra);
  begin(message_type::authenticate, 3);
  out_.text(signature);
  detail::write(out_, extra);
  end();
}

void session_core::refuse_challenge(const failure& why) noexcept {
  say_abort("wamp.error.authentication_failed", why);
  lose(why, "wamp.close.transport_lost");
}

// ---- Messages ----

void session_core::on_message(std::string_view bytes) {
  if (state_ == state::closed) return;
  const detail::core_ptr keep(this);
  in_message_ = true;
  try {
    handle(read_message(format_, bytes));
  } catch (const protocol_error&) {
    violate(detail::caught());
  } catch (const value_error&) {  // a number that fits nowhere, where no type was asked for
    violate(detail::caught());
  } catch (...) {  // no memory; or a challenge that cannot be answered
    refuse_challenge(detail::caught());
  }
  in_message_ = false;
}

void session_core::handle(const message& got) {
  switch (state_) {
    case state::joining:
      return handle_joining(got);
    case state::joined:
      return handle_joined(got);
    case state::leaving:  // everything else may have been under way
      if (got.type == message_type::goodbye || got.type == message_type::abort)
        finish({got.uri, message_of(got), std::nullopt}, true);
      return;
    case state::closed:
      return;
  }
}

void session_core::handle_joining(const message& got) {
  switch (got.type) {
    case message_type::welcome:
      return on_welcome(got);
    case message_type::challenge:
      return on_challenge(got);
    case message_type::abort:
    case message_type::goodbye:
      return lose(create_failure(join_refused(got.uri, message_of(got))), got.uri);
    default:
      throw protocol_error("the router sent " + name_of_message(static_cast<std::uint64_t>(got.type)) +
                           " before WELCOME");
  }
}

void session_core::handle_joined(const message& got) {
  switch (got.type) {
    case message_type::result:
      return on_result(got);
    case message_type::error:
      return on_error(got);
    case message_type::invocation:
      return on_invocation(got);
    case message_type::event:
      return on_event(got);
    case message_type::interrupt:
      return on_interrupt(got);
    case message_type::registered:
      return on_answer(got, got.ids[0], message_type::register_);
    case message_type::subscribed:
      return on_answer(got, got.ids[0], message_type::subscribe);
    case message_type::published:
      return on_answer(got, got.ids[0], message_type::publish);
    case message_type::unregistered:
    case message_type::unsubscribed:
      if (got.ids[0] == 0) return on_revoked(got);
      return on_answer(got, got.ids[0],
                       got.type == message_type::unregistered ? message_type::unregister : message_type::unsubscribe);
    case message_type::goodbye: {
      begin(message_type::goodbye, 3);
      out_.begin_map(0);
      out_.end_map();
      out_.text("wamp.close.goodbye_and_out");
      end();
      return finish({got.uri, message_of(got), std::nullopt}, true);
    }
    case message_type::abort: {
      const std::string message = message_of(got);
      return lose(create_failure(connection_lost("the router ended the session: " + got.uri +
                                                 (message.empty() ? "" : " (" + message + ")"))),
                  got.uri);
    }
    default:
      throw protocol_error("the router sent " + name_of_message(static_cast<std::uint64_t>(got.type)) +
                           ", which a client does not expect in a session");
  }
}

auto session_core::find_pending(const message& got, std::uint64_t id, message_type request)
    -> std::unordered_map<std::uint64_t, pending>::iterator {
  const auto found = pending_.find(id);
  if (found == pending_.end()) {
    if (id == 0 || id > last_id_)
      throw protocol_error("the router sent " + name_of_message(static_cast<std::uint64_t>(got.type)) +
                           " for the request " + std::to_string(id) + ", which was never made");
  } else if (found->second.type != request) {
    throw protocol_error("the router sent " + name_of_message(static_cast<std::uint64_t>(got.type)) +
                         " for the request " + std::to_string(id) + ", which is " +
                         name_of_message(static_cast<std::uint64_t>(found->second.type)));
  }
  return found;
}

void session_core::forget(std::unordered_map<std::uint64_t, pending>::iterator which) noexcept {
  if (which->second.cancelled) --cancelled_;
  pending_.erase(which);
}

std::string session_core::unreadable_text(const char* what, const message& got) {
  return std::string("the arguments of ") + what + " cannot be read: " + got.unreadable;
}

void session_core::on_answer(const message& got, std::uint64_t id, message_type request) {
  const auto found = find_pending(got, id, request);
  if (found == pending_.end()) return;
  const auto waiting = std::move(found->second.other);
  forget(found);
  waiting->done(got);
}

// ---- Sending ----

void session_core::begin(message_type type, std::size_t parts) {
  out_.clear();
  out_.begin_list(parts);
  out_.natural(static_cast<std::uint64_t>(type));
}

void session_core::end() {
  out_.end_list();
  if (transport_) transport_->send(out_.view());
}

void session_core::await_answer(message_type type, std::uint64_t id, std::unique_ptr<request> what) {
  pending_.emplace(id, pending{type, false, {}, nullptr, std::move(what)});
  try {
    end();
  } catch (...) {
    pending_.erase(id);
    throw;
  }
}

void session_core::send_about(message_type type, std::uint64_t id, std::unique_ptr<request> what) {
  const std::uint64_t number = next_id();
  begin(type, 3);
  out_.natural(number);
  out_.natural(id);
  await_answer(type, number, std::move(what));
}

// ---- The end ----

namespace {

failure lost(const std::string& why) noexcept {
  try {
    return create_failure(connection_lost("the session ended before the answer came: " + why));
  } catch (...) {
    return detail::caught();
  }
}

}  // namespace

failure session_core::none() const {
  return create_failure(
      connection_error("there is no session: " + (left_.message.empty() ? left_.reason : left_.message)));
}

void session_core::on_gone(const failure& why) noexcept {
  const detail::core_ptr keep(this);
  in_message_ = true;  // so that the transport, which calls, is destroyed later
  if (state_ == state::leaving) {
    finish(ending("wamp.close.normal", std::string_view()), false);
  } else if (state_ != state::closed) {
    lose(why, "wamp.close.transport_lost");
  }
  drop_transport();
  in_message_ = false;
}

void session_core::violate(const failure& why) noexcept {
  say_abort("wamp.error.protocol_violation", why);
  lose(why, "wamp.error.protocol_violation");
}

void session_core::say_abort(const char* reason, const failure& why) noexcept {
  try {
    begin(message_type::abort, 3);
    out_.begin_map(1);
    out_.key("message");
    out_.text(why.message());
    out_.end_map();
    out_.text(reason);
    end();
  } catch (...) {  // it is only a courtesy
  }
}

void session_core::lose(const failure& why, std::string_view reason) noexcept {
  const detail::core_ptr keep(this);
  if (state_ == state::joining) joining_.reject(why);
  finish(ending(reason, why), true);
}

void session_core::abandon() noexcept {
  const detail::core_ptr keep(this);
  joining_ = {};
  finish(ending("wamp.close.normal", "the last handle of the session was destroyed"), false);
}

future<leave_details> session_core::leave(std::string reason, std::string message) {
  future<leave_details> ended = left();
  if (state_ != state::joined) return ended;
  require_uri(reason, "leave");
  begin(message_type::goodbye, 3);
  out_.begin_map(message.empty() ? 0 : 1);
  if (!message.empty()) {
    out_.key("message");
    out_.text(message);
  }
  out_.end_map();
  out_.text(reason);
  end();
  state_ = state::leaving;
  drop_work(lost("the session was left"));
  const auto give_up = [this] { finish(ending("wamp.close.normal", "the router did not answer GOODBYE"), false); };
  try {
    deadline_ = async_.call_later(options_.leave_timeout, give_up);
  } catch (const std::bad_alloc&) {
    give_up();
  }
  return ended;
}

future<leave_details> session_core::left() {
  if (state_ == state::closed) return async_.create_future_success(left_);
  leavers_.emplace_back(loop());
  return leavers_.back().get_future();
}

/// Fails what is pending, cancels what runs, destroys all handlers.
void session_core::drop_work(const failure& why) noexcept {
  auto waiting = std::exchange(pending_, {});
  auto running = std::exchange(running_, {});
  const auto procedures = std::exchange(procedures_, {});
  const auto topics = std::exchange(topics_, {});
  subscribing_.clear();
  cancelled_ = 0;
  current_ = 0;
  for (auto& [id, each] : waiting) {
    if (each.extra) each.extra->limit.cancel();
    if (each.slot) each.slot.reject(why);
    if (each.other) each.other->failed(why);
  }
  if (!loop().closed())
    for (auto& [id, each] : running) {
      each.limit.cancel();
      try {
        each.of.cancel("the session has ended");
      } catch (...) {  // no memory: it runs on, and nobody is told what comes of it
      }
    }
}

void session_core::finish(leave_details how, bool linger) noexcept {
  const detail::core_ptr keep(this);
  if (state_ == state::closed) {
    if (!linger) drop_transport();
    return;
  }
  const bool was_joined = state_ != state::joining;
  state_ = state::closed;
  deadline_.cancel();
  stop_deriving();
  left_ = std::move(how);
  if (loop().closed() && left_.error) {
    drop_work(*left_.error);
  } else {
    drop_work(lost(left_.message.empty() ? left_.reason : left_.message));
  }
  if (was_joined)
    for (auto& each : leavers_) try {
        each.resolve(left_);
      } catch (...) {
        each.reject(detail::caught());
      }
  leavers_.clear();
  alive_.resolve();
  if (!linger || loop().closed()) return drop_transport();
  // Closing goes on in the background: what was written last is sent.
  retain();
  lingers_ = true;
  try {
    deadline_ = async_.call_later(options_.leave_timeout, [this] { drop_transport(); });
    transport_->close();
  } catch (...) {
    drop_transport();
  }
}

void session_core::stop_deriving() noexcept {
  const future<std::string> key = std::exchange(deriving_, {});
  if (!key || is_called(key) || loop().closed()) return;
  try {
    cancel(key);
  } catch (...) {  // no memory: its thread ends it
  }
}

void session_core::drop_transport() noexcept {
  deadline_.cancel();
  std::unique_ptr<transport> gone = std::move(transport_);
  if (gone && in_message_ && !loop().closed()) {  // it is calling us
    try {
      async_.call_soon([gone = std::move(gone)] {});
    } catch (...) {
    }
  }
  if (std::exchange(lingers_, false)) release();
}

}  // namespace interloop::wamp
