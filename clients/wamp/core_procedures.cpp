// SPDX-License-Identifier: MIT
// Registrations of a session, and the invocations that come for them.
#include "session_core.hpp"

#include "options_out.hpp"
#include "uri.hpp"

#include <interloop/wamp/error.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace interloop::wamp {

namespace {

const char* name_of(invoke policy) noexcept {
  switch (policy) {
    case invoke::round_robin:
      return "roundrobin";
    case invoke::random:
      return "random";
    case invoke::first:
      return "first";
    case invoke::last:
      return "last";
    default:
      return "single";
  }
}

/// How an exception is answered.
struct error_answer {
  std::string uri;
  list args;
  dict kwargs;
};

error_answer answer_of(const failure& why) {
  try {
    why.rethrow();
  } catch (const application_error& given) {
    return {given.uri(), given.args(), given.kwargs()};
  } catch (const cancelled_error& given) {
    return {"wamp.error.canceled", list{value(given.what())}, {}};
  } catch (const operation_cancelled& given) {
    return {"wamp.error.canceled", list{value(given.what())}, {}};
  } catch (const timeout_error& given) {
    return {"wamp.error.timeout", list{value(given.what())}, {}};
  } catch (const protocol_error& given) {
    return {"wamp.error.payload_size_exceeded", list{value(given.what())}, {}};
  } catch (...) {
    return {"wamp.error.runtime_error", list{value(failure_message(why))}, {}};
  }
}

list lines_of(const std::string& text) {
  list lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    lines.emplace_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

}  // namespace

// ---- Registering ----

struct session_core::register_request final : request {
  register_request(session_core& of, std::string uri) : core(of), name(std::move(uri)) {}

  void done(const message& got) override {
    const std::uint64_t id = got.ids[1];
    if (!waiting.pending()) {  // cancelled: calls that come before the end of it are refused
      core.procedures_[id] = {nullptr, nullptr, true};
      return core.send_unregister(id, nullptr);
    }
    core.procedures_[id] = {std::move(callable), std::move(ended), false};
    waiting.resolve(registration(detail::core_ptr(&core), id, name));
  }
  void failed(const failure& why) override { waiting.reject(why); }

  session_core& core;
  std::string name;
  std::shared_ptr<detail::procedure> callable;
  std::shared_ptr<function<void(const std::string&)>> ended;
  promise<registration> waiting;
};

struct session_core::unregister_request final : request {
  unregister_request(session_core& of, std::uint64_t which) : core(of), id(which) {}
  void done(const message&) override {
    core.procedures_.erase(id);
    waiting.resolve();
  }
  void failed(const failure& why) override {
    core.procedures_.erase(id);
    waiting.reject(why);
  }

