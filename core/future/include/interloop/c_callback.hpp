// SPDX-License-Identifier: MIT
// C interfaces that call back once: such a call as a future, and a future as such a call.
//
//     in    auto [address, callback, data] = c_callback<lookup_done>(loop);
//           lookup_start(host, callback, data);  // calls callback(status, text, data), once
//     out   on_done(address, &print, context);   // void print(int error, const char* message, const T*, void* context)
//
// An interface that calls back in other threads needs `remote_c_callback`. What these functions cannot express is built
// from `bridge.hpp`.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/detail/c_callbacks.hpp>

#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace interloop {

/// The pointer that a C function passes on to its callback: converts to `void*`. The first conversion gives the pointer
/// to C, whose callback uses it up. If it is destroyed before, nothing will call back, and the future fails with
/// `broken_promise`.
///
/// If C gives up without calling back (the function that starts the operation fails, or its library is shut down), call
/// `reject`; otherwise a future's memory is never released.
///
/// Thread safety: as the promise's or remote promise's that it stands for.
class c_data {
 public:
  c_data(c_data&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), end_(other.end_), given_(other.given_) {}
  c_data& operator=(c_data other) noexcept {
    std::swap(data_, other.data_);
    std::swap(end_, other.end_);
    std::swap(given_, other.given_);
    return *this;
  }
  ~c_data() {
    if (data_ && !given_) end_(data_, nullptr);
  }

  operator void*() const noexcept {
    given_ = true;
    return data_;
  }
  explicit operator bool() const = delete;

  /// C has not called back and never will: the future fails, unless it is too late, and the memory is released. Takes
  /// what `promise::reject` takes. After a call of the callback, it must not be called.
  template <class Exception>
    requires(!std::is_same_v<std::remove_cvref_t<Exception>, failure>)
  void reject(Exception&& why, std::source_location where = std::source_location::current()) {
    const failure given = create_failure(std::forward<Exception>(why), where);
    if (data_) end_(std::exchange(data_, nullptr), &given);
  }
  void reject(const failure& why) {
    if (data_) end_(std::exchange(data_, nullptr), &why);
  }

 private:
  friend struct detail::c_access;
  using end_function = void (*)(void* data, const failure* why);
  c_data(void* data, end_function end) noexcept : data_(data), end_(end) {}

  void* data_;
  end_function end_;
  mutable bool given_ = false;
};

/// What `c_callback` returns: for `auto [future, callback, data] = …`.
template <class T, class Callback>
struct c_operation {
  interloop::future<T> future;  ///< completed when C calls back
  Callback callback;            ///< for C
  c_data data;                  ///< for C, as the callback's `void*`
};

namespace detail {

struct c_access {
  template <class Callback, auto Where, bool Remote, class Convert, class... More>
  static auto make(loop& core, Convert&& convert, std::source_location where, More&&... canceller) {
    using callee = c_callee<Callback, Where, std::decay_t<Convert>, Remote>;
    using value = typename callee::value;
    interloop::promise<value> made(core, std::forward<More>(canceller)..., where);
    interloop::future<value> pending = made.get_future();
    try {
      c_data data(callee::keep(typename callee::end(std::move(made)), std::forward<Convert>(convert)),
                  &callee::abandon);
      return c_operation<value, Callback>{std::move(pending), &callee::call, std::move(data)};
    } catch (...) {
      static_cast<void>(pending.get_failure());  // the caller hears of it by the exception
      throw;
    }
  }
};

template <class Callback, auto Where, class Convert>
using c_value = typename c_callee<std::decay_t<Callback>, Where, std::decay_t<Convert>, false>::value;

}  // namespace detail

