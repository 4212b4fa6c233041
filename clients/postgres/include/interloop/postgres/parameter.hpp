// SPDX-License-Identifier: MIT
// One parameter of a statement: what stands for $1, $2 and so on.
#pragma once

#include <interloop/postgres/column.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop::postgres {

/// A value, or NULL. Made from numbers, `bool`, texts, bytes, `std::optional` and `nullptr` of these, vectors (arrays),
/// and every type whose `column` has `to_text`. A text or bytes that are passed as an lvalue must live as long as this;
/// the client copies them in the call that takes the parameter.
///
/// The server chooses the type from where the parameter stands. Where it cannot (`SELECT $1`), it takes text; write
/// `$1::int`. Bytes are always `bytea`.
/// Errors: `usage_error`, from the call that takes it, for a text that contains a NUL, which PostgreSQL cannot store.
class parameter {
 public:
  parameter(std::nullptr_t) noexcept {}
  parameter(std::nullopt_t) noexcept {}
  parameter(bool value) noexcept : parameter(std::string_view(value ? "t" : "f"), how::given) {}
  template <class T>
    requires(std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>)
  parameter(T value) noexcept : how_(how::number) {
    length_ = static_cast<std::size_t>(std::to_chars(number_, number_ + sizeof number_ - 1, value).ptr - number_);
    number_[length_] = '\0';
  }
  template <std::floating_point T>
    requires(sizeof(T) <= sizeof(double))
  parameter(T value) noexcept : how_(how::number) {
    length_ = static_cast<std::size_t>(std::to_chars(number_, number_ + sizeof number_ - 1, value).ptr - number_);
    number_[length_] = '\0';
  }
  /// A null pointer is NULL.
  parameter(const char* text) noexcept
      : parameter(text ? std::string_view(text) : std::string_view(), text ? how::given : how::null) {}
  parameter(const std::string& text) noexcept : parameter(std::string_view(text), how::given) {}
  parameter(std::string_view text) : how_(how::owned), own_(text) {}
  parameter(std::span<const std::byte> bytes) noexcept
      : parameter(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), how::given) {
    bytes_ = true;
  }
  parameter(const std::vector<std::byte>& bytes) noexcept : parameter(std::span<const std::byte>(bytes)) {}
  template <class T>
  parameter(const std::optional<T>& value) : parameter(value ? parameter(*value) : parameter(nullptr)) {}
  template <class T>
    requires(!std::same_as<T, std::byte>)
  parameter(const std::vector<T>& values) : how_(how::owned), own_(array_of(values)) {}
  template <class T>
    requires requires(const T& value) {
      { column<T>::to_text(value) } -> std::convertible_to<std::string>;
    }
  parameter(const T& value) : how_(how::owned), own_(column<T>::to_text(value)) {}

  /// A copy that refers to nothing outside.
  [[nodiscard]] parameter kept() const {
    parameter copy(*this);
    if (how_ == how::given) {
      copy.own_.assign(data(), size());
      copy.how_ = how::owned;
    }
    return copy;
  }

  [[nodiscard]] bool is_null() const noexcept { return how_ == how::null; }
  [[nodiscard]] bool is_bytes() const noexcept { return bytes_; }
  /// The value as it is sent; a NUL follows it, unless it is bytes. Null for NULL.
  [[nodiscard]] const char* data() const noexcept {
    switch (how_) {
      case how::null:
        return nullptr;
      case how::number:
        return number_;
      case how::owned:
        return own_.c_str();
      default:
        return given_ ? given_ : "";
    }
  }
  [[nodiscard]] std::size_t size() const noexcept { return how_ == how::owned ? own_.size() : length_; }

 private:
  enum class how : unsigned char { null, number, given, owned };
  parameter(std::string_view given, how kind) noexcept : how_(kind), length_(given.size()), given_(given.data()) {}

  template <class T>
  static std::string array_of(const std::vector<T>& values) {
    std::vector<std::optional<std::string>> elements;
    elements.reserve(values.size());
    for (const T& each : values) {
      const parameter element(each);
      if (element.is_null()) {
        elements.emplace_back();
      } else {
        elements.emplace_back(std::in_place, element.data(), element.size());
      }
    }
    return parts::join_array(elements);
  }

  how how_ = how::null;
  bool bytes_ = false;
  std::size_t length_ = 0;
  const char* given_ = nullptr;
  char number_[32] = {};
  std::string own_;
};

/// Copies for later.
[[nodiscard]] inline std::vector<parameter> kept(std::span<const parameter> given) {
  std::vector<parameter> copies;
  copies.reserve(given.size());
  for (const parameter& each : given) copies.push_back(each.kept());
  return copies;
}

}  // namespace interloop::postgres
