// SPDX-License-Identifier: MIT
// Which C++ types arguments and results may have, and how each is written and read.
//
//     bool, integers, float, double      as such; a number must be in the type's range
//     std::string, string_view, "text"   text; the latter two can only be written
//     wamp::binary, vector<std::byte>    bytes
//     std::optional<T>, nullptr          null, or a T
//     std::vector<T>, std::array<T, n>   a list
//     std::tuple, std::pair              a list of exactly these
//     std::map<K, T>, unordered_map      a map; keys are std::string
//     wamp::value, list, dict            whatever it is
//
// For a type of your own, specialize `codec`:
//
//     template <>
//     struct interloop::wamp::codec<point> {
//       static void write(writer& to, const point& p) { codec<std::array<int, 2>>::write(to, {p.x, p.y}); }
//       static point read(reader& from) { const auto [x, y] = codec<std::array<int, 2>>::read(from); return {x, y}; }
//     };
#pragma once

#include <interloop/wamp/error.hpp>
#include <interloop/wamp/reader.hpp>
#include <interloop/wamp/value.hpp>
#include <interloop/wamp/writer.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace interloop::wamp {

/// How a type is written and read. Thread safety: that of `writer` and `reader`. `read` may throw what these do.
template <class T>
struct codec;

namespace detail {

[[noreturn]] void out_of_range(std::int64_t number);
[[noreturn]] void out_of_range(std::uint64_t number);
[[noreturn]] void wrong_count(std::size_t wanted, bool more);

template <class T>
concept text_like = std::convertible_to<const T&, std::string_view> && !std::same_as<T, std::nullptr_t>;

template <class T>
concept readable = requires(reader& from) {
  { codec<T>::read(from) } -> std::convertible_to<T>;
};

/// Writes any value whose type has a codec; texts of all types.
template <class T>
void write(writer& to, const T& given) {
  if constexpr (text_like<T>) {
    to.text(std::string_view(given));
  } else {
    codec<T>::write(to, given);
  }
}

}  // namespace detail

template <>
struct codec<bool> {
  static void write(writer& to, bool given) { to.boolean(given); }
  static bool read(reader& from) { return from.boolean(); }
};

template <class T>
  requires(std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>)
struct codec<T> {
  static void write(writer& to, T given) {
    if constexpr (std::is_signed_v<T>) {
      to.integer(given);
    } else {
      to.natural(given);
    }
  }
  static T read(reader& from) {
    if constexpr (std::is_signed_v<T>) {
      const std::int64_t read = from.integer();
      if (!std::in_range<T>(read)) detail::out_of_range(read);
      return static_cast<T>(read);
    } else {
      const std::uint64_t read = from.natural();
      if (!std::in_range<T>(read)) detail::out_of_range(read);
      return static_cast<T>(read);
    }
  }
};

template <std::floating_point T>
struct codec<T> {
  static void write(writer& to, T given) { to.real(static_cast<double>(given)); }
  static T read(reader& from) { return static_cast<T>(from.real()); }
};

template <>
struct codec<std::string> {
  static void write(writer& to, const std::string& given) { to.text(given); }
  static std::string read(reader& from) { return std::string(from.text()); }
};

template <>
struct codec<std::nullptr_t> {
  static void write(writer& to, std::nullptr_t) { to.null(); }
  static std::nullptr_t read(reader& from) {
    from.null();
    return nullptr;
  }
};

template <>
struct codec<binary> {
  static void write(writer& to, const binary& given) { to.binary(given.bytes); }
  static binary read(reader& from) { return binary(std::string(from.bytes())); }
};

template <>
struct codec<std::vector<std::byte>> {
  static void write(writer& to, const std::vector<std::byte>& given) {
    to.binary({reinterpret_cast<const char*>(given.data()), given.size()});
  }
  static std::vector<std::byte> read(reader& from) {
    const std::string_view found = from.bytes();
    const auto* first = reinterpret_cast<const std::byte*>(found.data());
    return {first, first + found.size()};
  }
};

template <class T>
struct codec<std::optional<T>> {
  static void write(writer& to, const std::optional<T>& given) {
    if (given) {
      detail::write(to, *given);
    } else {
      to.null();
    }
  }
  static std::optional<T> read(reader& from) {
    if (from.peek() != kind::null) return codec<T>::read(from);
    from.null();
    return std::nullopt;
  }
};