/// Makes a callback for a C interface that calls back once, in the loop's thread, and a future that this completes:
///
///     auto [address, callback, data] = c_callback<lookup_done>(loop);
///     if (lookup_start(host, callback, data) != 0) data.reject(std::runtime_error("cannot look up"));
///
/// \tparam Callback  the C callback's type. What it returns, if anything, is zero.
/// \tparam Where     where C passes the data: by default, as the callback's only `void*` parameter. Else the number of that
///                    parameter, from 0, or the member that is it: `&uv_getaddrinfo_t::data`, for libraries that pass a
///                    pointer to an object, into which the data is to be written.
/// \param convert    makes the value of the callback's arguments, its `void*` left out; throws to fail the future, or a
///                    `cancelled_error` if C says that it was cancelled. It is called inside the callback, each time, even if
///                    the future was cancelled or the loop closed, so it may release what C hands over. Default: nothing,
///                    the argument, or a tuple of them. A `const char*` is taken for text that ends with a null, and copied
///                    into a `std::string`, empty for a null pointer; other pointers stay as they are.
///
/// When the loop closes, the future fails with `loop_closed`. C may still call back later, in what was the loop's thread;
/// an operation that is dropped with its native loop needs `c_data::reject`, or its memory is never released.
/// No allocation besides the future's, except one for a converter with captures.
/// Thread safety: the loop's thread, where C calls back too. Errors: `loop_closed`, `std::bad_alloc`.
template <class Callback, auto Where = nullptr, class Convert = detail::c_values>
[[nodiscard]] auto c_callback(loop& core, Convert&& convert = {},
                              std::source_location where = std::source_location::current()) {
  return detail::c_access::make<std::decay_t<Callback>, Where, false>(core, std::forward<Convert>(convert), where);
}
/// The same for an operation that can be stopped.
/// \param canceller  as for `promise`: asks the operation to stop. C may call back inside it, later, or not at all.
template <class Callback, auto Where = nullptr, class Convert, class Canceller>
  requires detail::canceller_of<detail::c_value<Callback, Where, Convert>, Canceller>
[[nodiscard]] auto c_callback(loop& core, Convert&& convert, Canceller&& canceller,
                              std::source_location where = std::source_location::current()) {
  return detail::c_access::make<std::decay_t<Callback>, Where, false>(core, std::forward<Convert>(convert), where,
                                                                      std::forward<Canceller>(canceller));
}

/// The same for an interface that calls back in any thread, even if the loop is gone by then. The converter is called, and
/// destroyed, in that thread; the canceller in the loop's. Four allocations at most besides the future's.
template <class Callback, auto Where = nullptr, class Convert = detail::c_values>
[[nodiscard]] auto remote_c_callback(loop& core, Convert&& convert = {},
                                     std::source_location where = std::source_location::current()) {
  return detail::c_access::make<std::decay_t<Callback>, Where, true>(core, std::forward<Convert>(convert), where);
}
template <class Callback, auto Where = nullptr, class Convert, class Canceller>
  requires detail::canceller_of<detail::c_value<Callback, Where, Convert>, Canceller>
[[nodiscard]] auto remote_c_callback(loop& core, Convert&& convert, Canceller&& canceller,
                                     std::source_location where = std::source_location::current()) {
  return detail::c_access::make<std::decay_t<Callback>, Where, true>(core, std::forward<Convert>(convert), where,
                                                                     std::forward<Canceller>(canceller));
}

/// Calls a C function once when the future ends, in the loop's thread, in each of the cases of `observe`:
///
///     done(error, message, value, data);  // future<T>: const T* value; future<std::string>: const char* value
///     done(error, message, data);         // future<void>
///
/// With a value, `error` is 0 and `message` null. Otherwise `value` is null, `message` says why, and `error` is
/// `ECANCELED` for `cancelled_error`, `ETIMEDOUT` for `timeout_error`, `ESHUTDOWN` if the loop closes, `ENOMEM` for
/// `std::bad_alloc`, the number of a `std::system_error` of the system's, and -1 for other failures. `value` and `message`
/// are valid during the call.
///
/// \return  for cancelling; may be dropped.
/// One allocation. Errors: as `observe`, and `usage_error` for a null function; `done` is then not called.
template <class T, class R, class... Args>
observation on_done(const future<T>& f, R (*done)(Args...), void* data) {
  using given = std::conditional_t<std::is_same_v<T, std::string>, const char*, std::add_pointer_t<const T>>;
  static_assert(std::is_void_v<T> ? std::is_invocable_v<R (*)(Args...), int, const char*, void*>
                                  : std::is_invocable_v<R (*)(Args...), int, const char*, given, void*>,
                "interloop: the function takes (int error, const char* message, const T* value, void* data), for "
                "future<std::string> a const char* value, for future<void> no value");
  if (!done) detail::throw_usage("on_done: the function is null; pass the C function to call");
  return observe(f, [done, data](outcome<T>& ended) {
    const detail::c_failure why(ended.take_failure());
    if constexpr (std::is_void_v<T>) {
      done(why.error, why.message(), data);
    } else if constexpr (std::is_same_v<T, std::string>) {
      done(why.error, why.message(), why.error == 0 ? ended.value().c_str() : nullptr, data);
    } else {
      done(why.error, why.message(), why.error == 0 ? &ended.value() : nullptr, data);
    }
  });
}

}  // namespace interloop
