// SPDX-License-Identifier: MIT
#include "reply.hpp"

#include <hiredis/hiredis.h>
#include <interloop/error.hpp>

#include <cstddef>

namespace redis {
namespace {

[[noreturn]] void wrong_kind(const char* asked, reply::kind actual) {
  throw interloop::usage_error(std::string("this reply is not ") + asked + " but of kind '" + name_of(actual) +
                               "'; look at type() first");
}

}  // namespace

const char* name_of(reply::kind kind) noexcept {
  switch (kind) {
    case reply::kind::nil:
      return "nil";
    case reply::kind::string:
      return "string";
    case reply::kind::status:
      return "status";
    case reply::kind::integer:
      return "integer";
    case reply::kind::array:
      return "array";
    case reply::kind::error:
      return "error";
  }
  return "unknown";
}

reply reply::copy_of(const redisReply& native) {
  reply made;
  const auto text = [&made, &native](kind as) {
    made.kind_ = as;
    made.value_.emplace<std::string>(native.str, static_cast<std::size_t>(native.len));
  };
  switch (native.type) {
    case REDIS_REPLY_NIL:
      break;
    case REDIS_REPLY_STATUS:
      text(kind::status);
      break;
    case REDIS_REPLY_ERROR:
      text(kind::error);
      break;
    case REDIS_REPLY_INTEGER:
      made.kind_ = kind::integer;
      made.value_ = native.integer;
      break;
    default:  // strings and arrays, including types that later versions of the protocol add
      if (native.str) {
        text(kind::string);
        break;
      }
      made.kind_ = kind::array;
      auto& elements = made.value_.emplace<std::vector<reply>>();
      elements.reserve(native.elements);
      for (std::size_t i = 0; i < native.elements; ++i) elements.push_back(copy_of(*native.element[i]));
  }
  return made;
}

const std::string& reply::text() const {
  const auto* held = std::get_if<std::string>(&value_);
  if (!held) wrong_kind("a text", kind_);
  return *held;
}

long long reply::integer() const {
  const auto* held = std::get_if<long long>(&value_);
  if (!held) wrong_kind("an integer", kind_);
  return *held;
}

const std::vector<reply>& reply::elements() const {
  const auto* held = std::get_if<std::vector<reply>>(&value_);
  if (!held) wrong_kind("an array", kind_);
  return *held;
}

}  // namespace redis
