// SPDX-License-Identifier: MIT
// For authors of nanobind bindings: `interloop::future<T>` is a Python awaitable, out and in.
//
// A bound function that returns `future<T>` returns an asyncio Future where asyncio runs (uvloop too), a Deferred where
// Twisted does; one that takes a `future<T>` takes any awaitable or Deferred. Cancelling either cancels the other. An
// exception of Python's passes through C++ futures and comes out as the same object, with its traceback; a C++ exception
// comes out as nanobind translates it, `cancelled_error` as the framework's own.
//
//     module.def("get", [](std::string key) { return client.get(key); });         // await get("key")
//
// A C++ function needs a loop to make futures on. One that takes an `api` gets `with_config(python::current_loop())`; for
// one that takes none, there is `nanobind::call_guard<interloop::python::in_current_loop>()`.
#pragma once

#include <interloop/error.hpp>
#include <interloop/future.hpp>
#include <interloop/python_bridge.hpp>

#include <nanobind/nanobind.h>

#include <exception>
#include <type_traits>
#include <utility>

namespace interloop::python {

/// The Python exception that stands for a C++ one; none for `cancelled_error`.
inline nanobind::object to_python_exception(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const cancelled_error&) {
    return {};
  } catch (const nanobind::python_error& error) {
    return nanobind::borrow(error.value());
  } catch (...) {
  }
  try {  // nanobind's own translation, and those that the author has registered
    nanobind::cpp_function([exception] { std::rethrow_exception(exception); })();
  } catch (const nanobind::python_error& error) {
    return nanobind::borrow(error.value());
  }
  return {};
}

/// A native future of the loop that `f` belongs to. `convert` makes a Python object of the value.
template <class T, class Convert>
nanobind::object to_native(const future<T>& f, Convert convert) {
  loop& core = f.loop();
  PyObject* raw = make_native_future(core, [f] { cancel(f); });
  if (!raw) throw nanobind::python_error();
  nanobind::object native = nanobind::steal(raw);
  const auto failed = [native, &core](const std::exception_ptr& why) {
    const nanobind::object exception = to_python_exception(why);
    reject_native(core, native.ptr(), exception.is_valid() ? exception.ptr() : nullptr);
  };
  const auto resolved = [native, failed, convert, &core](const auto&... value) {
    try {
      const nanobind::object converted = convert(value...);
      resolve_native(core, native.ptr(), converted.ptr());
    } catch (...) {
      failed(std::current_exception());
    }
  };
  const auto rejected = [failed](const failure& why) { failed(why.exception()); };
  if constexpr (std::is_void_v<T>) {
    add_callbacks(f, [resolved] { resolved(); }, rejected);
  } else {
    add_callbacks(f, [resolved](const T& value) { resolved(value); }, rejected);
  }
  return native;
}

/// A future of the current loop for a Python awaitable or Deferred. `convert` makes a value of the Python object.
template <class T, class Convert>
future<T> from_native(nanobind::handle awaitable, Convert convert) {
  loop& core = current_loop();
  const future<T> made = detail::make_future<T>(core, std::source_location::current());
  const auto on_value = [made, convert](PyObject* value) {
    static_cast<void>(convert);  // of nothing, where T is void
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

/// A native future comes in as a future of the current loop. It is followed as the bound function is called, when all
/// arguments have been taken; in a list, say, as that is taken. What keeps it from being followed, no loop say, is thrown
/// then: an argument that is not taken would only be told of as "incompatible function arguments".
template <class T>
struct type_caster<interloop::future<T>> {
  using Value = interloop::future<T>;
  using value_caster = make_caster<std::conditional_t<std::is_void_v<T>, std::nullptr_t, T>>;
  static constexpr auto Name = const_name("collections.abc.Awaitable[") + value_caster::Name + const_name("]");
  template <class U>
  using Cast = movable_cast_t<U>;
  /// What holds futures, a list say, asks this before it takes one, which may not throw.
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
        return interloop::python::to_native(source, [](const T& each) { return nanobind::cast(each); }).release();
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
    if constexpr (std::is_void_v<T>) {  // whatever the awaitable gives is dropped
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