template <class T, class A>
  requires(!std::same_as<T, std::byte>)
struct codec<std::vector<T, A>> {
  static void write(writer& to, const std::vector<T, A>& given) {
    to.begin_list(given.size());
    for (const auto& each : given) detail::write(to, static_cast<const T&>(each));
    to.end_list();
  }
  static std::vector<T, A> read(reader& from) {
    std::vector<T, A> all;
    from.enter_list();
    while (from.more()) all.push_back(codec<T>::read(from));
    return all;
  }
};

template <class T, std::size_t n>
struct codec<std::array<T, n>> {
  static void write(writer& to, const std::array<T, n>& given) {
    to.begin_list(n);
    for (const T& each : given) detail::write(to, each);
    to.end_list();
  }
  static std::array<T, n> read(reader& from) {
    from.enter_list();
    return read_each(from, std::make_index_sequence<n>());
  }

 private:
  template <std::size_t>
  static T next(reader& from) {
    if (!from.more()) detail::wrong_count(n, false);
    return codec<T>::read(from);
  }
  template <std::size_t... i>
  static std::array<T, n> read_each(reader& from, std::index_sequence<i...>) {
    std::array<T, n> all{next<i>(from)...};  // in their order: the braces say so
    if (from.more()) detail::wrong_count(n, true);
    return all;
  }
};

template <class... Ts>
struct codec<std::tuple<Ts...>> {
  static void write(writer& to, const std::tuple<Ts...>& given) {
    to.begin_list(sizeof...(Ts));
    std::apply([&to](const auto&... each) { (detail::write(to, each), ...); }, given);
    to.end_list();
  }
  static std::tuple<Ts...> read(reader& from) {
    from.enter_list();
    std::tuple<Ts...> all{next<Ts>(from)...};
    if (from.more()) detail::wrong_count(sizeof...(Ts), true);
    return all;
  }

 private:
  template <class T>
  static T next(reader& from) {
    if (!from.more()) detail::wrong_count(sizeof...(Ts), false);
    return codec<T>::read(from);
  }
};

template <class A, class B>
struct codec<std::pair<A, B>> {
  static void write(writer& to, const std::pair<A, B>& given) {
    to.begin_list(2);
    detail::write(to, given.first);
    detail::write(to, given.second);
    to.end_list();
  }
  static std::pair<A, B> read(reader& from) {
    return std::make_from_tuple<std::pair<A, B>>(codec<std::tuple<A, B>>::read(from));
  }
};

namespace detail {

template <class Map>
struct map_codec {
  static void write(writer& to, const Map& given) {
    to.begin_map(given.size());
    for (const auto& [name, each] : given) {
      to.key(name);
      detail::write(to, each);
    }
    to.end_map();
  }
  /// Of members that come twice, the last one counts, as elsewhere.
  static Map read(reader& from) {
    Map all;
    from.enter_map();
    while (from.more()) {
      std::string name(from.key());
      all.insert_or_assign(std::move(name), codec<typename Map::mapped_type>::read(from));
    }
    return all;
  }
};

}  // namespace detail

template <class T, class C, class A>
struct codec<std::map<std::string, T, C, A>> : detail::map_codec<std::map<std::string, T, C, A>> {};
template <class T, class H, class E, class A>
struct codec<std::unordered_map<std::string, T, H, E, A>>
    : detail::map_codec<std::unordered_map<std::string, T, H, E, A>> {};

template <>
struct codec<value> {
  static void write(writer& to, const value& given);
  static value read(reader& from);
};

/// A value as a C++ type, and the other way round, by the rules above. Errors: `value_error`.
template <class T>
[[nodiscard]] value to_value(const T& given) {
  writer bytes(serializer::msgpack);
  detail::write(bytes, given);
  reader back(serializer::msgpack, bytes.view());
  return codec<value>::read(back);
}
template <class T>
[[nodiscard]] T from_value(const value& given) {
  writer bytes(serializer::msgpack);
  codec<value>::write(bytes, given);
  reader back(serializer::msgpack, bytes.view());
  return codec<T>::read(back);
}

}  // namespace interloop::wamp
