// SPDX-License-Identifier: MIT
#include "session.hpp"

#include "encode.hpp"

#include <interloop/redis/error.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace interloop::redis {

future<reply> session::send_words(std::span<const word> words) {
  require_one_reply(words);
  auto answer = loop().create_future<reply>();
  if (!up()) [[unlikely]] {
    bytes encoded;
    encode(encoded, words);
    put_in_line({answer, 1}, std::string(encoded.view()));
    return answer;
  }
  flush_soon();
  const std::size_t before = out().size();
  encode(out(), words);
  try {
    sent_.push_back({answer, 1});
  } catch (...) {
    out().shorten_to(before);
    throw;
  }
  ++sent_count_;
  return answer;
}

future<reply> session::send_together(std::string_view encoded, std::size_t replies) {
  auto answer = loop().create_future<reply>();
  if (!up()) {
    put_in_line({answer, replies}, std::string(encoded));
    return answer;
  }
  flush_soon();
  const std::size_t before = out().size();
  out().append(encoded);
  try {
    sent_.push_back({answer, replies});
  } catch (...) {
    out().shorten_to(before);
    throw;
  }
  ++sent_count_;
  return answer;
}

void session::put_in_line(command what, std::string encoded) {
  const bool may_wait = connecting() || (active() && options().wait_while_down);
  if (!may_wait) {
    if (gone().empty()) throw usage_error("command: there is no connection; call connect() first");
    reject(what.answer, connection_error(gone()));
    return;
  }
  const time_point deadline = limit_from_now();
  if (limited() && !alarm_.active()) watch_deadlines(deadline);
  waiting_.push_back({std::move(what), std::move(encoded), deadline});
}

time_point session::limit_from_now() {
  return limited() ? loop().loop().after(options().timeout) : (time_point::max)();
}

void session::on_up() {
  while (!waiting_.empty()) {
    unsent& first = waiting_.front();
    if (!is_called(first.what.answer)) {
      out().append(first.encoded);
      sent_.push_back(std::move(first.what));
      ++sent_count_;
      if (limited()) batches_.push_back({sent_count_, first.deadline});
    }
    waiting_.pop_front();
  }
}

void session::on_flush() {
  if (!limited()) return;
  const std::uint64_t answered = sent_count_ - sent_.size();
  while (!batches_.empty() && batches_.front().end <= answered) batches_.pop_front();
  if (sent_.empty() || (!batches_.empty() && batches_.back().end == sent_count_)) return;
  const time_point deadline = limit_from_now();
  batches_.push_back({sent_count_, deadline});
  if (!alarm_.active()) watch_deadlines(deadline);
}

void session::on_reply(reply& got) {
  if (got.type() == reply::kind::push) [[unlikely]]
    return;  // nobody asked for it
  if (sent_.empty()) [[unlikely]] {
    const bool says_why = got.type() == reply::kind::error;
    return fail(says_why ? "the server says: " + got.text() : "the server sent a reply that nobody asked for");
  }
  if (sent_.front().replies != 1) [[unlikely]] {
    together_.push_back(std::move(got));
    if (together_.size() < sent_.front().replies) return;
    got = reply::array_of(std::exchange(together_, {}));
  }
  const future<reply> answer = std::move(sent_.front().answer);
  sent_.pop_front();
  if (is_called(answer)) return;  // cancelled, timed out, or the loop was closed
  if (got.type() == reply::kind::error) {
    reject(answer, error_reply(got.text()));
  } else {
    resolve(answer, std::move(got));
  }
}

void session::on_down(const failure&, const std::string& why) noexcept {
  together_.clear();
  batches_.clear();
  alarm_.cancel();
  const bool keep_waiting = active() && options().wait_while_down;
  std::deque<command> sent = std::exchange(sent_, {});
  std::deque<unsent> waiting = keep_waiting ? std::deque<unsent>() : std::exchange(waiting_, {});
  if (!sent.empty()) {
    const failure lost = create_failure(connection_lost(why));
    for (const command& each : sent)
      if (!is_called(each.answer)) reject(each.answer, lost);
  }
  if (!waiting.empty()) {
    const failure none = create_failure(connection_error(why));
    for (const unsent& each : waiting)
      if (!is_called(each.what.answer)) reject(each.what.answer, none);
  }
  if (!waiting_.empty() && limited()) {
    try {
      watch_deadlines(waiting_.front().deadline);
    } catch (...) {  // no memory: they wait for the connection without a limit
    }
  }
}

void session::watch_deadlines(time_point first) {
  alarm_ = loop().call_at(first, [this] { look_at_deadlines(); });
}

void session::look_at_deadlines() {
  const time_point now = loop().now();
  const std::uint64_t answered = sent_count_ - sent_.size();
  std::uint64_t first = answered;
  while (!batches_.empty()) {
    const batch oldest = batches_.front();
    if (oldest.deadline > now && oldest.end > answered) break;
    for (; first < oldest.end; ++first) time_out(sent_[static_cast<std::size_t>(first - answered)].answer);
    batches_.pop_front();
  }
  for (const unsent& each : waiting_) {
    if (each.deadline > now) break;
    time_out(each.what.answer);
  }
  while (!waiting_.empty() && is_called(waiting_.front().what.answer)) waiting_.pop_front();
  if (!batches_.empty()) {
    watch_deadlines(batches_.front().deadline);
  } else if (!waiting_.empty()) {
    watch_deadlines(waiting_.front().deadline);
  }
}

void session::time_out(const future<reply>& answer) {
  if (is_called(answer)) return;
  reject(answer, timeout_error(about("no reply within " +
                                     std::to_string(options().timeout / std::chrono::milliseconds(1)) + " ms")));
}

}  // namespace interloop::redis
