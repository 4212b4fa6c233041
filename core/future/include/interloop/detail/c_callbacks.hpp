// SPDX-License-Identifier: MIT
// The parts of c_callback.hpp: what a C callback's type says, the function that stands in for it, and what an outgoing
// future tells C.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/failure.hpp>
#include <interloop/remote_promise.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop::detail {

/// How a callback's arguments become the value, unless a converter says otherwise: none: `void`; one: that one; more: a
/// tuple. Text is copied, because C may release it after the call.
struct c_values {
  template <class T>
  static T kept(T given) {
    return given;
  }
  static std::string kept(const char* text) { return text ? text : ""; }

  void operator()() const {}
  template <class T>
  auto operator()(T only) const {
    return kept(only);
  }
  template <class... T>
    requires(sizeof...(T) > 1)
  auto operator()(T... all) const {
    return std::make_tuple(kept(all)...);
  }
};

template <class T>
inline constexpr bool is_void_pointer = std::is_pointer_v<T> && std::is_void_v<std::remove_pointer_t<T>>;

template <class Member>
struct object_with;
template <class Object, class T>
struct object_with<T Object::*> : std::type_identity<const Object*> {};

/// Where a callback's data is. `Where` is null, for the only `void*` parameter; the number of the parameter, from 0; or a
/// member of an object that a parameter points to.
template <auto Where, class... Args>
struct c_data_place {
  using all = std::tuple<Args...>;
  /// Whether that parameter is among the values too.
  static constexpr bool counts = std::is_member_object_pointer_v<decltype(Where)>;

  static consteval std::size_t locate() {
    constexpr auto first = [](const auto& is) {
      std::size_t at = 0;
      while (at < sizeof...(Args) && !is[at]) ++at;
      return at;
    };
    if constexpr (std::is_null_pointer_v<decltype(Where)>) {
      static_assert((0 + ... + int{is_void_pointer<Args>}) == 1,
                    "interloop: the callback has no parameter of type void*, or several; say which is its data, by "
                    "number, from 0: c_callback<callback, 2>(loop)");
      return first(std::array<bool, sizeof...(Args) + 1>{is_void_pointer<Args>..., false});
    } else if constexpr (counts) {
      using object = typename object_with<decltype(Where)>::type;
      constexpr std::size_t at =
          first(std::array<bool, sizeof...(Args) + 1>{std::is_convertible_v<Args, object>..., false});
      static_assert(at < sizeof...(Args),
                    "interloop: no parameter of the callback points to an object with this member");
      return at;
    } else {
      constexpr auto at = static_cast<std::size_t>(Where);
      static_assert(at < sizeof...(Args), "interloop: the callback has fewer parameters");
      static_assert(is_void_pointer<std::tuple_element_t<at, all>>,
                    "interloop: this parameter of the callback is not a void*");
      return at;
    }
  }
  static constexpr std::size_t index = locate();

  static void* find(const all& given) {
    if constexpr (counts) {
      return static_cast<typename object_with<decltype(Where)>::type>(std::get<index>(given))->*Where;
    } else {
      return const_cast<void*>(static_cast<const void*>(std::get<index>(given)));
    }
  }
};

/// A converter that has to be kept until C calls back.
template <class End, class Convert>
struct c_block {
  End end;
  Convert convert;
};

/// Settles `end` with what `convert` makes of a callback's arguments. Called for each callback, also if it is too late:
/// the converter may have to release what C has handed over.
template <class T, class End, class Convert, class... Args>
void settle_by_c(End& end, Convert& convert, Args&&... args) noexcept {
  try {
    try {
      if constexpr (std::is_void_v<T>) {
        detail::invoke(convert, std::forward<Args>(args)...);
        end.resolve();
      } else {
        end.resolve(detail::invoke(convert, std::forward<Args>(args)...));
      }
    } catch (const cancelled_error& error) {
      end.cancelled(error.what());
    } catch (...) {
      end.reject(create_failure());
    }
  } catch (...) {  // no memory: dropping the promise fails the future
  }
}

struct c_access;

template <class Callback, auto Where, class Convert, bool Remote>
struct c_callee {
  static_assert(!std::is_same_v<Callback, Callback>, "interloop: a C callback is a pointer to a function");
};
template <class R, class... Args, auto Where, class Convert, bool Remote>
struct c_callee<R (*)(Args...), Where, Convert, Remote> {
  using place = c_data_place<Where, Args...>;
  using arguments = std::tuple<Args...>;
  using values = std::make_index_sequence<sizeof...(Args) - (place::counts ? 0 : 1)>;

  /// The number of the parameter that is value number I.
  static constexpr std::size_t parameter(std::size_t i) { return place::counts || i < place::index ? i : i + 1; }

  template <std::size_t... I>
  static decltype(auto) convert_all(Convert& convert, arguments& all, std::index_sequence<I...>) {
    static_assert(std::is_invocable_v<Convert&, std::tuple_element_t<parameter(I), arguments>...>,
                  "interloop: the converter cannot be called with the callback's arguments, its void* left out");
    return detail::invoke(convert,
                          std::forward<std::tuple_element_t<parameter(I), arguments>>(std::get<parameter(I)>(all))...);
  }

  using value = std::decay_t<decltype(convert_all(std::declval<Convert&>(), std::declval<arguments&>(), values()))>;
  using end = std::conditional_t<Remote, interloop::remote_promise<value>, interloop::promise<value>>;
  static constexpr bool stateless = std::is_empty_v<Convert> && std::is_default_constructible_v<Convert>;

  static R call(Args... args) noexcept {
    arguments all(std::forward<Args>(args)...);
    const auto with = [&all](end& back, Convert& convert) {
      const auto converted = [&] { return convert_all(convert, all, values()); };
      settle_by_c<value>(back, converted);
    };
    void* data = place::find(all);
    if constexpr (stateless) {
      end back = end::adopt(data);
      Convert convert;
      with(back, convert);
    } else {
      const std::unique_ptr<c_block<end, Convert>> back(static_cast<c_block<end, Convert>*>(data));
      with(back->end, back->convert);
    }
    return R();
  }

  /// What C gets as its data.
  template <class Given>
  static void* keep(end made, Given&& convert) {
    if constexpr (stateless) {
      return made.release();
    } else {
      return new c_block<end, Convert>{std::move(made), std::forward<Given>(convert)};
    }
  }
  /// Instead of `call`.
  static void abandon(void* data, const failure* why) {
    const auto with = [why](end& back) {
      if (why) back.reject(*why);
    };
    if constexpr (stateless) {
      end back = end::adopt(data);
      with(back);
    } else {
      const std::unique_ptr<c_block<end, Convert>> back(static_cast<c_block<end, Convert>*>(data));
      with(back->end);
    }
  }
};
template <class R, class... Args, auto Where, class Convert, bool Remote>
struct c_callee<R (*)(Args...) noexcept, Where, Convert, Remote> : c_callee<R (*)(Args...), Where, Convert, Remote> {};

/// A failure's number, as on_done documents it, and its text.
struct c_failure {
  explicit c_failure(const failure* why) noexcept;

  int error = 0;
  std::string text;
  [[nodiscard]] const char* message() const noexcept { return error == 0 ? nullptr : text.c_str(); }
};

}  // namespace interloop::detail
