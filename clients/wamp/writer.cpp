// SPDX-License-Identifier: MIT
#include <interloop/wamp/writer.hpp>

#include "base64.hpp"
#include "utf8.hpp"

#include <interloop/wamp/error.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <string>

namespace interloop::wamp {

namespace {

void require_text(std::string_view given) {
  if (!is_utf8(given)) throw value_error("a text that is to be sent is not UTF-8; send bytes as wamp::binary");
}

constexpr std::size_t kept_when_cleared = std::size_t{64} << 10U;

}  // namespace

writer::~writer() { std::free(begin_); }

void writer::clear() noexcept {
  if (static_cast<std::size_t>(limit_ - begin_) > kept_when_cleared) {
    std::free(begin_);
    begin_ = limit_ = nullptr;
  }
  end_ = begin_;
  comma_ = false;
}

void writer::grow(std::size_t more) {
  const auto used = static_cast<std::size_t>(end_ - begin_);
  const std::size_t size = std::max<std::size_t>({256, 2 * static_cast<std::size_t>(limit_ - begin_), used + more});
  void* const moved = std::realloc(begin_, size);
  if (!moved) throw std::bad_alloc();
  begin_ = static_cast<char*>(moved);
  end_ = begin_ + used;
  limit_ = begin_ + size;
}

void writer::null() {
  switch (format_) {
    case serializer::msgpack:
      return put(0xc0);
    case serializer::cbor:
      return put(0xf6);
    case serializer::json:
      next_json();
      return append("null", 4);
  }
}

void writer::boolean(bool given) {
  switch (format_) {
    case serializer::msgpack:
      return put(given ? 0xc3 : 0xc2);
    case serializer::cbor:
      return put(given ? 0xf5 : 0xf4);
    case serializer::json:
      next_json();
      return given ? append("true", 4) : append("false", 5);
  }
}

void writer::write_negative(std::int64_t given) {
  if (format_ == serializer::cbor) return head_cbor(1, ~static_cast<std::uint64_t>(given));
  if (format_ == serializer::json) {
    next_json();
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, given).ptr;
    return append(text, static_cast<std::size_t>(end - text));
  }
  const auto bits = static_cast<std::uint64_t>(given);
  if (given >= -32) {
    put(static_cast<unsigned char>(bits));
  } else if (given >= std::numeric_limits<std::int8_t>::min()) {
    put_big_endian(0xd0, static_cast<std::uint8_t>(bits));
  } else if (given >= std::numeric_limits<std::int16_t>::min()) {
    put_big_endian(0xd1, static_cast<std::uint16_t>(bits));
  } else if (given >= std::numeric_limits<std::int32_t>::min()) {
    put_big_endian(0xd2, static_cast<std::uint32_t>(bits));
  } else {
    put_big_endian(0xd3, bits);
  }
}

void writer::write_natural(std::uint64_t given) {
  if (format_ == serializer::cbor) return head_cbor(0, given);
  if (format_ == serializer::json) {
    next_json();
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, given).ptr;
    return append(text, static_cast<std::size_t>(end - text));
  }
  if (given < 128) {
    put(static_cast<unsigned char>(given));
  } else if (given <= 0xff) {
    put_big_endian(0xcc, static_cast<std::uint8_t>(given));
  } else if (given <= 0xffff) {
    put_big_endian(0xcd, static_cast<std::uint16_t>(given));
  } else if (given <= 0xffffffff) {
    put_big_endian(0xce, static_cast<std::uint32_t>(given));
  } else {
    put_big_endian(0xcf, given);
  }
}

void writer::write_real(double given) {
  switch (format_) {
    case serializer::msgpack:
      return put_big_endian(0xcb, std::bit_cast<std::uint64_t>(given));
    case serializer::cbor:
      return put_big_endian(0xfb, std::bit_cast<std::uint64_t>(given));
    case serializer::json:
      return real_json(given);
  }
}

void writer::write_text(std::string_view given) {
  require_text(given);
  const std::size_t size = given.size();
  if (format_ == serializer::json) return text_json(given);
  if (format_ == serializer::cbor) {
    head_cbor(3, size);
  } else if (size < 32) {
    put(static_cast<unsigned char>(0xa0U | size));
  } else if (size <= 0xff) {
    put_big_endian(0xd9, static_cast<std::uint8_t>(size));
  } else if (size <= 0xffff) {
    put_big_endian(0xda, static_cast<std::uint16_t>(size));
  } else {
    put_big_endian(0xdb, static_cast<std::uint32_t>(size));  // no message is 4 GiB
  }
  append(given.data(), size);
}