  session_core& core;
  std::uint64_t id;
  promise<void> waiting;
};

future<registration> session_core::enroll(const detail::uri_here& procedure,
                                          std::shared_ptr<detail::procedure> callable,
                                          const register_options& options) {
  require_own_uri(procedure.text(), "register_", options.match_);
  if (!joined()) return async_.create_future_error<registration>(none(), procedure.where());
  const std::uint64_t id = next_id();
  begin(message_type::register_, 4);
  out_.natural(id);
  const bool matches = options.match_ != match::exact;
  const bool shared = options.invoke_ != invoke::single;
  out_.begin_map(options.others_.size() + (matches ? 1 : 0) + (shared ? 1 : 0) + (options.concurrency_ != 0 ? 1 : 0) +
                 (options.force_ ? 1 : 0));
  write_members(out_, options.others_);
  if (matches) {
    out_.key("match");
    out_.text(name_of(options.match_));
  }
  if (shared) {
    out_.key("invoke");
    out_.text(name_of(options.invoke_));
  }
  if (options.concurrency_ != 0) {
    out_.key("concurrency");
    out_.natural(options.concurrency_);
  }
  if (options.force_) {
    out_.key("force_reregister");
    out_.boolean(true);
  }
  out_.end_map();
  out_.text(procedure.text());
  auto made = std::make_unique<register_request>(*this, std::string(procedure.text()));
  made->callable = std::move(callable);
  made->ended = options.ended_;
  made->waiting = promise<registration>(loop(), procedure.where());
  future<registration> answer = made->waiting.get_future();
  await_answer(message_type::register_, id, std::move(made));
  return answer;
}

bool session_core::registered(std::uint64_t id) const noexcept {
  const auto found = procedures_.find(id);
  return found != procedures_.end() && found->second.callable && !found->second.ending;
}

future<void> session_core::unregister(std::uint64_t id) {
  const auto found = procedures_.find(id);
  if (!joined()) return async_.create_future_error<void>(none());
  if (found == procedures_.end() || found->second.ending) return async_.create_future_success<void>();
  auto made = std::make_unique<unregister_request>(*this, id);
  made->waiting = promise<void>(loop());
  future<void> answer = made->waiting.get_future();
  send_unregister(id, std::move(made));
  found->second.ending = true;
  return answer;
}

void session_core::send_unregister(std::uint64_t id, std::unique_ptr<request> what) {
  if (!what) what = std::make_unique<unregister_request>(*this, id);
  send_about(message_type::unregister, id, std::move(what));
}

void session_core::on_revoked(const message& got) {
  const bool procedure = got.type == message_type::unregistered;
  const auto id = get_id(got.body, procedure ? "registration" : "subscription");
  if (!id) return;
  if (!procedure) {
    topics_.erase(*id);
    return;
  }
  const auto found = procedures_.find(*id);
  if (found == procedures_.end()) return;
  const auto ended = std::move(found->second.ended);
  procedures_.erase(found);
  if (!ended || !*ended) return;
  try {
    (*ended)(get_text(got.body, "reason").value_or(std::string()));
  } catch (...) {
    loop().handle_exception("a handler of a registration's end", detail::caught());
  }
}

// ---- Invocations ----

void session_core::on_invocation(const message& got) {
  const std::uint64_t id = got.ids[0];
  const auto found = procedures_.find(got.ids[1]);
  if (found == procedures_.end())
    throw protocol_error("the router sent INVOCATION for the registration " + std::to_string(got.ids[1]) +
                         ", which does not exist");
  const auto callable = found->second.callable;
  current_ = id;
  const auto limit = got.body.details.size() > 1 ? get_id(got.body, "timeout") : std::nullopt;
  constexpr std::uint64_t a_year = 365ULL * 24 * 3600 * 1000;
  current_limit_ = std::chrono::milliseconds(std::min(limit.value_or(0), a_year));
  try {
    if (!callable) throw application_error("wamp.error.no_such_procedure", "the procedure is not registered any more");
    if (!got.unreadable.empty())
      throw application_error("wamp.error.invalid_argument", unreadable_text("the call", got));
    callable->call({*this, id, got.body});
  } catch (...) {
    answer_error(id, detail::caught());
  }
  if (current_ == id) current_ = 0;
}

void session_core::set_running(std::uint64_t invocation, observation running) {
  if (!joined() || current_ != invocation) {
    running.cancel("the session has ended");
    return;
  }
  const auto put = running_.emplace(invocation, running_call{std::move(running), {}}).first;
  current_ = 0;
  if (current_limit_ <= duration::zero()) return;
  put->second.limit = async_.call_later(current_limit_, [core = detail::core_ptr(this), this, invocation] {
    const auto late = running_.find(invocation);
    if (late != running_.end()) late->second.of.cancel("the time that the caller allows has passed");
  });
}

void session_core::on_interrupt(const message& got) {
  const auto found = running_.find(got.ids[0]);
  if (found != running_.end()) found->second.of.cancel("the caller has cancelled the call");
}

writer* session_core::begin_yield(std::uint64_t invocation, bool progress, std::size_t arguments, bool keywords) {
  if (!joined() || (current_ != invocation && !running_.contains(invocation))) return nullptr;
  yielding_ = invocation;
  yielding_progress_ = progress;
  open_keywords_ = keywords;
  open_arguments_ = arguments != 0 || keywords;
  begin(message_type::yield, 3 + (open_arguments_ ? 1 : 0) + (keywords ? 1 : 0));
  out_.natural(invocation);
  out_.begin_map(progress ? 1 : 0);
  if (progress) {
    out_.key("progress");
    out_.boolean(true);
  }
  out_.end_map();
  if (open_arguments_) out_.begin_list(arguments);
  return &out_;
}

void session_core::end_yield() {
  if (open_arguments_ && !open_keywords_) out_.end_list();
  end();
  if (yielding_progress_) return;
  if (current_ == yielding_) current_ = 0;
  const auto found = running_.find(yielding_);
  if (found == running_.end()) return;
  found->second.limit.cancel();
  running_.erase(found);
}

void session_core::answer_error(std::uint64_t invocation, const failure& why) noexcept {
  const auto found = running_.find(invocation);
  if (!joined() || (current_ != invocation && found == running_.end())) return;
  if (current_ == invocation) current_ = 0;
  if (found != running_.end()) {
    found->second.limit.cancel();
    running_.erase(found);
  }
  try {
    error_answer answer = answer_of(why);
    if (options_.send_tracebacks) answer.kwargs.insert_or_assign("traceback", lines_of(failure_format_traceback(why)));
    const auto write = [&](const list& args, const dict& kwargs) {
      const bool keywords = !kwargs.empty();
      const bool any = keywords || !args.empty();
      begin(message_type::error, 5 + (any ? 1U : 0U) + (keywords ? 1U : 0U));
      out_.natural(static_cast<std::uint64_t>(message_type::invocation));
      out_.natural(invocation);
      out_.begin_map(0);
      out_.end_map();
      out_.text(answer.uri);
      if (any) detail::write(out_, args);
      if (keywords) detail::write(out_, kwargs);
      end();
    };
    try {
      write(answer.args, answer.kwargs);
    } catch (const error&) {  // too long, or not UTF-8
      write(list{value("the error's message could not be sent")}, {});
    }
  } catch (...) {  // no memory, so the caller would wait without an answer
    lose(detail::caught(), "wamp.close.transport_lost");
  }
}

}  // namespace interloop::wamp
