// SPDX-License-Identifier: MIT
// Makes views of values: which kind each C++ type is, how its members are found, and how it is formatted.
#pragma once

#include <interloop/detail/chrono.hpp>
#include <interloop/detail/invoke.hpp>
#include <interloop/failure.hpp>
#include <interloop/logging/describe.hpp>
#include <interloop/logging/value.hpp>

#include <fmt/core.h>

#include <concepts>
#include <cstdint>
#include <exception>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// Operations of a type whose value is not held in the view itself. Those that make no sense for it are null.
struct value_ops {
  value_kind kind;
  /// Calls `use` with the value as an fmt argument, so that formatting is compiled in the library, not at each call
  /// that logs.
  void (*formatted)(const void* object, visitor<fmt::format_args> use);
  bool (*attribute)(const void* object, std::string_view name, visitor<value_view> use);
  bool (*item)(const void* object, std::string_view key, visitor<value_view> use);
  void (*each)(const void* object, visitor<value_view, value_view> use);
};

template <class T>
concept text_like = std::convertible_to<const T&, std::string_view>;
// std::filesystem::path, recognised by its members: its header would cost a file as much as everything else here.
template <class T>
concept path_like = requires(const T& path) {
  T::preferred_separator;
  path.root_directory();
  { path.native() } -> std::same_as<const std::string&>;
};
template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
// What a range-based `for` accepts; without <ranges>, for the same reason.
template <class T>
using iterator_of = decltype(std::begin(std::declval<const T&>()));
template <class T>
concept sequence_like = requires(const T& range) {
  std::begin(range) != std::end(range);
} && !text_like<T> && !path_like<T> && !std::same_as<std::remove_cvref_t<decltype(*std::declval<iterator_of<T>>())>, T>;
template <class T>
concept mapping_like = sequence_like<T> && requires {
  typename T::key_type;
  typename T::mapped_type;
};

/// What the check of a format knows about a value: the type that a path leads to, or nothing.
template <class T>
value_view view_of(const T& value) noexcept;

/// Parses a whole text as a number. Returns false if it is not a number or too large.
bool parse_key(std::string_view text, std::int64_t& key) noexcept;
bool parse_key(std::string_view text, std::uint64_t& key) noexcept;

template <std::integral Key>
bool is_key(std::string_view text, Key key) noexcept {
  std::conditional_t<std::is_signed_v<Key>, std::int64_t, std::uint64_t> number{};
  return parse_key(text, number) && number == key;
}

template <class T>
struct ops_of {
  static const T& self(const void* object) noexcept { return *static_cast<const T*>(object); }

  static void formatted(const void* object, visitor<fmt::format_args> use) {
    const T& value = self(object);
    use(fmt::make_format_args(value));
  }

  static bool attribute(const void* object, std::string_view name, visitor<value_view> use) {
    bool found = false;
    const auto look = [&](const auto& each) {
      if (found || each.name != name) return;
      found = true;
      use_member(object, each.member, use);
    };
    std::apply([&](const auto&... each) { (look(each), ...); }, description<T>);
    return found;
  }
  template <class Member, class Use>
  static void use_member(const void* object, Member member, Use use) {
    decltype(auto) value = detail::invoke(member, self(object));  // a getter's temporary lives until `use` is done
    use(view_of(value));
  }
  static void each_attribute(const void* object, visitor<value_view, value_view> use) {
    const auto show = [&](const auto& each) {
      use_member(object, each.member, [&](value_view value) { use(value_view(each.name), value); });
    };
    std::apply([&](const auto&... each) { (show(each), ...); }, description<T>);
  }

  static bool item_by_number(const void* object, std::string_view key, visitor<value_view> use) {
    std::int64_t number = 0;
    if (!parse_key(key, number)) return false;
    if (number < 0)
      for (auto at = std::begin(self(object)); at != std::end(self(object)); ++at) ++number;
    if (number < 0) return false;
    for (auto&& value : self(object)) {
      if (number-- > 0) continue;
      use(view_of(value));
      return true;
    }
    return false;
  }
  static void each_number(const void* object, visitor<value_view, value_view> use) {
    std::int64_t number = 0;
    for (auto&& value : self(object)) use(value_view(number++), view_of(value));
  }

