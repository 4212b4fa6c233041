// SPDX-License-Identifier: MIT
// MessagePack and CBOR (RFC 8949). Of CBOR, tags are passed over, and `undefined` is null.
#include <interloop/wamp/reader.hpp>

#include "utf8.hpp"

#include <interloop/wamp/error.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace interloop::wamp {

template <class Number>
Number reader::big_endian() {
  need(sizeof(Number));
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) bits = bits << 8U | static_cast<unsigned char>(at_[i]);
  at_ += sizeof(Number);
  if constexpr (std::is_same_v<Number, float>) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  } else if constexpr (std::is_same_v<Number, double>) {
    return std::bit_cast<double>(bits);
  } else {
    return static_cast<Number>(bits);
  }
}
template float reader::big_endian<float>();
template double reader::big_endian<double>();

void reader::enter_list() {
  if (format_ == serializer::msgpack) {
    const unsigned char head = look();
    if ((head & 0xf0U) == 0x90) {
      ++at_;
      return enter(false, head & 15U);
    }
    if (head == 0xdc || head == 0xdd) {
      ++at_;
      return enter(false, head == 0xdc ? big_endian<std::uint16_t>() : big_endian<std::uint32_t>());
    }
  }
  if (peek() != kind::list) mismatch("a list");
  const unsigned char head = byte();
  if (format_ == serializer::json) return enter(false, unknown);
  enter(false, head == 0x9f ? unknown : argument_cbor(head));
}

void reader::enter_map() {
  if (peek() != kind::map) mismatch("a map");
  const unsigned char head = byte();
  switch (format_) {
    case serializer::json:
      return enter(true, unknown);
    case serializer::cbor:
      return enter(true, head == 0xbf ? unknown : argument_cbor(head));
    case serializer::msgpack:
      if (head < 0x90) return enter(true, head & 15U);
      return enter(true, head == 0xde ? big_endian<std::uint16_t>() : big_endian<std::uint32_t>());
  }
}

// ---- MessagePack ----

kind reader::peek_msgpack() {
  const unsigned char head = look();
  if (head < 0x80 || head >= 0xe0) return kind::integer;
  if (head < 0x90) return kind::map;
  if (head < 0xa0) return kind::list;
  if (head < 0xc0) return kind::text;
  switch (head) {
    case 0xc0:
      return kind::null;
    case 0xc2:
    case 0xc3:
      return kind::boolean;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return kind::binary;
    case 0xca:
    case 0xcb:
      return kind::real;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return kind::integer;
    case 0xd9:
    case 0xda:
    case 0xdb:
      return kind::text;
    case 0xdc:
    case 0xdd:
      return kind::list;
    case 0xde:
    case 0xdf:
      return kind::map;
    case 0xc1:
      fail("the byte c1 is never used");
    default:
      cannot_read("extension types have no meaning here");
  }
}

/// As `skip`, without a table of levels.
void reader::skip_msgpack(unsigned deep) {
  const unsigned char head = byte();
  std::uint64_t parts = 0;  // of a list or map
  bool map = false;
  if (head < 0x80 || head >= 0xe0) return;
  if (head < 0x90) {
    parts = head & 15U;
    map = true;
  } else if (head < 0xa0) {
    parts = head & 15U;
  } else if (head < 0xc0) {
    static_cast<void>(checked_text(take(head & 31U)));
    return;
  } else {
    switch (head) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return;
      case 0xcc:
      case 0xd0:
        static_cast<void>(take(1));
        return;
      case 0xcd:
      case 0xd1:
        static_cast<void>(take(2));
        return;
      case 0xca:
      case 0xce:
      case 0xd2:
        static_cast<void>(take(4));
        return;
      case 0xcb:
      case 0xcf:
      case 0xd3:
        static_cast<void>(take(8));
        return;
      case 0xdc:
        parts = big_endian<std::uint16_t>();
        break;
      case 0xdd:
        parts = big_endian<std::uint32_t>();
        break;
      case 0xde:
        parts = big_endian<std::uint16_t>();
        map = true;
        break;
      case 0xdf:
        parts = big_endian<std::uint32_t>();
        map = true;
        break;
      default:
        --at_;
        if (peek_msgpack() == kind::text) {
          static_cast<void>(text_msgpack());
        } else {
          static_cast<void>(bytes_msgpack());
        }
        return;
    }
  }
  if (deep == deepest) cannot_read("lists and maps are nested more than 64 deep");
  if (parts > static_cast<std::size_t>(end_ - at_)) fail("it ends within a list or map");
  for (; parts > 0; --parts) {
    if (map) static_cast<void>(key());
    skip_msgpack(deep + 1);
  }
}

