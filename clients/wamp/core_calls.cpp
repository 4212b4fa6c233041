// SPDX-License-Identifier: MIT
// Calls and publications of a session.
#include "session_core.hpp"

#include "options_out.hpp"
#include "uri.hpp"

#include <interloop/wamp/error.hpp>

#include <chrono>
#include <utility>

namespace interloop::wamp {

namespace {

const char* name_of(cancel_mode mode) noexcept {
  switch (mode) {
    case cancel_mode::skip:
      return "skip";
    case cancel_mode::kill:
      return "kill";
    default:
      return "killnowait";
  }
}

std::int64_t milliseconds(duration limit) noexcept { return limit / std::chrono::milliseconds(1); }

}  // namespace

struct session_core::publish_request final : request {
  promise<std::uint64_t> waiting;
  void done(const message& got) override { waiting.resolve(got.ids[1]); }
  void failed(const failure& why) override { waiting.reject(why); }
};

void session_core::begin_arguments(std::size_t count, const dict* kwargs) {
  open_keywords_ = kwargs && !kwargs->empty();
  open_arguments_ = count != 0 || open_keywords_;
  if (open_arguments_) out_.begin_list(count);
}

void session_core::end_arguments(const dict* kwargs) {
  if (open_arguments_) out_.end_list();
  if (open_keywords_) detail::write(out_, *kwargs);
}

// ---- Calls ----

writer& session_core::begin_call(const call_options* options, std::string_view procedure, std::size_t arguments) {
  require_uri(procedure, "call");
  const dict* const kwargs = options ? &options->kwargs_ : nullptr;
  const bool keywords = kwargs && !kwargs->empty();
  begin(message_type::call, 4 + (arguments != 0 || keywords ? 1 : 0) + (keywords ? 1 : 0));
  out_.natural(call_id());
  if (!options) {
    out_.begin_map(0);
  } else {
    const std::int64_t limit = milliseconds(options->timeout_);
    out_.begin_map(options->others_.size() + (limit > 0 ? 1 : 0) + (options->progress_ ? 1 : 0) +
                   (options->disclose_me_ ? 1 : 0));
    write_members(out_, options->others_);
    if (limit > 0) {
      out_.key("timeout");
      out_.integer(limit);
    }
    if (options->progress_) {
      out_.key("receive_progress");
      out_.boolean(true);
    }
    if (options->disclose_me_) {
      out_.key("disclose_me");
      out_.boolean(true);
    }
  }
  out_.end_map();
  out_.text(procedure);
  begin_arguments(arguments, kwargs);
  return out_;
}

void session_core::end_call(const call_options* options, detail::reply_slot& slot) {
  if (!joined()) return slot.reject(none());
  const std::uint64_t id = call_id();
  end_arguments(options ? &options->kwargs_ : nullptr);
  pending made{message_type::call, false, {}, nullptr, nullptr};
  if (options &&
      (options->progress_ || options->timeout_ > duration::zero() || options->cancel_ != cancel_mode::killnowait)) {
    made.extra = std::make_unique<call_extra>();
    made.extra->progress = options->progress_;
    made.extra->cancel = options->cancel_;
  }
  const auto put = pending_.emplace(id, std::move(made)).first;
  try {
    if (options && options->timeout_ > duration::zero())
      put->second.extra->limit = async_.call_later(
          options->timeout_,
          [core = detail::core_ptr(this), this, id, limit = options->timeout_] { call_too_late(id, limit); });
    end();
  } catch (...) {
    if (put->second.extra) put->second.extra->limit.cancel();
    pending_.erase(put);
    throw;
  }
  put->second.slot = std::move(slot);
  ++last_id_;
}

void session_core::call_too_late(std::uint64_t id, duration limit) {
  const auto found = pending_.find(id);
  if (found == pending_.end() || found->second.cancelled) return;
  detail::reply_slot slot = std::move(found->second.slot);
  const cancel_mode mode = found->second.extra->cancel;
  pending_.erase(found);
  slot.reject(
      create_failure(timeout_error("the call was not answered within " + std::to_string(milliseconds(limit)) + " ms")));
  send_cancel(id, mode);
}

void session_core::cancel_call(std::uint64_t id) noexcept {
  const auto found = pending_.find(id);
  if (found == pending_.end() || found->second.cancelled || found->second.type != message_type::call) return;
  // The future is about to fail by itself, and must not be given up before it has.
  found->second.cancelled = true;
  ++cancelled_;
  const cancel_mode mode = found->second.extra ? found->second.extra->cancel : cancel_mode::killnowait;
  if (found->second.extra) found->second.extra->limit.cancel();
  try {
    async_.call_soon([core = detail::core_ptr(this), this, id] {
      if (const auto still = pending_.find(id); still != pending_.end()) forget(still);
    });
    send_cancel(id, mode);
  } catch (...) {  // no memory: the answer, or the session's end, removes it
  }
}

void session_core::send_cancel(std::uint64_t id, cancel_mode mode) {
  if (!joined()) return;
  begin(message_type::cancel, 3);
  out_.natural(id);
  out_.begin_map(1);
  out_.key("mode");
  out_.text(name_of(mode));
  out_.end_map();
  end();
}

void session_core::on_result(const message& got) {
  const auto found = find_pending(got, got.ids[0], message_type::call);
  if (found == pending_.end() || found->second.cancelled) return;  // too late
  if (got.body.details.size() > 1 && get_flag(got.body, "progress").value_or(false)) {
    if (!found->second.extra || !found->second.extra->progress) return;  // not asked for
    const auto handler = found->second.extra->progress;
    try {
      if (!got.unreadable.empty()) throw value_error(unreadable_text("a progressive result", got));
      (*handler)(got.body);
    } catch (...) {
      loop().handle_exception("a handler of progressive results", detail::caught());
    }
    return;
  }
  detail::reply_slot slot = std::move(found->second.slot);
  if (found->second.extra) found->second.extra->limit.cancel();
  forget(found);
  if (!got.unreadable.empty()) return slot.reject(create_failure(value_error(unreadable_text("the result", got))));
  slot.resolve(got.body);
}

void session_core::on_error(const message& got) {
  const auto found = find_pending(got, got.ids[1], static_cast<message_type>(got.ids[0]));
  if (found == pending_.end() || (found->second.type == message_type::call && found->second.cancelled)) return;
  pending failed = std::move(found->second);
  forget(found);
  if (failed.extra) failed.extra->limit.cancel();
  list args = got.unreadable.empty() ? detail::read_list(format_, got.body.args)
                                     : list{value(unreadable_text("the error", got))};
  const failure why = create_failure(application_error(application_error::received(), got.uri, std::move(args),
                                                       detail::read_dict(format_, got.body.kwargs)));
  if (failed.slot) failed.slot.reject(why);
  if (failed.other) failed.other->failed(why);
}

// ---- Publications ----

writer& session_core::begin_publish(const publish_options* options, std::string_view topic, std::size_t arguments,
                                    bool acknowledge) {
  require_own_uri(topic, "publish");
  const dict* const kwargs = options ? &options->kwargs_ : nullptr;
  const bool keywords = kwargs && !kwargs->empty();
  begin(message_type::publish, 4 + (arguments != 0 || keywords ? 1 : 0) + (keywords ? 1 : 0));
  out_.natural(call_id());
  out_.begin_map((options ? options->others_.size() : 0) + (acknowledge ? 1 : 0));
  if (options) write_members(out_, options->others_);
  if (acknowledge) {
    out_.key("acknowledge");
    out_.boolean(true);
  }
  out_.end_map();
  out_.text(topic);
  begin_arguments(arguments, kwargs);
  return out_;
}

void session_core::end_publish(const publish_options* options) {
  if (!joined()) none().rethrow();
  end_arguments(options ? &options->kwargs_ : nullptr);
  end();
  ++last_id_;
}

future<std::uint64_t> session_core::end_publish_acknowledged(const publish_options* options,
                                                             std::source_location where) {
  if (!joined()) return async_.create_future_error<std::uint64_t>(none(), where);
  end_arguments(options ? &options->kwargs_ : nullptr);
  auto made = std::make_unique<publish_request>();
  made->waiting = promise<std::uint64_t>(loop(), where);
  future<std::uint64_t> answer = made->waiting.get_future();
  await_answer(message_type::publish, next_id(), std::move(made));
  return answer;
}

}  // namespace interloop::wamp
