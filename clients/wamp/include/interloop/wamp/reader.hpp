// SPDX-License-Identifier: MIT
// Reads values from bytes, in one of the three formats, one after the other and without building a tree: for codec.hpp,
// and for users who teach it types of theirs.
#pragma once

#include <interloop/wamp/options.hpp>
#include <interloop/wamp/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace interloop::wamp {

/// One value after the other, in their order. A list is `enter_list()`, then a value each time that `more()` says so; a
/// map is `enter_map()`, then `key()` and a value each time that `more()` says so. Refers to the bytes.
///
/// Whatever the bytes are, reading them is safe: nesting is limited to 64 levels, and no memory is reserved for what they
/// only announce.
/// Thread safety: one thread. Errors: `protocol_error` for bytes that are not of the format, with their place;
/// `value_error` if the value is of another kind than the function is for, which is then still to be read.
class reader {
 public:
  reader(serializer format, std::string_view bytes) noexcept
      : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()), format_(format) {}
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  /// What comes next.
  [[nodiscard]] kind peek();

  void null();
  [[nodiscard]] bool boolean();
  /// Errors: `value_error` also if the number is not in the type's range. Reals are not integers, not even 1.0.
  [[nodiscard]] std::int64_t integer();
  [[nodiscard]] std::uint64_t natural();
  /// Of any number.
  [[nodiscard]] double real();
  /// Valid until the next call: the bytes themselves, or a copy where these are in pieces or have escapes.
  [[nodiscard]] std::string_view text();
  [[nodiscard]] std::string_view bytes();

  void enter_list();
  void enter_map();
  /// Whether the innermost list or map has another element; if not, it is left.
  [[nodiscard]] bool more();
  [[nodiscard]] std::string_view key();

  /// Passes the next value, whatever it is, and checks it.
  void skip();
  /// The same; returns its bytes, which another reader may read.
  [[nodiscard]] std::string_view raw();
  /// Errors: `protocol_error` if anything is left.
  void finish();

  [[nodiscard]] serializer format() const noexcept { return format_; }

 private:
  struct level {
    std::uint64_t left;  // how many elements; `unknown`: until an end comes
    bool map;
    bool first;
  };
  static constexpr std::uint64_t unknown = ~std::uint64_t{0};
  static constexpr unsigned deepest = 64;
  /// An integer of up to 65 bits: of CBOR, down to -2^64.
  struct number {
    std::uint64_t size;  // if negative: -1 - value
    bool negative;
  };

  [[noreturn]] void fail(const char* what) const;
  [[noreturn]] void cannot_read(const char* what) const;  // which is not malformed
  [[noreturn]] void mismatch(const char* wanted);
  void need(std::size_t size) const {
    if (static_cast<std::size_t>(end_ - at_) < size) fail("it ends too early");
  }
  [[nodiscard]] unsigned char byte() {
    need(1);
    return static_cast<unsigned char>(*at_++);
  }
  [[nodiscard]] unsigned char look() const {
    need(1);
    return static_cast<unsigned char>(*at_);
  }
  template <class Number>
  [[nodiscard]] Number big_endian();
  [[nodiscard]] std::string_view take(std::uint64_t size);
  [[nodiscard]] std::string_view checked_text(std::string_view found) const;
  void enter(bool map, std::uint64_t size);
  [[nodiscard]] number any_integer();

  // MessagePack
  void skip_msgpack(unsigned deep);
  [[nodiscard]] kind peek_msgpack();
  [[nodiscard]] number integer_msgpack();
  [[nodiscard]] std::string_view text_msgpack();
  [[nodiscard]] std::string_view bytes_msgpack();
  // CBOR
  void tags_cbor();
  [[nodiscard]] kind peek_cbor();
  [[nodiscard]] std::uint64_t argument_cbor(unsigned char head);
  [[nodiscard]] std::string_view string_cbor();
  [[nodiscard]] double real_cbor();
  // JSON
  void space();
  void expect(char wanted);
  [[nodiscard]] bool literal(std::string_view word);
  [[nodiscard]] kind peek_json();
  [[nodiscard]] std::string_view number_json(bool& real);
  [[nodiscard]] double real_json();
  [[nodiscard]] std::string_view string_json();
  [[nodiscard]] std::string_view bytes_json();
  void escape_json();
  [[nodiscard]] unsigned hex4_json();

  const char* begin_;
  const char* at_;
  const char* end_;
  serializer format_;
  unsigned depth_ = 0;
  std::string scratch_;
  level levels_[deepest];  // NOLINT: the first `depth_` of them are set
};

}  // namespace interloop::wamp
