// SPDX-License-Identifier: MIT
//
// Re-entrancy. Some functions of hiredis must not be called inside its own callbacks. The callbacks here only complete
// futures, whose own callbacks run in a later turn or generation, so user code never runs inside hiredis.
#include "client.hpp"

#include "attach.hpp"

#include <hiredis/async.h>

#include <algorithm>
#include <cctype>
#include <new>
#include <utility>
#include <vector>

namespace redis {
namespace {

bool same_word(std::string_view given, std::string_view lower) {
  return given.size() == lower.size() && std::equal(given.begin(), given.end(), lower.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

void require_one_reply(std::string_view name) {
  for (const std::string_view refused : {"subscribe", "psubscribe", "unsubscribe", "punsubscribe", "monitor"})
    if (same_word(name, refused)) [[unlikely]]
      throw interloop::usage_error("command: " + std::string(name) +
                                   " does not have exactly one reply; this client is for commands that do");
}

}  // namespace

struct client::hooks {
  static client& of(const redisAsyncContext* context) { return *static_cast<client*>(context->data); }

  static void connected(const redisAsyncContext* context, int status) { of(context).on_connect(status == REDIS_OK); }
  static void replied(redisAsyncContext* context, void* reply, void*) { of(context).on_reply(reply); }
  static void disconnected(const redisAsyncContext* context, int) { of(context).on_gone(); }
};

client::client(interloop::api loop, client_options options) noexcept : loop_(loop), options_(options) {}

client::~client() {
  if (context_) drop(lost("the client was destroyed"));
}

void client::close() noexcept {
  if (context_) drop(lost("the client was closed"));
}

interloop::failure client::lost(std::string_view what) const {
  return interloop::create_failure(connection_error("redis " + address_ + ": " + std::string(what)));
}

interloop::future<void> client::connect(const std::string& host, int port) {
  if (context_)
    throw interloop::usage_error("connect: already connected or connecting to " + address_ + "; call close() first");
  if (port < 1 || port > 65535)
    throw interloop::usage_error("connect: a port is a number from 1 to 65535, not " + std::to_string(port));
  auto attempt = loop_.create_future<void>([this] {
    connecting_ = {};  // so that it fails as cancelled
    drop(lost("the connection attempt was cancelled"));
  });
  address_ = host + ":" + std::to_string(port);
  redisAsyncContext* fresh = redisAsyncConnect(host.c_str(), port);
  if (!fresh) throw std::bad_alloc();
  if (fresh->err) {
    gone_ = lost(fresh->errstr);
    redisAsyncFree(fresh);
    interloop::reject(attempt, *gone_);
    return attempt;
  }
  try {
    attach(loop_, *fresh);
  } catch (...) {
    redisAsyncFree(fresh);
    throw;
  }
  context_ = fresh;
  context_->data = this;
  connecting_ = attempt;
  gone_.reset();
  redisAsyncSetConnectCallback(context_, &hooks::connected);
  redisAsyncSetDisconnectCallback(context_, &hooks::disconnected);
  if (options_.timeout > interloop::duration::zero())
    connect_deadline_ = loop_.call_later(options_.timeout, [this] {
      drop(interloop::create_failure(interloop::timeout_error("redis " + address_ + ": connecting took too long")));
    });
  return attempt;
}

interloop::future<reply> client::send(std::span<const word> words) {
  if (words.empty() || words.front().view().empty())
    throw interloop::usage_error("command: the command is empty; pass at least its name, e.g. command(\"PING\")");
  require_one_reply(words.front().view());
  auto answer = loop_.create_future<reply>();
  if (!context_) [[unlikely]] {
    if (!gone_) throw interloop::usage_error("command: there is no connection; call connect() first");
    interloop::reject(answer, *gone_);
    return answer;
  }

  constexpr std::size_t usual = 8;
  const char* few_texts[usual];
  std::size_t few_lengths[usual];
  std::vector<const char*> many_texts(words.size() > usual ? words.size() : 0);
  std::vector<std::size_t> many_lengths(many_texts.size());
  const char** texts = many_texts.empty() ? few_texts : many_texts.data();
  std::size_t* lengths = many_lengths.empty() ? few_lengths : many_lengths.data();
  for (std::size_t i = 0; i < words.size(); ++i) {
    texts[i] = words[i].view().data();
    lengths[i] = words[i].view().size();
  }

  const bool limited = options_.timeout > interloop::duration::zero();
  const interloop::time_point deadline =
      limited ? loop_.loop().after(options_.timeout) : (interloop::time_point::max)();
  if (limited && !deadline_.active()) watch_deadlines(deadline);
  in_flight_.push_back({answer, deadline});
  if (redisAsyncCommandArgv(context_, &hooks::replied, nullptr, static_cast<int>(words.size()), texts, lengths) !=
      REDIS_OK) {
    in_flight_.pop_back();
    interloop::reject(answer, lost("the command was not accepted"));
  }
  return answer;
}

void client::watch_deadlines(interloop::time_point first) {
  deadline_ = loop_.call_at(first, [this] { look_at_deadlines(); });
}

// All commands have the same time limit, so their deadlines are in the order of the queue.
void client::look_at_deadlines() {
  const interloop::time_point now = loop_.now();
  for (; looked_at_ < in_flight_.size(); ++looked_at_) {
    const pending_command& oldest = in_flight_[looked_at_];
    if (interloop::is_called(oldest.answer)) continue;
    if (oldest.deadline > now) {
      watch_deadlines(oldest.deadline);
      return;
    }
    interloop::reject(oldest.answer, interloop::timeout_error(
                                         "redis " + address_ + ": no reply within " +
                                         std::to_string(options_.timeout / std::chrono::milliseconds(1)) + " ms"));
  }
}

void client::on_connect(bool connected) noexcept {
  if (connected) {
    finish_connecting(nullptr);
    return;
  }
  gone_ = lost(context_->c.errstr);
  finish_connecting(&*gone_);
  deadline_.cancel();
  context_ = nullptr;  // hiredis frees it next, and gives the commands null replies
}

void client::finish_connecting(const interloop::failure* failed) noexcept {
  connect_deadline_.cancel();
  const interloop::future<void> attempt = std::exchange(connecting_, {});
  if (!attempt || interloop::is_called(attempt)) return;
  if (failed) {
    interloop::reject(attempt, *failed);
  } else {
    interloop::resolve(attempt);
  }
}

void client::on_reply(void* native) noexcept {
  const interloop::future<reply> answer = std::move(in_flight_.front().answer);
  in_flight_.pop_front();
  if (looked_at_ > 0) --looked_at_;
  if (interloop::is_called(answer)) return;  // cancelled, timed out, or the loop was closed
  if (!native) {
    if (!gone_) gone_ = lost(context_->c.errstr);
    interloop::reject(answer, *gone_);
    return;
  }
  const redisReply& got = *static_cast<redisReply*>(native);
  try {
    if (got.type == REDIS_REPLY_ERROR) {
      interloop::reject(answer, redis_error(std::string(got.str, static_cast<std::size_t>(got.len))));
    } else {
      interloop::resolve(answer, reply::copy_of(got));
    }
  } catch (...) {
    interloop::reject(answer);  // no memory for a copy
  }
}

// The connection was lost; the commands have already had null replies.
void client::on_gone() noexcept {
  if (!context_) return;  // drop() did it
  if (!gone_) gone_ = lost(context_->c.errstr);
  context_ = nullptr;
  deadline_.cancel();
}

void client::drop(const interloop::failure& why) noexcept {
  gone_ = why;
  redisAsyncContext* context = std::exchange(context_, nullptr);
  finish_connecting(&why);
  redisAsyncFree(context);  // this calls `replied` with null for each command in flight
  deadline_.cancel();
}

}  // namespace redis
