// SPDX-License-Identifier: MIT
// Writes values as bytes, in one of the three formats, straight into a buffer: for codec.hpp, and for users who teach it
// types of theirs.
#pragma once

#include <interloop/wamp/options.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace interloop::wamp {

/// One value after the other. A list is `begin_list(n)`, n values, `end_list()`; a map is `begin_map(n)`, n times `key`
/// and a value, `end_map()`. The numbers must be right; nothing checks them.
///
/// Thread safety: one thread. Errors: `std::bad_alloc`; `value_error` for texts that are not UTF-8; what was written
/// before stays.
class writer {
 public:
  explicit writer(serializer format) noexcept : format_(format) {}
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;
  ~writer();

  void null();
  void boolean(bool given);
  void integer(std::int64_t given) {
    if (given >= 0) {
      natural(static_cast<std::uint64_t>(given));
    } else {
      write_negative(given);
    }
  }
  void natural(std::uint64_t given) {
    if (format_ == serializer::msgpack && given < 128) {
      put(static_cast<unsigned char>(given));
    } else if (format_ == serializer::msgpack && given > 0xffff && given <= 0xffffffff) {
      put_big_endian(0xce, static_cast<std::uint32_t>(given));
    } else {
      write_natural(given);
    }
  }
  /// NaN and infinities are written as such; in JSON as `NaN`, `Infinity`, `-Infinity`, as Crossbar reads and writes them.
  void real(double given) {
    if (format_ == serializer::msgpack) {
      put_big_endian(0xcb, std::bit_cast<std::uint64_t>(given));
    } else {
      write_real(given);
    }
  }
  void text(std::string_view given) {
    if (format_ != serializer::msgpack || given.size() >= 32 || !short_text(given)) write_text(given);
  }
  void binary(std::string_view bytes);
  void begin_list(std::size_t size) {
    if (format_ == serializer::msgpack && size < 16) {
      put(static_cast<unsigned char>(0x90U | size));
    } else {
      write_list(size);
    }
  }
  void end_list() {
    if (format_ == serializer::json) close_json(']');
  }
  void begin_map(std::size_t size) {
    if (format_ == serializer::msgpack && size < 16) {
      put(static_cast<unsigned char>(0x80U | size));
    } else {
      write_map(size);
    }
  }
  void key(std::string_view name);
  void end_map() {
    if (format_ == serializer::json) close_json('}');
  }
  /// A whole value that is written already, in this format.
  void raw(std::string_view encoded);

  [[nodiscard]] serializer format() const noexcept { return format_; }
  /// What was written. Valid until more is.
  [[nodiscard]] std::string_view view() const noexcept { return {begin_, static_cast<std::size_t>(end_ - begin_)}; }
  /// Empties it; keeps the memory, unless that is much.
  void clear() noexcept;

 private:
  void write_negative(std::int64_t given);
  void write_natural(std::uint64_t given);
  void write_real(double given);
  void write_text(std::string_view given);
  void write_list(std::size_t size);
  void write_map(std::size_t size);
  void close_json(char bracket);
  void next_json();  // a comma, if one is due
  void text_json(std::string_view given);
  void binary_json(std::string_view bytes);
  void real_json(double given);
  void head_cbor(unsigned major, std::uint64_t number);

  void put(unsigned char byte) {
    if (end_ == limit_) [[unlikely]]
      grow(1);
    *end_++ = static_cast<char>(byte);
  }
  void append(const void* bytes, std::size_t size) {
    if (static_cast<std::size_t>(limit_ - end_) < size) [[unlikely]]
      grow(size);
    if (size != 0) std::memcpy(end_, bytes, size);
    end_ += size;
  }
  /// A byte, and a number that begins with its highest byte: what MessagePack and CBOR consist of.
  template <class Number>
  void put_big_endian(unsigned char head, Number number) {
    if (static_cast<std::size_t>(limit_ - end_) < 1 + sizeof number) [[unlikely]]
      grow(1 + sizeof number);
    *end_++ = static_cast<char>(head);
    Number there = number;
    if constexpr (std::endian::native == std::endian::little) {
      if constexpr (sizeof number == 2) there = __builtin_bswap16(number);
      if constexpr (sizeof number == 4) there = __builtin_bswap32(number);
      if constexpr (sizeof number == 8) there = __builtin_bswap64(number);
    }
    std::memcpy(end_, &there, sizeof there);
    end_ += sizeof there;
  }
  /// Writes up to 31 bytes of ASCII in MessagePack; otherwise nothing, and returns false.
  bool short_text(std::string_view given) {
    const std::size_t size = given.size();
    if (static_cast<std::size_t>(limit_ - end_) < 1 + 32) [[unlikely]]
      grow(1 + 32);
    // In steps of eight bytes, the last of which may overlap the one before. Bytes behind the end do no harm.
    std::uint64_t any = 0;
    char* const to = end_ + 1;
    if (size >= 8) {
      for (std::size_t at = 0; at + 8 < size; at += 8) any |= copy_eight(to + at, given.data() + at);
      any |= copy_eight(to + size - 8, given.data() + size - 8);
    } else {
      for (std::size_t at = 0; at < size; ++at) {
        any |= static_cast<unsigned char>(given[at]);
        to[at] = given[at];
      }
    }
    if ((any & 0x8080808080808080U) != 0) return false;
    *end_ = static_cast<char>(0xa0U | size);
    end_ = to + size;
    return true;
  }
  static std::uint64_t copy_eight(char* to, const char* from) noexcept {
    std::uint64_t eight;
    std::memcpy(&eight, from, 8);
    std::memcpy(to, &eight, 8);
    return eight;
  }
  void grow(std::size_t more);

  char* begin_ = nullptr;
  char* end_ = nullptr;
  char* limit_ = nullptr;
  serializer format_;
  bool comma_ = false;  // of JSON: whether one comes before the next value
};

}  // namespace interloop::wamp
