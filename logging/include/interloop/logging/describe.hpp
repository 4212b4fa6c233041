// SPDX-License-Identifier: MIT
// Tells the logger which members a struct has, for {shape.sides} in formats and for sinks that want structure.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace interloop {

/// The members of `T` by name. Not described unless specialised, next to the type:
///
///     template <>
///     inline constexpr auto interloop::description<shape> = interloop::describe("sides", &shape::sides);
template <class T>
inline constexpr std::nullptr_t description = nullptr;

/// A name and its member: a pointer to a data member, or to a const member function without arguments.
template <class Member>
struct described_member {
  std::string_view name;
  Member member;
};

[[nodiscard]] constexpr std::tuple<> describe() noexcept { return {}; }

/// Names and members in turn: `describe("sides", &shape::sides, "area", &shape::area)`. Names are string literals.
template <class Member, class... More>
[[nodiscard]] constexpr auto describe(std::string_view name, Member member, More... more) noexcept {
  static_assert(std::is_member_pointer_v<Member>, "describe: pass names and pointers to members, alternately");
  return std::tuple_cat(std::tuple(described_member<Member>{name, member}), describe(more...));
}

namespace detail {
template <class T>
concept described = !std::is_same_v<std::remove_cvref_t<decltype(description<T>)>, std::nullptr_t>;
}  // namespace detail
}  // namespace interloop