reader::number reader::integer_msgpack() {
  const unsigned char head = look();
  const auto with_sign = [](std::int64_t read) {
    return read < 0 ? number{~static_cast<std::uint64_t>(read), true} : number{static_cast<std::uint64_t>(read), false};
  };
  if (head < 0x80) {
    ++at_;
    return {head, false};
  }
  if (head >= 0xe0) {
    ++at_;
    return with_sign(static_cast<signed char>(head));
  }
  if (head < 0xcc || head > 0xd3) mismatch("an integer");
  ++at_;
  switch (head) {
    case 0xcc:
      return {big_endian<std::uint8_t>(), false};
    case 0xcd:
      return {big_endian<std::uint16_t>(), false};
    case 0xce:
      return {big_endian<std::uint32_t>(), false};
    case 0xcf:
      return {big_endian<std::uint64_t>(), false};
    case 0xd0:
      return with_sign(big_endian<std::int8_t>());
    case 0xd1:
      return with_sign(big_endian<std::int16_t>());
    case 0xd2:
      return with_sign(big_endian<std::int32_t>());
    default:
      return with_sign(big_endian<std::int64_t>());
  }
}

std::string_view reader::text_msgpack() {
  const unsigned char head = look();
  std::uint64_t size = 0;
  if ((head & 0xe0U) == 0xa0) {
    ++at_;
    size = head & 31U;
  } else if (head >= 0xd9 && head <= 0xdb) {
    ++at_;
    size = head == 0xd9   ? big_endian<std::uint8_t>()
           : head == 0xda ? big_endian<std::uint16_t>()
                          : big_endian<std::uint32_t>();
  } else {
    mismatch("a text");
  }
  return checked_text(take(size));
}

std::string_view reader::bytes_msgpack() {
  const unsigned char head = byte();
  return take(head == 0xc4   ? big_endian<std::uint8_t>()
              : head == 0xc5 ? big_endian<std::uint16_t>()
                             : big_endian<std::uint32_t>());
}

// ---- CBOR ----

void reader::tags_cbor() {
  while ((look() >> 5U) == 6) {
    const unsigned char head = byte();
    static_cast<void>(argument_cbor(head));
  }
}

kind reader::peek_cbor() {
  tags_cbor();
  const unsigned char head = look();
  if ((head & 31U) > 27 && (head & 31U) != 31) fail("a reserved length");
  const bool endless = (head & 31U) == 31;
  switch (head >> 5U) {
    case 0:
    case 1:
      if (endless) fail("an integer without a length");
      return kind::integer;
    case 2:
      return kind::binary;
    case 3:
      return kind::text;
    case 4:
      return kind::list;
    case 5:
      return kind::map;
    default:
      break;
  }
  switch (head) {
    case 0xf4:
    case 0xf5:
      return kind::boolean;
    case 0xf6:
    case 0xf7:
      return kind::null;
    case 0xf9:
    case 0xfa:
    case 0xfb:
      return kind::real;
    case 0xff:
      fail("an end where a value is due");
    default:
      cannot_read("an unknown simple value");
  }
}

std::uint64_t reader::argument_cbor(unsigned char head) {
  const unsigned size = head & 31U;
  if (size < 24) return size;
  switch (size) {
    case 24:
      return big_endian<std::uint8_t>();
    case 25:
      return big_endian<std::uint16_t>();
    case 26:
      return big_endian<std::uint32_t>();
    case 27:
      return big_endian<std::uint64_t>();
    default:
      fail("a reserved length");
  }
}

std::string_view reader::string_cbor() {
  const unsigned char head = byte();
  if ((head & 31U) != 31) return take(argument_cbor(head));
  scratch_.clear();
  while (look() != 0xff) {
    const unsigned char piece = byte();
    if ((piece >> 5U) != (head >> 5U) || (piece & 31U) == 31) fail("a piece of a string is of another type");
    scratch_ += take(argument_cbor(piece));
  }
  ++at_;
  return scratch_;
}

double reader::real_cbor() {
  const unsigned char head = byte();
  if (head == 0xfa) return static_cast<double>(big_endian<float>());
  if (head == 0xfb) return big_endian<double>();
  const auto half = big_endian<std::uint16_t>();  // RFC 8949, appendix D
  const int exponent = (half >> 10U) & 31U;
  const double mantissa = half & 1023U;
  double size = 0;
  if (exponent == 0) {
    size = std::ldexp(mantissa, -24);
  } else if (exponent != 31) {
    size = std::ldexp(mantissa + 1024, exponent - 25);
  } else if (mantissa == 0) {
    size = std::numeric_limits<double>::infinity();
  } else {
    size = std::numeric_limits<double>::quiet_NaN();
  }
  return (half & 0x8000U) != 0 ? -size : size;
}

}  // namespace interloop::wamp
