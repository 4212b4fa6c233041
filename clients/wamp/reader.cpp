// SPDX-License-Identifier: MIT
// What all formats have in common; reader_json.cpp and reader_binary.cpp have the rest.
#include <interloop/wamp/reader.hpp>

#include "unreadable.hpp"
#include "utf8.hpp"

#include <interloop/wamp/error.hpp>

#include <limits>

namespace interloop::wamp {

namespace {

const char* name_of(serializer format) noexcept {
  switch (format) {
    case serializer::json:
      return "JSON";
    case serializer::msgpack:
      return "MessagePack";
    default:
      return "CBOR";
  }
}

}  // namespace

void reader::fail(const char* what) const {
  throw protocol_error(std::string("malformed ") + name_of(format_) + " at byte " + std::to_string(at_ - begin_) +
                       ": " + what);
}

void reader::cannot_read(const char* what) const {
  throw unreadable(std::string(name_of(format_)) + " that is not part of WAMP, at byte " +
                   std::to_string(at_ - begin_) + ": " + what);
}

void reader::mismatch(const char* wanted) {
  throw value_error(std::string("wanted ") + wanted + ", but it is " + wamp::name_of(peek()));
}

std::string_view reader::take(std::uint64_t size) {
  if (static_cast<std::size_t>(end_ - at_) < size) fail("it ends within a string");
  const char* const from = at_;
  at_ += size;
  return {from, static_cast<std::size_t>(size)};
}

std::string_view reader::checked_text(std::string_view found) const {
  if (!is_utf8(found)) fail("a text is not UTF-8");
  return found;
}

void reader::enter(bool map, std::uint64_t size) {
  if (depth_ == deepest) cannot_read("lists and maps are nested more than 64 deep");
  if (size != unknown && size > static_cast<std::size_t>(end_ - at_)) fail("it ends within a list or map");
  levels_[depth_++] = {size, map, true};
}

kind reader::peek() {
  switch (format_) {
    case serializer::json:
      return peek_json();
    case serializer::msgpack:
      return peek_msgpack();
    default:
      return peek_cbor();
  }
}

void reader::null() {
  if (peek() != kind::null) mismatch("null");
  at_ += format_ == serializer::json ? 4 : 1;
}

bool reader::boolean() {
  if (peek() != kind::boolean) mismatch("a boolean");
  if (format_ == serializer::json) {
    const bool is_true = *at_ == 't';
    at_ += is_true ? 4 : 5;
    return is_true;
  }
  const unsigned char head = byte();
  return head == (format_ == serializer::msgpack ? 0xc3 : 0xf5);
}

std::int64_t reader::integer() {
  const char* const before = at_;
  const number read = any_integer();
  if (read.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    at_ = before;
    throw value_error("an integer is out of range: it does not fit into 64 bits with a sign");
  }
  const auto size = static_cast<std::int64_t>(read.size);
  return read.negative ? -1 - size : size;
}

std::uint64_t reader::natural() {
  const char* const before = at_;
  const number read = any_integer();
  if (read.negative) {
    at_ = before;
    throw value_error("an integer is out of range: it is negative");
  }
  return read.size;
}

reader::number reader::any_integer() {
  if (format_ == serializer::msgpack) return integer_msgpack();
  if (peek() != kind::integer) mismatch("an integer");
  if (format_ == serializer::cbor) {
    const unsigned char head = byte();
    return {argument_cbor(head), (head >> 5U) == 1};
  }
  bool real = false;
  std::string_view digits = number_json(real);
  at_ += digits.size();
  const bool minus = digits.front() == '-';
  if (minus) digits.remove_prefix(1);
  std::uint64_t size = 0;
  for (const char each : digits) size = size * 10 + static_cast<std::uint64_t>(each - '0');
  if (minus && size != 0) return {size - 1, true};
  return {size, false};
}

double reader::real() {
  switch (peek()) {
    case kind::integer: {
      const number read = any_integer();
      return read.negative ? -1.0 - static_cast<double>(read.size) : static_cast<double>(read.size);
    }
    case kind::real:
      break;
    default:
      mismatch("a number");
  }
  if (format_ == serializer::json) return real_json();
  if (format_ == serializer::cbor) return real_cbor();
  if (byte() == 0xca) return static_cast<double>(big_endian<float>());
  return big_endian<double>();
}

std::string_view reader::text() {
  if (format_ == serializer::msgpack) return text_msgpack();
  if (peek() != kind::text) mismatch("a text");
  return checked_text(format_ == serializer::json ? string_json() : string_cbor());
}

std::string_view reader::bytes() {
  if (peek() != kind::binary) mismatch("bytes");
  switch (format_) {
    case serializer::json:
      return bytes_json();
    case serializer::msgpack:
      return bytes_msgpack();
    default:
      return string_cbor();
  }
}

bool reader::more() {
  if (depth_ == 0) throw usage_error("wamp::reader: more() outside of a list or map");
  level& inside = levels_[depth_ - 1];
  if (format_ == serializer::json) {
    space();
    if (look() == (inside.map ? '}' : ']')) {
      ++at_;
      --depth_;
      return false;
    }
    if (!inside.first) {
      expect(',');
      space();
    }
    inside.first = false;
    return true;
  }
  if (inside.left == unknown) {
    if (look() != 0xff) return true;
    ++at_;
    --depth_;
    return false;
  }
  if (inside.left == 0) {
    --depth_;
    return false;
  }
  --inside.left;
  return true;
}

std::string_view reader::key() {
  const kind type = peek();
  if (type != kind::text && format_ == serializer::json && type != kind::binary) fail("a map's key is not a text");
  if (type != kind::text) cannot_read("a map's key is not a text");
  if (format_ != serializer::json) return text();
  const std::string_view name = checked_text(string_json());
  space();
  expect(':');
  return name;
}

void reader::skip() {
  if (format_ == serializer::msgpack) return skip_msgpack(depth_);
  switch (peek()) {
    case kind::list:
      enter_list();
      while (more()) skip();
      return;
    case kind::map:
      enter_map();
      while (more()) {
        static_cast<void>(key());
        skip();
      }
      return;
    case kind::null:
      return null();
    case kind::boolean:
      static_cast<void>(boolean());
      return;
    case kind::integer:
      static_cast<void>(any_integer());
      return;
    case kind::real:
      static_cast<void>(real());
      return;
    case kind::text:
      static_cast<void>(text());
      return;
    case kind::binary:
      static_cast<void>(bytes());
      return;
  }
}

std::string_view reader::raw() {
  if (format_ == serializer::json) space();
  const char* const from = at_;
  skip();
  return {from, static_cast<std::size_t>(at_ - from)};
}

void reader::finish() {
  if (format_ == serializer::json) space();
  if (at_ != end_ || depth_ != 0) fail("something follows");
}

}  // namespace interloop::wamp
