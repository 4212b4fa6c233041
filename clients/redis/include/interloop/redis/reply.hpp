// SPDX-License-Identifier: MIT
// The server's answer, as a value that owns its parts.
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

struct redisReply;

namespace interloop::redis {

/// One reply: nothing, bytes, a status line, a number, or several replies. A value: copies are deep, and it does not
/// depend on a connection.
///
/// Thread safety: like a `std::string`. The accessors throw `interloop::usage_error` if the reply is of another kind;
/// the message says which.
class reply {
 public:
  enum class kind : unsigned char {
    nil,
    string,
    status,  ///< a short fixed text: `OK`, `PONG`, `QUEUED`
    integer,
    array,
    error,  ///< inside arrays only (`EXEC`, scripts); elsewhere a command's future fails with `error_reply`
    real,   ///< this and the rest come only with `client_options::protocol` 3
    boolean,
    map,  ///< elements: key, value, key, value…
    set,
    push,  ///< what the server says without having been asked
  };

  /// A nil reply.
  reply() noexcept = default;

  /// A copy of hiredis' reply, for programs that use hiredis themselves; the caller keeps owning that.
  [[nodiscard]] static reply copy_of(const redisReply& native);
  [[nodiscard]] static reply array_of(std::vector<reply> elements) noexcept;

  [[nodiscard]] kind type() const noexcept { return kind_; }
  [[nodiscard]] bool is_nil() const noexcept { return kind_ == kind::nil; }

  /// The bytes of a string, or the text of a status or an error.
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] long long integer() const;
  [[nodiscard]] double real() const;
  [[nodiscard]] bool boolean() const;
  /// Of an array, map, set or push.
  [[nodiscard]] const std::vector<reply>& elements() const;

  /// The reply as a value of a C++ type:
  ///
  /// - `std::string`: a string or status;
  /// - an integer type: an integer, or a text that is one; it must be in the type's range;
  /// - `double`: a number, or a text that is one;
  /// - `bool`: a boolean, or an integer, which is true unless it is 0;
  /// - `std::optional<T>`: nothing for nil, otherwise a `T`;
  /// - `std::vector<T>`: of the elements;
  /// - `reply`: itself.
  ///
  /// Errors: `usage_error` if it is something else; `error_reply` for a reply of kind error.
  template <class T>
  [[nodiscard]] T as() const {
    if constexpr (std::same_as<T, reply>) {
      return *this;
    } else if constexpr (std::same_as<T, std::string>) {
      return as_text();
    } else if constexpr (std::same_as<T, bool>) {
      return as_bool();
    } else if constexpr (std::integral<T>) {
      const long long value = as_integer();
      if (!std::in_range<T>(value)) out_of_range(value);
      return static_cast<T>(value);
    } else if constexpr (std::same_as<T, double>) {
      return as_double();
    } else if constexpr (is_optional<T>::value) {
      if (is_nil()) return std::nullopt;
      return as<typename T::value_type>();
    } else {
      static_assert(is_vector<T>::value,
                    "interloop: reply::as<T> knows std::string, integers, double, bool, std::optional, std::vector and "
                    "reply");
      T values;
      const auto& all = as_elements();
      values.reserve(all.size());
      for (const reply& each : all) values.push_back(each.as<typename T::value_type>());
      return values;
    }
  }

 private:
  friend class reader;
  template <class T>
  struct is_optional : std::false_type {};
  template <class T>
  struct is_optional<std::optional<T>> : std::true_type {};
  template <class T>
  struct is_vector : std::false_type {};
  template <class T>
  struct is_vector<std::vector<T>> : std::true_type {};

  void refuse_error() const;
  [[nodiscard]] const std::string& as_text() const;
  [[nodiscard]] long long as_integer() const;
  [[nodiscard]] double as_double() const;
  [[nodiscard]] bool as_bool() const;
  [[nodiscard]] const std::vector<reply>& as_elements() const;
  [[noreturn]] static void out_of_range(long long value);

  kind kind_ = kind::nil;
  std::variant<std::monostate, std::string, long long, std::vector<reply>, double, bool> value_;
};

/// The name of a kind, as above.
[[nodiscard]] const char* name_of(reply::kind kind) noexcept;

}  // namespace interloop::redis
