// SPDX-License-Identifier: MIT
// txaio's functions as the methods of a type, one per framework: their arguments, the mistakes that both refuse, and
// the type.
//
// `Framework` is a class of static functions, named like txaio's, that do the work: they get the object and the
// arguments, borrowed; an argument that was not given is null. `Framework::doc` has the docstrings.
#pragma once

#include "batched_timer.hpp"
#include "type.hpp"

#include <array>
#include <cstddef>

namespace interloop::python {

template <class Framework>
class txaio_api {
  using object = typename Framework::object;
  using doc = typename Framework::doc;

  static PyObject* none_if(bool done) { return done ? Py_NewRef(Py_None) : nullptr; }

  static PyObject* create_future(object* self, const arguments& given) {
    static constexpr signature<3> wanted{"create_future", 0, {&names::result, &names::error, &names::canceller}};
    std::array<PyObject*, 3> slots{};
    if (!parse(wanted, given, slots)) return nullptr;
    const auto [result, error, canceller] = slots;
    if (result && error) {
      PyErr_SetString(PyExc_ValueError, "Cannot have both result and error.");
      return nullptr;
    }
    return Framework::create_future(self, result, error, canceller).release();
  }

  static PyObject* create_future_success(object* self, const arguments& given) {
    static constexpr signature<1> wanted{"create_future_success", 1, {&names::result}};
    std::array<PyObject*, 1> slots{};
    return parse(wanted, given, slots) ? Framework::create_future_success(self, slots[0]).release() : nullptr;
  }

  static PyObject* create_future_error(object* self, const arguments& given) {
    static constexpr signature<1> wanted{"create_future_error", 0, {&names::error}};
    std::array<PyObject*, 1> slots{};
    return parse(wanted, given, slots) ? Framework::create_future_error(self, slots[0]).release() : nullptr;
  }

  static PyObject* as_future(object* self, const arguments& given) {
    static constexpr signature<1> wanted{"as_future", 1, {&names::fun}, {&names::func}};
    std::array<PyObject*, 1> slots{};
    leading_arguments split;
    return split.split(wanted, given, slots) ? Framework::as_future(self, slots[0], split.rest).release() : nullptr;
  }

  static PyObject* is_future(object*, const arguments& given) {
    static constexpr signature<1> wanted{"is_future", 1, {&names::obj}};
    std::array<PyObject*, 1> slots{};
    const int answer = parse(wanted, given, slots) ? Framework::is_future(slots[0]) : -1;
    return answer < 0 ? nullptr : PyBool_FromLong(answer);
  }

  static PyObject* is_called(object*, const arguments& given) {
    static constexpr signature<1> wanted{"is_called", 1, {&names::future}};
    std::array<PyObject*, 1> slots{};
    return parse(wanted, given, slots) ? Framework::is_called(slots[0]).release() : nullptr;
  }

  static PyObject* resolve(object* self, const arguments& given) {
    static constexpr signature<2> wanted{"resolve", 1, {&names::future, &names::result}, {nullptr, &names::value}};
    std::array<PyObject*, 2> slots{nullptr, Py_None};
    return none_if(parse(wanted, given, slots) && Framework::resolve(self, slots[0], slots[1]));
  }

  static PyObject* reject(object*, const arguments& given) {
    static constexpr signature<2> wanted{"reject", 1, {&names::future, &names::error}};
    std::array<PyObject*, 2> slots{};
    return none_if(parse(wanted, given, slots) && Framework::reject(slots[0], slots[1]));
  }

  static PyObject* cancel(object*, const arguments& given) {
    static constexpr signature<2> wanted{"cancel", 1, {&names::future, &names::msg}};
    std::array<PyObject*, 2> slots{nullptr, Py_None};
    return none_if(parse(wanted, given, slots) && Framework::cancel(slots[0], slots[1]));
  }

  static PyObject* add_callbacks(object*, const arguments& given) {
    static constexpr signature<3> wanted{"add_callbacks", 3, {&names::future, &names::callback, &names::errback}};
    std::array<PyObject*, 3> slots{};
    if (!parse(wanted, given, slots)) return nullptr;
    const auto [future, callback, errback] = slots;
    if (callback == Py_None && errback == Py_None) {
      PyErr_SetString(PyExc_ValueError, "add_callbacks: both callback and errback are None; pass at least one");
      return nullptr;
    }
    return Framework::add_callbacks(future, callback, errback).release();
  }

  static PyObject* gather(object* self, const arguments& given) {
    static constexpr signature<2> wanted{"gather", 1, {&names::futures, &names::consume_exceptions}};
    std::array<PyObject*, 2> slots{nullptr, Py_True};
    if (!parse(wanted, given, slots)) return nullptr;
    const int consume = PyObject_IsTrue(slots[1]);
    return consume < 0 ? nullptr : Framework::gather(self, slots[0], consume != 0).release();
  }

  static PyObject* call_later(object* self, const arguments& given) {
    static constexpr signature<2> wanted{"call_later", 2, {&names::delay, &names::fun}, {nullptr, &names::func}};
    std::array<PyObject*, 2> slots{};
    leading_arguments split;
    if (!split.split(wanted, given, slots) || !require_callable(wanted.function, slots[1])) return nullptr;
    return Framework::call_later(self, slots, split.rest).release();
  }

