// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace demo {
namespace {

int send(redisAsyncContext* context, redisCallbackFn* replied, void* data,
         std::initializer_list<std::string_view> words) {
  const char* texts[4];
  std::size_t lengths[4];
  int count = 0;
  for (const std::string_view each : words) {
    texts[count] = each.data();
    lengths[count++] = each.size();
  }
  return redisAsyncCommandArgv(context, replied, data, count, texts, lengths);
}

bool is(const redisReply& got, int type, std::string_view text) {
  return got.type == type && std::string_view(got.str, static_cast<std::size_t>(got.len)) == text;
}

}  // namespace

peer::peer(int argc, char** argv, void (*finished)(void*), void* data)
    : given_(parse(argc, argv)),
      finished_(finished),
      data_(data),
      context_(redisAsyncConnect(given_.host.c_str(), given_.port)) {
  std::signal(SIGPIPE, SIG_IGN);
  if (!context_ || context_->err) {
    std::fprintf(stderr, "no connection: %s\n", context_ ? context_->errstr : "out of memory");
    std::exit(1);
  }
  context_->data = this;
}

peer::~peer() {
  if (context_) redisAsyncFree(context_);
}

void peer::start() {
  redisAsyncSetDisconnectCallback(context_, [](const redisAsyncContext* context, int) {
    static_cast<peer*>(context->data)->context_ = nullptr;  // hiredis frees it
  });
  redisAsyncSetConnectCallback(context_, [](const redisAsyncContext* context, int status) {
    peer& self = *static_cast<peer*>(context->data);
    if (status != REDIS_OK) {
      std::fprintf(stderr, "no connection: %s\n", context->c.errstr);
      self.context_ = nullptr;  // hiredis frees it
      return self.finish();
    }
    self.measured_ = std::make_unique<measurement>(self.given_);
    self.running_ = self.given_.window;
    self.lanes_.resize(self.given_.window);
    for (lane& each : self.lanes_) {
      each.owner = &self;
      each.next();
    }
  });
}

void peer::finish() { finished_(data_); }

int peer::report(std::string_view loop, std::string_view style) {
  return measured_ ? measured_->report(loop, style) : 1;
}

void peer::lane::next() {
  if (!owner->measured_->next(mine)) {
    if (--owner->running_ == 0) owner->finish();
    return;
  }
  sent = measurement::clock::now();
  if (send(owner->context_, &stored, this, {"SET", mine.key(), mine.value()}) != REDIS_OK) give_up();
}

void peer::lane::read_back() {
  sent = measurement::clock::now();
  if (send(owner->context_, &got, this, {"GET", mine.key()}) != REDIS_OK) give_up();
}

// This happens only if the connection is lost, and the other lanes notice that too.
void peer::lane::give_up() {
  owner->measured_->failed("the connection was lost");
  if (--owner->running_ == 0) owner->finish();
}

void peer::lane::stored(redisAsyncContext*, void* reply, void* self) {
  lane& me = *static_cast<lane*>(self);
  if (!reply) return me.give_up();
  me.owner->measured_->done(me.sent, is(*static_cast<redisReply*>(reply), REDIS_REPLY_STATUS, "OK"));
  me.read_back();
}

void peer::lane::got(redisAsyncContext*, void* reply, void* self) {
  lane& me = *static_cast<lane*>(self);
  if (!reply) return me.give_up();
  me.owner->measured_->done(me.sent, is(*static_cast<redisReply*>(reply), REDIS_REPLY_STRING, me.mine.value()));
  me.next();
}

}  // namespace demo
