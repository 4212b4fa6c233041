// SPDX-License-Identifier: MIT
// Arguments and results of messages as C++ types, and the parameters of handlers.
#pragma once

#include <interloop/function.hpp>
#include <interloop/future.hpp>
#include <interloop/wamp/codec.hpp>
#include <interloop/wamp/details.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop::wamp {

class invocation;
class event;

namespace detail {

/// What a message carries: bytes, which were checked when it came. Empty `args` and `kwargs` did not come.
struct payload {
  serializer format;
  std::string_view details;
  std::string_view args;
  std::string_view kwargs;
};

[[nodiscard]] dict read_dict(serializer format, std::string_view bytes);
[[nodiscard]] list read_list(serializer format, std::string_view bytes);
/// The list of arguments, entered; an empty one if none came.
class argument_reader {
 public:
  explicit argument_reader(const payload& from);
  [[nodiscard]] bool more() {
    more_ = more_ && reader_.more();
    return more_;
  }
  [[nodiscard]] reader& next() noexcept { return reader_; }

 private:
  reader reader_;
  bool more_ = true;
};

/// How many arguments these are, and how each is written: `arguments` are many.
template <class... Args>
[[nodiscard]] std::size_t count(const Args&... args) noexcept {
  std::size_t all = 0;
  [[maybe_unused]] const auto add = [&all](const auto& each) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(each)>, arguments>) {
      all += each.rest.size();
    } else {
      static_cast<void>(each);
      ++all;
    }
  };
  (add(args), ...);
  return all;
}
template <class T>
void write_argument(writer& to, const T& given) {
  if constexpr (std::same_as<T, arguments>) {
    for (const value& each : given.rest) codec<value>::write(to, each);
  } else {
    write(to, given);
  }
}

[[noreturn]] void wrong_arguments(std::size_t wanted, bool more);
[[noreturn]] void wrong_results(bool none);

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_tuple : std::false_type {};
template <class... Ts>
struct is_tuple<std::tuple<Ts...>> : std::true_type {};

// ---- Results ----

/// The result of a call as `T`: see `session::call`.
template <class T>
T read_result(const payload& got) {
  if constexpr (std::is_void_v<T>) {
    return;
  } else if constexpr (std::same_as<T, result>) {
    return {read_list(got.format, got.args), read_dict(got.format, got.kwargs), read_dict(got.format, got.details)};
  } else if constexpr (is_tuple<T>::value) {
    if (got.args.empty()) {
      if constexpr (std::tuple_size_v<T> == 0) return {};
      wrong_results(true);
    }
    reader from(got.format, got.args);
    return codec<T>::read(from);
  } else {
    static_assert(readable<T>, "interloop: no codec reads this type; see <interloop/wamp/codec.hpp>");
    argument_reader from(got);
    if (!from.more()) {
      if constexpr (is_optional<T>::value || std::same_as<T, value>) {
        return {};
      } else {
        wrong_results(true);
      }
    }
    T read = codec<T>::read(from.next());
    if (from.more()) wrong_results(false);
    return read;
  }
}

// ---- Parameters ----

template <class F>
struct signature : signature<decltype(&F::operator())> {};
template <class R, class... Args>
struct signature<R(Args...)> {
  using returned = R;
  using parameters = std::tuple<Args...>;
};
template <class R, class... Args>
struct signature<R (*)(Args...)> : signature<R(Args...)> {};
template <class R, class... Args>
struct signature<R (*)(Args...) noexcept> : signature<R(Args...)> {};
template <class C, class R, class... Args>
struct signature<R (C::*)(Args...)> : signature<R(Args...)> {};
template <class C, class R, class... Args>
struct signature<R (C::*)(Args...) const> : signature<R(Args...)> {};
template <class C, class R, class... Args>
struct signature<R (C::*)(Args...) noexcept> : signature<R(Args...)> {};
template <class C, class R, class... Args>
struct signature<R (C::*)(Args...) const noexcept> : signature<R(Args...)> {};

/// Whether the parameters of a callable are known: it is not overloaded, and not a template.
template <class F>
concept plain_callable = requires { typename signature<F>::parameters; };

/// What is kept for a parameter.
template <class P>
using kept_parameter = std::remove_cvref_t<P>;

/// The parameters of a handler: an optional context first (`invocation` or `event`), then arguments.
template <class Context, class Parameters>
struct parameters_of;
template <class Context>
struct parameters_of<Context, std::tuple<>> {
  static constexpr bool has_context = false;
  using arguments = std::tuple<>;
};
template <class Context, class First, class... Rest>
struct parameters_of<Context, std::tuple<First, Rest...>> {
  static constexpr bool has_context = std::same_as<kept_parameter<First>, Context>;
  using arguments = std::conditional_t<has_context, std::tuple<kept_parameter<Rest>...>,
                                       std::tuple<kept_parameter<First>, kept_parameter<Rest>...>>;
};

template <class T>
concept parameter_type = readable<T> || std::same_as<T, wamp::arguments>;

template <class T>
inline constexpr bool parameters_readable = false;
template <class... Ts>
inline constexpr bool parameters_readable<std::tuple<Ts...>> = (parameter_type<Ts> && ...);

template <class T>
T read_parameter(argument_reader& from, std::size_t count) {
  if constexpr (std::same_as<T, wamp::arguments>) {
    wamp::arguments all;
    while (from.more()) all.rest.push_back(codec<value>::read(from.next()));
    return all;
  } else {
    if (!from.more()) {
      if constexpr (is_optional<T>::value) {
        return std::nullopt;
      } else {
        wrong_arguments(count, false);
      }
    }
    return codec<T>::read(from.next());
  }
}

/// Reads exactly the arguments that a handler takes; those that are optional may be missing at the end.
template <class... Ts>
std::tuple<Ts...> read_parameters(const payload& got, std::type_identity<std::tuple<Ts...>>) {
  argument_reader from(got);
  std::tuple<Ts...> all{read_parameter<Ts>(from, sizeof...(Ts))...};  // in their order: the braces say so
  if constexpr (!(std::same_as<Ts, wamp::arguments> || ...)) {
    if (from.more()) wrong_arguments(sizeof...(Ts), true);
  }
  return all;
}

/// A handler of progressive results.
template <class Handler>
std::shared_ptr<function<void(const payload&)>> progress_handler(Handler&& handler) {
  using kept = std::decay_t<Handler>;
  static_assert(plain_callable<kept>,
                "interloop: the handler's parameter types must be known; it must not be generic or overloaded");
  using arguments = typename parameters_of<void, typename signature<kept>::parameters>::arguments;
  static_assert(parameters_readable<arguments>,
                "interloop: no codec reads one of the handler's parameters; texts are std::string");
  static_assert(!is_future_v<typename signature<kept>::returned>,
                "interloop: a handler of progressive results is not a coroutine; call one from it");
  return std::make_shared<function<void(const payload&)>>(
      [fn = kept(std::forward<Handler>(handler))](const payload& got) mutable {
        auto all = read_parameters(got, std::type_identity<arguments>());
        std::apply([&fn](auto&... each) { static_cast<void>(fn(std::move(each)...)); }, all);
      });
}

}  // namespace detail
}  // namespace interloop::wamp