  static PyObject* sleep(object* self, const arguments& given) {
    static constexpr signature<1> wanted{"sleep", 1, {&names::delay}};
    std::array<PyObject*, 1> slots{};
    return parse(wanted, given, slots) ? Framework::sleep(self, slots[0]).release() : nullptr;
  }

  static PyObject* create_failure(object*, const arguments& given) {
    static constexpr signature<1> wanted{"create_failure", 0, {&names::exception}};
    std::array<PyObject*, 1> slots{Py_None};
    return parse(wanted, given, slots) ? Framework::create_failure(slots[0]).release() : nullptr;
  }

  static PyObject* failure_message(object*, const arguments& given) {
    static constexpr signature<1> wanted{"failure_message", 1, {&names::fail}};
    std::array<PyObject*, 1> slots{};
    return parse(wanted, given, slots) ? Framework::failure_message(slots[0]).release() : nullptr;
  }

  static PyObject* failure_traceback(object*, const arguments& given) {
    static constexpr signature<1> wanted{"failure_traceback", 1, {&names::fail}};
    std::array<PyObject*, 1> slots{};
    return parse(wanted, given, slots) ? PyObject_GetAttr(slots[0], *Framework::traceback_name) : nullptr;
  }

  static PyObject* failure_format_traceback(object*, const arguments& given) {
    static constexpr signature<1> wanted{"failure_format_traceback", 1, {&names::fail}};
    std::array<PyObject*, 1> slots{};
    return parse(wanted, given, slots) ? Framework::failure_format_traceback(slots[0]).release() : nullptr;
  }

  static PyObject* seconds(object* self) { return Framework::seconds(self).release(); }
  static PyObject* get_loop(object* self) { return Framework::loop_of(self).release(); }

  static inline std::array<PyMethodDef, 22> methods{{
      INTERLOOP_PYTHON_FAST(object, "create_future", create_future, doc::create_future),
      INTERLOOP_PYTHON_FAST(object, "create_future_success", create_future_success, doc::create_future_success),
      INTERLOOP_PYTHON_FAST(object, "create_future_error", create_future_error, doc::create_future_error),
      INTERLOOP_PYTHON_FAST(object, "as_future", as_future, doc::as_future),
      INTERLOOP_PYTHON_FAST(object, "is_future", is_future, doc::is_future),
      INTERLOOP_PYTHON_FAST(object, "is_called", is_called, doc::is_called),
      INTERLOOP_PYTHON_FAST(object, "resolve", resolve, doc::resolve),
      INTERLOOP_PYTHON_FAST(object, "reject", reject, doc::reject),
      INTERLOOP_PYTHON_FAST(object, "cancel", cancel, doc::cancel),
      INTERLOOP_PYTHON_FAST(object, "add_callbacks", add_callbacks, doc::add_callbacks),
      INTERLOOP_PYTHON_FAST(object, "gather", gather, doc::gather),
      INTERLOOP_PYTHON_FAST(object, "call_later", call_later, doc::call_later),
      INTERLOOP_PYTHON_FAST(object, "sleep", sleep, doc::sleep),
      INTERLOOP_PYTHON_FAST(object, "make_batched_timer", batched_timer_of<object>, doc::make_batched_timer),
      INTERLOOP_PYTHON_FAST(object, "create_failure", create_failure, doc::create_failure),
      INTERLOOP_PYTHON_FAST(object, "failure_message", failure_message, doc::failure_message),
      INTERLOOP_PYTHON_FAST(object, "failure_traceback", failure_traceback, doc::failure_traceback),
      INTERLOOP_PYTHON_FAST(object, "failure_format_traceback", failure_format_traceback,
                            doc::failure_format_traceback),
      INTERLOOP_PYTHON_FAST(object, "failure_formatted_traceback", failure_format_traceback,
                            "failure_formatted_traceback($self, fail)\n--\n\n"
                            "failure_format_traceback by the name that txaio's overview has: the traceback of fail as "
                            "text. Raises no Exception. Any thread."),
      INTERLOOP_PYTHON_PLAIN(object, "_seconds", seconds, "The loop's clock."),
      INTERLOOP_PYTHON_PLAIN(object, "_get_loop", get_loop, "The loop that the functions use now."),
      {nullptr, nullptr, 0, nullptr},
  }};

 public:
  /// Makes the type. False: an exception is set.
  static bool make_type(PyObject* module, const char* name, const char* text, newfunc construct,
                        PyGetSetDef* properties) {
    PyTypeObject* type = make_class<object, typename Framework::garbage>(
        module, name,
        {{Py_tp_doc, const_cast<char*>(text)},
         {Py_tp_new, reinterpret_cast<void*>(construct)},
         {Py_tp_methods, methods.data()},
         {Py_tp_getset, properties}},
        {{"_config", T_OBJECT, offsetof(object, config), READONLY, nullptr}});
    if (!type) return false;
    auto* made = reinterpret_cast<PyObject*>(type);
    return PyObject_SetAttrString(made, "using_twisted", Framework::is_twisted ? Py_True : Py_False) == 0 &&
           PyObject_SetAttrString(made, "using_asyncio", Framework::is_twisted ? Py_False : Py_True) == 0;
  }
};

}  // namespace interloop::python
