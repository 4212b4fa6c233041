// SPDX-License-Identifier: MIT
//
// The parser announces an array before its elements, with their number, which the other side has chosen: elements are
// added as they come, so that a large number costs nothing. The parser keeps a pointer to each array under way. Such an
// array is the last element of its own parent, which gets no further element until the array is complete, so it does not
// move.
#include "reader.hpp"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <vector>

namespace interloop::redis {

struct reader::making {
  /// The reply that the parser is about to fill: the current one, or a new last element of the array under way.
  static reply& place(const redisReadTask* task) {
    if (!task->parent) return static_cast<reader*>(task->privdata)->current_;
    return std::get<std::vector<reply>>(static_cast<reply*>(task->parent->obj)->value_).emplace_back();
  }

  /// Null tells the parser that memory ran out; no exception may pass through it.
  template <class Fill>
  static void* make(const redisReadTask* task, reply::kind kind, Fill fill) noexcept {
    try {
      reply& made = place(task);
      made.kind_ = kind;
      fill(made.value_);
      return &made;
    } catch (...) {
      return nullptr;
    }
  }

  static void* text(const redisReadTask* task, char* data, std::size_t size) noexcept {
    auto kind = reply::kind::string;
    if (task->type == REDIS_REPLY_STATUS) kind = reply::kind::status;
    if (task->type == REDIS_REPLY_ERROR) kind = reply::kind::error;
#ifdef REDIS_REPLY_VERB
    if (task->type == REDIS_REPLY_VERB && size >= 4) {  // its format, such as `txt:`
      data += 4;
      size -= 4;
    }
#endif
    return make(task, kind, [=](auto& value) { value.template emplace<std::string>(data, size); });
  }

  template <class Count>  // int or size_t, by version
  static void* array(const redisReadTask* task, Count count) noexcept {
    auto kind = reply::kind::array;
#ifdef REDIS_REPLY_PUSH
    if (task->type == REDIS_REPLY_MAP) kind = reply::kind::map;
    if (task->type == REDIS_REPLY_SET) kind = reply::kind::set;
    if (task->type == REDIS_REPLY_PUSH) kind = reply::kind::push;
#endif
    return make(task, kind, [=](auto& value) {
      value.template emplace<std::vector<reply>>().reserve(std::min(static_cast<std::size_t>(count), std::size_t{64}));
    });
  }

  static void* integer(const redisReadTask* task, long long number) noexcept {
    return make(task, reply::kind::integer, [=](auto& value) { value = number; });
  }
  static void* nil(const redisReadTask* task) noexcept {
    return make(task, reply::kind::nil, [](auto& value) { value = std::monostate(); });
  }
#ifdef REDIS_REPLY_PUSH
  static void* real(const redisReadTask* task, double number, char*, std::size_t) noexcept {
    return make(task, reply::kind::real, [=](auto& value) { value = number; });
  }
  static void* boolean(const redisReadTask* task, int truth) noexcept {
    return make(task, reply::kind::boolean, [=](auto& value) { value = truth != 0; });
  }
#endif
  static void forget(void*) noexcept {}  // `current_` owns all
};

redisReplyObjectFunctions reader::functions() {
  redisReplyObjectFunctions all{};
  all.createString = &making::text;
  all.createArray = &making::array;
  all.createInteger = &making::integer;
  all.createNil = &making::nil;
#ifdef REDIS_REPLY_PUSH
  all.createDouble = &making::real;
  all.createBool = &making::boolean;
#endif
  all.freeObject = &making::forget;
  return all;
}

reader::reader() {
  static redisReplyObjectFunctions all = functions();
  native_.reset(redisReaderCreateWithFunctions(&all));
  if (!native_) throw std::bad_alloc();
  native_->privdata = this;
}

reader::~reader() = default;

void reader::feed(const char* data, std::size_t size) {
  if (redisReaderFeed(native_.get(), data, size) != REDIS_OK && native_->err == REDIS_ERR_OOM) throw std::bad_alloc();
}

reply* reader::next() {
  void* complete = nullptr;
  if (redisReaderGetReply(native_.get(), &complete) != REDIS_OK) return nullptr;
  return static_cast<reply*>(complete);
}

std::string reader::problem() const { return native_->err ? native_->errstr : ""; }

void reader::freeing::operator()(redisReader* native) const noexcept { redisReaderFree(native); }

bool reads_protocol_3() noexcept {
#ifdef REDIS_REPLY_PUSH
  return true;
#else
  return false;
#endif
}

}  // namespace interloop::redis
