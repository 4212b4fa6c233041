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

#include <interloop/bridge.hpp>
#include <interloop/error.hpp>
#include <interloop/python_bridge.hpp>

#include <nanobind/nanobind.h>

#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop::python {

/// The Python exception that corresponds to a C++ one; none for `cancelled_error` and `operation_cancelled`, which are
/// both the framework's own cancellation.
inline nanobind::object to_python_exception(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const cancelled_error&) {
    return {};
  } catch (const operation_cancelled&) {
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

/// A native future of the loop that `f` belongs to, which is completed whatever becomes of `f`. `convert` turns the value
/// into a Python object. `f` keeps the native future, which does not keep `f`: if the last C++ handle goes, it fails.
template <class T, class Convert>
nanobind::object to_native(const future<T>& f, Convert convert) {
  const auto link = std::make_shared<observation>();
  PyObject* raw = make_native_future(f.loop(), [link] { link->cancel(); });
  if (!raw) throw nanobind::python_error();
  nanobind::object native = nanobind::steal(raw);
  *link = observe(f, [native, convert = std::move(convert)](outcome<T>& ended) mutable {
    std::exception_ptr why;
    if (const failure* fail = ended.take_failure()) {
      why = fail->exception();
    } else {
      try {
        const auto converted = [&]() -> nanobind::object {
          if constexpr (std::is_void_v<T>) {
            return convert();
          } else {
            return convert(ended.take());
          }
        };
        return resolve_native(native.ptr(), converted().ptr());
      } catch (...) {
        why = std::current_exception();
      }
    }
    const nanobind::object exception = to_python_exception(why);
    reject_native(native.ptr(), exception.ptr(), !ended.closing());
  });
  return native;
}

/// A future of the current loop for a Python awaitable or Deferred. `convert` turns the Python object into a value.
template <class T, class Convert>
future<T> from_native(nanobind::handle awaitable, Convert convert) {
  loop& core = current_loop();
  const auto followed = std::make_shared<nanobind::object>();
  const auto end =
      std::make_shared<promise<T>>(core, [followed] { followed->attr("cancel")(); }, std::source_location::current());
  const auto on_value = [end, convert](PyObject* value) {
    static_cast<void>(convert);  // not used if T is void
    if (!end->pending()) return;
    try {
      if constexpr (std::is_void_v<T>) {
        end->resolve();
      } else {
        end->resolve(convert(nanobind::handle(value)));
      }
    } catch (...) {
      end->reject();
    }
  };
  const auto on_error = [end](PyObject* exception) {
    if (!end->pending()) return;
    if (exception == Py_None) {
      end->cancelled("the awaitable was cancelled");
      return;
    }
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
    end->reject(std::make_exception_ptr(nanobind::python_error()));
  };
  PyObject* raw = follow_native(core, awaitable.ptr(), on_value, on_error);
  if (!raw) throw nanobind::python_error();
  *followed = nanobind::steal(raw);
  return end->get_future();
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
        return interloop::python::to_native(source, [](T value) { return nanobind::cast(std::move(value)); }).release();
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