  static bool item_by_key(const void* object, std::string_view key, visitor<value_view> use) {
    for (const auto& [name, value] : self(object)) {  // most maps cannot look up a string_view, and these are small
      using name_type = std::remove_cvref_t<decltype(name)>;
      bool same = false;
      if constexpr (text_like<name_type>) {
        same = std::string_view(name) == key;
      } else if constexpr (std::integral<name_type>) {
        if constexpr (!std::same_as<name_type, bool>) same = is_key(key, name);
      }
      if (!same) continue;
      use(view_of(value));
      return true;
    }
    return false;
  }
  static void each_key(const void* object, visitor<value_view, value_view> use) {
    for (const auto& [name, value] : self(object)) use(view_of(name), view_of(value));
  }

  static constexpr value_ops make() noexcept {
    if constexpr (described<T>)
      return {value_kind::record, nullptr, attribute, nullptr, each_attribute};
    else if constexpr (mapping_like<T>)
      return {value_kind::mapping, nullptr, nullptr, item_by_key, each_key};
    else if constexpr (sequence_like<T>)
      return {value_kind::sequence, nullptr, nullptr, item_by_number, each_number};
    else
      return {value_kind::other, formatted, nullptr, nullptr, nullptr};
  }
  static constexpr value_ops ops = make();
};

template <class T>
value_view view_of(const T& value) noexcept {
  using bare = std::remove_cv_t<T>;
  if constexpr (std::same_as<bare, value_view>) {
    return value;
  } else if constexpr (std::same_as<bare, bool>) {
    return value_view(static_cast<bool>(value));
  } else if constexpr (std::same_as<bare, char>) {
    return value_view(std::string_view(__builtin_addressof(value), 1));
  } else if constexpr (std::signed_integral<bare> && sizeof(bare) <= 8) {
    return value_view(static_cast<std::int64_t>(value));
  } else if constexpr (std::unsigned_integral<bare> && sizeof(bare) <= 8) {
    return value_view(static_cast<std::uint64_t>(value));
  } else if constexpr (std::same_as<bare, float>) {
    return value_view(static_cast<float>(value));
  } else if constexpr (std::floating_point<bare>) {
    return value_view(static_cast<double>(value));
  } else if constexpr (std::same_as<bare, std::nullptr_t>) {
    return value_view();
  } else if constexpr (std::is_pointer_v<bare> && text_like<bare>) {
    return value ? value_view(std::string_view(value)) : value_view();
  } else if constexpr (text_like<bare>) {
    return value_view(std::string_view(value));
  } else if constexpr (path_like<bare>) {
    return value_view(std::string_view(value.native()));
  } else if constexpr (std::derived_from<bare, failure>) {
    return value_view(static_cast<const failure&>(value));
  } else if constexpr (std::derived_from<bare, std::exception>) {
    return value_view(std::string_view(value.what()));
  } else if constexpr (is_duration<bare>) {
    return value_view(std::chrono::duration<double>(value).count());
  } else if constexpr (is_optional<bare>) {
    return value ? view_of(*value) : value_view();
  } else if constexpr (described<bare> || sequence_like<bare> || fmt::is_formattable<bare>::value) {
    return value_view(__builtin_addressof(value), ops_of<bare>::ops);
  } else if constexpr (std::is_enum_v<bare>) {
    using number = std::underlying_type_t<bare>;
    if constexpr (std::signed_integral<number>)
      return value_view(static_cast<std::int64_t>(value));
    else
      return value_view(static_cast<std::uint64_t>(value));
  } else {
    static_assert(described<bare>,
                  "a value of this type cannot be logged: specialise interloop::description or fmt::formatter for it");
    return {};
  }
}

}  // namespace interloop::detail
