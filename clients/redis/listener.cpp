// SPDX-License-Identifier: MIT
#include "listener.hpp"

#include "encode.hpp"

#include <interloop/error.hpp>
#include <interloop/redis/error.hpp>

#include <exception>
#include <iterator>
#include <utility>

namespace interloop::redis {
namespace {

void complete(const std::vector<future<void>>& all) {
  for (const future<void>& each : all)
    if (!is_called(each)) resolve(each);
}

void complete(const std::vector<future<void>>& all, const failure& why) {
  for (const future<void>& each : all)
    if (!is_called(each)) reject(each, why);
}

}  // namespace

listener::listener(api loop, client_options options)
    : line(loop, std::move(options)),
      messages_(std::make_unique<channel<message>>(loop.loop(), this->options().message_capacity)) {}

future<void> listener::start(address to) {
  if (!active()) {
    if (messages_->closed()) messages_ = std::make_unique<channel<message>>(home().loop(), options().message_capacity);
    ending_ = was_up_ = lossy_ = false;
  }
  return connect(std::move(to));
}

future<void> listener::subscribe(bool by_pattern, std::span<const std::string_view> given) {
  if (given.empty()) throw usage_error("subscribe: name at least one channel or pattern");
  auto done = loop().create_future<void>();
  if (!active()) {
    if (gone().empty()) throw usage_error("subscribe: there is no connection; call connect() first");
    reject(done, connection_error(gone()));
    return done;
  }
  names(by_pattern).insert(given.begin(), given.end());
  if (up()) {
    ask({true, by_pattern, false, {given.begin(), given.end()}, given.size(), {done}});
  } else {
    resubscribed_.push_back(done);
  }
  return done;
}

future<void> listener::unsubscribe(bool by_pattern, std::span<const std::string_view> given) {
  if (given.empty()) throw usage_error("unsubscribe: name at least one channel or pattern");
  auto done = loop().create_future<void>();
  for (const std::string_view each : given) names(by_pattern).erase(std::string(each));
  if (up()) {
    ask({false, by_pattern, false, {given.begin(), given.end()}, given.size(), {done}});
  } else {
    resolve(done);
  }
  return done;
}

void listener::ask(request what) {
  std::vector<word> words;
  const bool adds = what.adds;
  words.emplace_back(what.by_pattern ? (adds ? "PSUBSCRIBE" : "PUNSUBSCRIBE") : (adds ? "SUBSCRIBE" : "UNSUBSCRIBE"));
  words.insert(words.end(), what.names.begin(), what.names.end());
  flush_soon();
  const std::size_t before = out().size();
  encode(out(), words);
  try {
    requests_.push_back(std::move(what));
  } catch (...) {
    out().shorten_to(before);
    throw;
  }
}

void listener::on_up() {
  lossy_ = std::exchange(was_up_, true) || lossy_;
  for (const bool by_pattern : {false, true}) {
    const std::set<std::string>& wanted = names(by_pattern);
    if (!wanted.empty()) ask({true, by_pattern, true, {wanted.begin(), wanted.end()}, wanted.size(), {}});
  }
  if (requests_.empty()) {
    complete(std::exchange(resubscribed_, {}));
  } else {
    requests_.back().done = std::exchange(resubscribed_, {});
  }
}

void listener::on_reply(reply& got) {
  if (got.type() == reply::kind::error) return on_refused(got);
  if (got.type() != reply::kind::array && got.type() != reply::kind::push) return;
  const std::vector<reply>& parts = got.elements();
  const auto is_text = [&parts](std::size_t i) {
    return i < parts.size() && (parts[i].type() == reply::kind::string || parts[i].type() == reply::kind::status);
  };
  if (!is_text(0)) return fail("the server sent something that is not a message");
  const std::string& what = parts[0].text();
  if (what == "message" && is_text(1) && is_text(2)) {
    hand_over({parts[1].text(), parts[2].text(), {}});
  } else if (what == "pmessage" && is_text(1) && is_text(2) && is_text(3)) {
    hand_over({parts[2].text(), parts[3].text(), parts[1].text()});
  } else if (what.ends_with("subscribe")) {
    on_confirmed();
  }
}

void listener::on_confirmed() {
  if (requests_.empty() || --requests_.front().left != 0) return;
  const std::vector<future<void>> done = std::move(requests_.front().done);
  requests_.pop_front();
  complete(done);
}

void listener::on_refused(const reply& why) {
  if (requests_.empty()) return fail("the server says: " + why.text());
  request refused = std::move(requests_.front());
  requests_.pop_front();
  if (refused.again) {
    resubscribed_.insert(resubscribed_.end(), refused.done.begin(), refused.done.end());
    return fail("the server refused to subscribe: " + why.text(), true);
  }
  if (refused.adds)
    for (const std::string& each : refused.names) names(refused.by_pattern).erase(each);
  complete(refused.done, create_failure(error_reply(why.text())));
}

void listener::hand_over(message got) {
  got.after_loss = std::exchange(lossy_, false);
  if (messages_->try_send(std::move(got))) return;
  pause_reading();
  const future<void> sent = messages_->send(std::move(got)).as_future();
  add_callbacks(
      sent,
      [self = weak_from_this()] {
        if (const auto mine = self.lock()) static_cast<listener&>(*mine).resume_reading();
      },
      [](const failure&) {});  // the channel was closed
}

void listener::on_down(const failure&, const std::string& why) noexcept {
  for (request& each : requests_) {
    if (!each.adds) {
      complete(each.done);
    } else {
      resubscribed_.insert(resubscribed_.end(), each.done.begin(), each.done.end());
    }
  }
  requests_.clear();
  if (active()) return;
  channels_.clear();
  patterns_.clear();
  const failure lost =
      was_up_ && !ending_ ? create_failure(connection_lost(why)) : create_failure(connection_error(why));
  complete(std::exchange(resubscribed_, {}), lost);
  if (ending_) {
    messages_->close();
  } else {
    messages_->close(lost);
  }
}

void listener::end(std::string_view why) noexcept {
  ending_ = true;
  if (active()) {
    close(why);
  } else {
    messages_->close();
  }
}

}  // namespace interloop::redis
