// SPDX-License-Identifier: MIT
// Subscriptions of a session. A router answers a second SUBSCRIBE to a topic with the same id, sends each event once, and
// ends it all with one UNSUBSCRIBE: so handlers are counted here.
#include "session_core.hpp"

#include "options_out.hpp"
#include "uri.hpp"

#include <interloop/wamp/error.hpp>

#include <algorithm>
#include <utility>

namespace interloop::wamp {

struct session_core::subscribe_request final : request {
  subscribe_request(session_core& of, std::string name, std::string counted)
      : core(of), topic(std::move(name)), key(std::move(counted)) {}

  void done(const message& got) override {
    core.subscribing_ended(key);
    const std::uint64_t id = got.ids[1];
    topic_entry& entry = core.topics_[id];
    entry.key = key;
    if (!waiting.pending()) return core.tidy_topic(key);  // cancelled
    const std::uint64_t number = ++core.last_hearer_;
    entry.hearers.push_back({number, std::move(handler)});
    waiting.resolve(subscription(detail::core_ptr(&core), id, number, topic));
  }
  void failed(const failure& why) override {
    waiting.reject(why);
    if (!core.joined()) return;
    core.subscribing_ended(key);
    core.tidy_topic(key);
  }

  session_core& core;
  std::string topic;
  std::string key;
  std::shared_ptr<detail::event_handler> handler;
  promise<subscription> waiting;
};

struct session_core::unsubscribe_request final : request {
  unsubscribe_request(session_core& of, std::uint64_t which) : core(of), id(which) {}
  void done(const message&) override {
    drop();
    waiting.resolve();
  }
  void failed(const failure& why) override {
    drop();
    waiting.reject(why);
  }
  void drop() {
    const auto found = core.topics_.find(id);
    if (found != core.topics_.end() && found->second.hearers.empty()) core.topics_.erase(found);
  }

  session_core& core;
  std::uint64_t id;
  promise<void> waiting;
};

future<subscription> session_core::subscribe(const detail::uri_here& topic,
                                             std::shared_ptr<detail::event_handler> handler,
                                             const subscribe_options& options) {
  require_uri(topic.text(), "subscribe", options.match_);
  if (!joined()) return async_.create_future_error<subscription>(none(), topic.where());
  const std::uint64_t id = next_id();
  begin(message_type::subscribe, 4);
  out_.natural(id);
  const bool matches = options.match_ != match::exact;
  out_.begin_map(options.others_.size() + (matches ? 1 : 0) + (options.get_retained_ ? 1 : 0));
  write_members(out_, options.others_);
  if (matches) {
    out_.key("match");
    out_.text(name_of(options.match_));
  }
  if (options.get_retained_) {
    out_.key("get_retained");
    out_.boolean(true);
  }
  out_.end_map();
  out_.text(topic.text());
  std::string key = std::string(name_of(options.match_)) + ' ' + std::string(topic.text());
  auto made = std::make_unique<subscribe_request>(*this, std::string(topic.text()), key);
  made->handler = std::move(handler);
  made->waiting = promise<subscription>(loop(), topic.where());
  future<subscription> answer = made->waiting.get_future();
  int& count = subscribing_[std::move(key)];
  await_answer(message_type::subscribe, id, std::move(made));
  ++count;
  return answer;
}

void session_core::subscribing_ended(const std::string& key) {
  const auto found = subscribing_.find(key);
  if (found != subscribing_.end() && --found->second <= 0) subscribing_.erase(found);
}

/// Tells the router that a topic has no handlers left, unless another one is on its way.
void session_core::tidy_topic(const std::string& key) {
  if (subscribing_.contains(key)) return;
  for (auto& [id, entry] : topics_)
    if (entry.key == key && entry.hearers.empty() && !entry.ending)
      return send_unsubscribe(id, entry, std::make_unique<unsubscribe_request>(*this, id));
}

bool session_core::subscribed(std::uint64_t id, std::uint64_t handler) const noexcept {
  const auto found = topics_.find(id);
  return found != topics_.end() && std::any_of(found->second.hearers.begin(), found->second.hearers.end(),
                                               [handler](const hearer& each) { return each.number == handler; });
}

future<void> session_core::unsubscribe(std::uint64_t id, std::uint64_t handler) {
  if (!joined()) return async_.create_future_error<void>(none());
  const auto found = topics_.find(id);
  if (!subscribed(id, handler)) return async_.create_future_success<void>();
  topic_entry& entry = found->second;
  std::shared_ptr<detail::event_handler> last_use;  // the handler's captures are destroyed after all this
  const auto gone = std::find_if(entry.hearers.begin(), entry.hearers.end(),
                                 [handler](const hearer& each) { return each.number == handler; });
  last_use = std::move(gone->handler);
  entry.hearers.erase(gone);
  if (!entry.hearers.empty() || subscribing_.contains(entry.key)) return async_.create_future_success<void>();
  auto made = std::make_unique<unsubscribe_request>(*this, id);
  made->waiting = promise<void>(loop());
  future<void> answer = made->waiting.get_future();
  send_unsubscribe(id, entry, std::move(made));
  return answer;
}

void session_core::send_unsubscribe(std::uint64_t id, topic_entry& entry, std::unique_ptr<request> what) {
  send_about(message_type::unsubscribe, id, std::move(what));
  entry.ending = true;
}

void session_core::on_event(const message& got) {
  const auto found = topics_.find(got.ids[0]);
  if (found == topics_.end())
    throw protocol_error("the router sent EVENT for the subscription " + std::to_string(got.ids[0]) +
                         ", which does not exist");
  if (!got.unreadable.empty())
    return loop().handle_exception("a WAMP event", create_failure(value_error(unreadable_text("an event", got))));
  const auto tell = [&](const std::shared_ptr<detail::event_handler>& handler) {
    try {
      handler->call(got.ids[1], got.body);
    } catch (...) {
      loop().handle_exception("a handler of WAMP events", detail::caught());
    }
  };
  if (found->second.hearers.size() == 1) {
    const auto only = found->second.hearers.front().handler;
    return tell(only);
  }
  const std::vector<hearer> all = found->second.hearers;  // handlers may subscribe, unsubscribe, and leave
  for (const hearer& each : all)
    if (subscribed(got.ids[0], each.number)) tell(each.handler);
}

}  // namespace interloop::wamp
