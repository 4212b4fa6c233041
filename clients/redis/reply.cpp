// SPDX-License-Identifier: MIT
#include <interloop/redis/reply.hpp>

#include <hiredis/hiredis.h>
#include <interloop/error.hpp>
#include <interloop/redis/error.hpp>

#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

namespace interloop::redis {
namespace {

[[noreturn]] void wrong_kind(const char* asked, reply::kind actual) {
  throw usage_error(std::string("this reply is not ") + asked + " but of kind '" + name_of(actual) +
                    "'; look at type() first");
}

template <class Number>
Number parsed(const std::string& text, const char* asked) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || stop != end || text.empty())
    throw usage_error(std::string("this reply is not ") + asked + " but a text that is none; use text()");
  return value;
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
    case reply::kind::real:
      return "real";
    case reply::kind::boolean:
      return "boolean";
    case reply::kind::map:
      return "map";
    case reply::kind::set:
      return "set";
    case reply::kind::push:
      return "push";
  }
  return "unknown";
}

reply reply::copy_of(const redisReply& native) {
  reply made;
  const auto text = [&made, &native](kind as) {
    made.kind_ = as;
    made.value_.emplace<std::string>(native.str, static_cast<std::size_t>(native.len));
  };
  const auto several = [&made, &native](kind as) {
    made.kind_ = as;
    auto& elements = made.value_.emplace<std::vector<reply>>();
    elements.reserve(static_cast<std::size_t>(native.elements));
    for (std::size_t i = 0; i < native.elements; ++i) elements.push_back(copy_of(*native.element[i]));
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
#ifdef REDIS_REPLY_PUSH
    case REDIS_REPLY_DOUBLE:
      made.kind_ = kind::real;
      made.value_ = native.dval;
      break;
    case REDIS_REPLY_BOOL:
      made.kind_ = kind::boolean;
      made.value_ = native.integer != 0;
      break;
    case REDIS_REPLY_MAP:
      several(kind::map);
      break;
    case REDIS_REPLY_SET:
      several(kind::set);
      break;
    case REDIS_REPLY_PUSH:
      several(kind::push);
      break;
#endif
    default:  // strings and arrays, including types that later versions of the protocol add
      if (native.str) {
        text(kind::string);
      } else {
        several(kind::array);
      }
  }
  return made;
}

reply reply::array_of(std::vector<reply> elements) noexcept {
  reply made;
  made.kind_ = kind::array;
  made.value_ = std::move(elements);
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

double reply::real() const {
  const auto* held = std::get_if<double>(&value_);
  if (!held) wrong_kind("a real number", kind_);
  return *held;
}

bool reply::boolean() const {
  const auto* held = std::get_if<bool>(&value_);
  if (!held) wrong_kind("a boolean", kind_);
  return *held;
}

const std::vector<reply>& reply::elements() const {
  const auto* held = std::get_if<std::vector<reply>>(&value_);
  if (!held) wrong_kind("an array", kind_);
  return *held;
}

void reply::refuse_error() const {
  if (kind_ == kind::error) throw error_reply(text());
}

const std::string& reply::as_text() const {
  refuse_error();
  return text();
}

long long reply::as_integer() const {
  refuse_error();
  const auto* held = std::get_if<std::string>(&value_);
  return held ? parsed<long long>(*held, "an integer") : integer();
}

double reply::as_double() const {
  refuse_error();
  if (const auto* held = std::get_if<long long>(&value_)) return static_cast<double>(*held);
  const auto* held = std::get_if<std::string>(&value_);
  return held ? parsed<double>(*held, "a real number") : real();
}

bool reply::as_bool() const {
  refuse_error();
  const auto* held = std::get_if<long long>(&value_);
  return held ? *held != 0 : boolean();
}

const std::vector<reply>& reply::as_elements() const {
  refuse_error();
  return elements();
}

void reply::out_of_range(long long value) {
  throw usage_error("this reply is " + std::to_string(value) + ", which does not fit into the type asked for");
}

}  // namespace interloop::redis