void writer::key(std::string_view name) {
  text(name);
  if (format_ != serializer::json) return;
  put(':');
  comma_ = false;
}

void writer::binary(std::string_view bytes) {
  const std::size_t size = bytes.size();
  if (format_ == serializer::json) return binary_json(bytes);
  if (format_ == serializer::cbor) {
    head_cbor(2, size);
  } else if (size <= 0xff) {
    put_big_endian(0xc4, static_cast<std::uint8_t>(size));
  } else if (size <= 0xffff) {
    put_big_endian(0xc5, static_cast<std::uint16_t>(size));
  } else {
    put_big_endian(0xc6, static_cast<std::uint32_t>(size));
  }
  append(bytes.data(), size);
}

void writer::write_list(std::size_t size) {
  if (format_ == serializer::json) {
    next_json();
    put('[');
    comma_ = false;
  } else if (format_ == serializer::cbor) {
    head_cbor(4, size);
  } else if (size < 16) {
    put(static_cast<unsigned char>(0x90U | size));
  } else if (size <= 0xffff) {
    put_big_endian(0xdc, static_cast<std::uint16_t>(size));
  } else {
    put_big_endian(0xdd, static_cast<std::uint32_t>(size));
  }
}

void writer::write_map(std::size_t size) {
  if (format_ == serializer::json) {
    next_json();
    put('{');
    comma_ = false;
  } else if (format_ == serializer::cbor) {
    head_cbor(5, size);
  } else if (size < 16) {
    put(static_cast<unsigned char>(0x80U | size));
  } else if (size <= 0xffff) {
    put_big_endian(0xde, static_cast<std::uint16_t>(size));
  } else {
    put_big_endian(0xdf, static_cast<std::uint32_t>(size));
  }
}

void writer::raw(std::string_view encoded) {
  if (format_ == serializer::json) next_json();
  append(encoded.data(), encoded.size());
}

void writer::head_cbor(unsigned major, std::uint64_t number) {
  const auto head = static_cast<unsigned char>(major << 5U);
  if (number < 24) {
    put(static_cast<unsigned char>(head | number));
  } else if (number <= 0xff) {
    put_big_endian(head | 24U, static_cast<std::uint8_t>(number));
  } else if (number <= 0xffff) {
    put_big_endian(head | 25U, static_cast<std::uint16_t>(number));
  } else if (number <= 0xffffffff) {
    put_big_endian(head | 26U, static_cast<std::uint32_t>(number));
  } else {
    put_big_endian(head | 27U, number);
  }
}

// ---- JSON ----

void writer::next_json() {
  if (comma_) put(',');
  comma_ = true;
}

void writer::close_json(char bracket) {
  put(static_cast<unsigned char>(bracket));
  comma_ = true;
}

void writer::text_json(std::string_view given) {
  next_json();
  put('"');
  std::size_t plain = 0;  // where what needs no escape begins
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto each = static_cast<unsigned char>(given[i]);
    if (each >= 0x20 && each != '"' && each != '\\') [[likely]]
      continue;
    append(given.data() + plain, i - plain);
    plain = i + 1;
    if (each == '"' || each == '\\') {
      put('\\');
      put(each);
    } else {
      constexpr std::string_view hex = "0123456789abcdef";
      append("\\u00", 4);
      put(static_cast<unsigned char>(hex[each >> 4U]));
      put(static_cast<unsigned char>(hex[each & 15U]));
    }
  }
  append(given.data() + plain, given.size() - plain);
  put('"');
}

void writer::binary_json(std::string_view bytes) {
  next_json();
  append("\"\\u0000", 7);
  const std::string text = to_base64(bytes);
  append(text.data(), text.size());
  put('"');
}

void writer::real_json(double given) {
  next_json();
  if (std::isnan(given)) return append("NaN", 3);
  if (std::isinf(given)) return given < 0 ? append("-Infinity", 9) : append("Infinity", 8);
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, given).ptr;
  append(text, static_cast<std::size_t>(end - text));
  // So that it is read as a real again.
  if (std::string_view(text, static_cast<std::size_t>(end - text)).find_first_of(".e") == std::string_view::npos)
    append(".0", 2);
}

}  // namespace interloop::wamp
