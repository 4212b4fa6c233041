// SPDX-License-Identifier: MIT
// For authors of nanobind bindings: converts `interloop::future<T>` to a Python awaitable, and back.
//
// A bound function that returns `future<T>` returns an asyncio Future if asyncio (or uvloop) runs, a Deferred if
// Twisted does; one that takes a `future<T>` takes any awaitable or Deferred. Cancelling either cancels the other. A
// Python exception passes through C++ futures and comes out as the same object, with its traceback; a C++ exception
// comes out as nanobind translates it, `cancelled_error` as the framework's own.
//
//     module.def("get", [](std::string key) { return client.get(key); });         // await get("key")
//
// A C++ function needs a loop to make futures on. Pass `with_config(python::current_loop())` to one that takes an
// `api`; for one that does not, use `nanobind::call_guard<interloop::python::in_current_loop>()`.
#pragma once

#include <interloop/error.hpp>
#include <interloop/future.hpp>
#include <interloop/python_bridge.hpp>

#include <nanobind/nanobind.h>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace interloop::python {

/// The Python exception that corresponds to a C++ one; none for `cancelled_error`.
inline nanobind::object to_python_exception(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const cancelled_error&) {
    return {};
  } catch (const nanobind::python_error& error) {
    return nanobind::borrow(error.value());
  } catch (...) {
  }
  try {  // nanobind's own translators, and those that the author has registered
    nanobind::cpp_function([exception] { std::rethrow_exception(exception); })();
  } catch (const nanobind::python_error& error) {
    return nanobind::borrow(error.value());
  }
  return {};
}

/// Gives a native future the outcome of a C++ one, whose callbacks own the native one.
template <class Convert>
struct native_end {
  loop& core;
  Convert convert;
  nanobind::object native;

  template <class... Value>
  void resolve(Value&&... value) {
    try {
      const nanobind::object converted = convert(std::forward<Value>(value)...);
      resolve_native(core, native.ptr(), converted.ptr());
    } catch (...) {
      reject(std::current_exception());
    }
  }
  void reject(const std::exception_ptr& why) {
    const nanobind::object exception = to_python_exception(why);
    reject_native(core, native.ptr(), exception.is_valid() ? exception.ptr() : nullptr);
  }
};

/// A native future of the loop that `f` belongs to. `convert` turns the value into a Python object. The native future
/// holds a handle to `f`, and is kept as long as there are other handles through which `f` may be completed.
template <class T, class Convert>
nanobind::object to_native(const future<T>& f, Convert convert) {
  loop& core = f.loop();
  const auto end = std::make_shared<native_end<Convert>>(native_end<Convert>{core, std::move(convert), {}});
  // The two futures keep each other alive. If nobody else has a handle to `f`, Python alone decides how long.
  const auto kept = [&state = interloop::detail::future_access::state(f),
                     end = std::weak_ptr<native_end<Convert>>(end)]() -> PyObject* {
    const auto there = end.lock();
    return there && state.is_pending() && state.held_once() ? there->native.ptr() : nullptr;
  };
  PyObject* raw = make_native_future(core, [f] { cancel(f); }, kept);
  if (!raw) throw nanobind::python_error();
  nanobind::object native = end->native = nanobind::steal(raw);
  const auto rejected = [end](const failure& why) { end->reject(why.exception()); };
  if constexpr (std::is_void_v<T>) {
    add_callbacks(f, [end] { end->resolve(); }, rejected);
  } else if constexpr (interloop::detail::copyable<T>::value) {
    add_callbacks(f, [end](const T& value) { end->resolve(value); }, rejected);
  } else {
    add_callbacks(f, [end](T&& value) { end->resolve(std::move(value)); }, rejected);
  }
  return native;
}

/// A future of the current loop for a Python awaitable or Deferred. `convert` turns the Python object into a value.
template <class T, class Convert>
future<T> from_native(nanobind::handle awaitable, Convert convert) {
  loop& core = current_loop();
  const future<T> made = detail::make_future<T>(core, std::source_location::current());
  const auto on_value = [made, convert](PyObject* value) {
    static_cast<void>(convert);  // not used if T is void
    if (is_called(made)) return;
    try {
      if constexpr (std::is_void_v<T>) {
        resolve(made);
      } else {
        resolve(made, convert(nanobind::handle(value)));
      }
    } catch (...) {
      reject(made, std::current_exception());
    }
  };
  const auto on_error = [made](PyObject* exception) -> void {
    if (is_called(made)) return;
    if (exception == Py_None) return reject(made, cancelled_error("the awaitable was cancelled"));
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
    reject(made, std::make_exception_ptr(nanobind::python_error()));
  };
  PyObject* raw = follow_native(core, awaitable.ptr(), on_value, on_error);
  if (!raw) throw nanobind::python_error();
  nanobind::object followed = nanobind::steal(raw);
  detail::add_canceller(made, [followed] { followed.attr("cancel")(); });
  return made;
}

}  // namespace interloop::python

namespace nanobind::detail {

/// A native future becomes a future of the current loop. It is followed when the bound function is called, after all
/// arguments have been converted; one inside a list, say, when the list is converted. Errors in following it (no loop,
/// say) are thrown at that moment: rejecting the argument would only be reported as "incompatible function arguments".
template <class T>
struct type_caster<interloop::future<T>> {
  using Value = interloop::future<T>;
  using value_caster = make_caster<std::conditional_t<std::is_void_v<T>, std::nullptr_t, T>>;
  static constexpr auto Name = const_name("collections.abc.Awaitable[") + value_caster::Name + const_name("]");
  template <class U>
  using Cast = movable_cast_t<U>;
  /// Casters of containers, such as lists, call this before they convert an element. It may not throw.
  template <class U>
  [[nodiscard]] bool can_cast() const noexcept {
    try {
      made();
      return true;
    } catch (...) {
      return false;
    }
  }

  bool from_python(handle source, uint8_t, cleanup_list*) noexcept {
    if (!interloop::python::is_followable(source.ptr())) return false;
    awaitable_ = borrow(source);
    value_ = {};
    return true;
  }

  explicit operator Value*() { return &made(); }
  explicit operator Value&() { return made(); }
  explicit operator Value&&() { return std::move(made()); }

  static handle from_cpp(const interloop::future<T>& source, rv_policy, cleanup_list*) noexcept {
    try {
      if constexpr (std::is_void_v<T>) {
        return interloop::python::to_native(source, [] { return none(); }).release();
      } else {
        using given = std::conditional_t<interloop::detail::copyable<T>::value, const T&, T&&>;
        return interloop::python::to_native(source,
                                            [](given each) { return nanobind::cast(std::forward<given>(each)); })
            .release();
      }
    } catch (python_error& error) {
      error.restore();
    } catch (const std::exception& error) {
      PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return {};
  }

 private:
  Value& made() const {
    if (value_) return value_;
    if constexpr (std::is_void_v<T>) {  // the awaitable's result is dropped
      value_ = interloop::python::from_native<void>(awaitable_, nullptr);
    } else {
      value_ = interloop::python::from_native<T>(awaitable_, [](handle object) { return nanobind::cast<T>(object); });
    }
    return value_;
  }

  object awaitable_;
  mutable Value value_;
};

}  // namespace nanobind::detail
