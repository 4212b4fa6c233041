// SPDX-License-Identifier: MIT
// Writes values as bytes, in one of the three formats, straight into a buffer: for codec.hpp, and for users who teach it
// types of theirs.
#pragma once

#include <interloop/wamp/options.hpp>

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
  void integer(std::int64_t given);
  void natural(std::uint64_t given) {
    if (format_ == serializer::msgpack && given < 128) {
      put(static_cast<unsigned char>(given));
    } else {
      write_natural(given);
    }
  }
  /// NaN and infinities are written as such; in JSON as `NaN`, `Infinity`, `-Infinity`, as Crossbar reads and writes them.
  void real(double given);
  void text(std::string_view given);
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
  void write_natural(std::uint64_t given);
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
  template <class Number>
  void put_number(unsigned char head, Number number);
  void grow(std::size_t more);

  char* begin_ = nullptr;
  char* end_ = nullptr;
  char* limit_ = nullptr;
  serializer format_;
  bool comma_ = false;  // of JSON: whether one comes before the next value
};

}  // namespace interloop::wamp
