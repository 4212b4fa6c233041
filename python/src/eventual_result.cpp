// SPDX-License-Identifier: MIT
#include "eventual_result.hpp"

#include "eventual_result_object.hpp"
#include "failed_future.hpp"
#include "native_twisted.hpp"
#include "result_connection.hpp"
#include "result_set.hpp"
#include "unhandled.hpp"

#include <structmember.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>

namespace interloop::python {

PyTypeObject* eventual_result_type = nullptr;

namespace {

bool set_result(eventual_result* self, PyObject* value) {
  if (self->value) return true;
  if (is_failure(value)) {
    const ref exception(PyObject_GetAttr(value, names::value));
    if (!exception) return false;
    if (PyExceptionInstance_Check(exception.get())) self->traceback = PyException_GetTraceback(exception.get());
  }
  self->value = Py_NewRef(value);
  self->waiting.wake_all();
  return true;
}

// ---- waiting

using clock = std::chrono::steady_clock;

// False: an exception is set. Infinite if `forever`.
bool read_timeout(PyObject* timeout, double grace, bool& forever, clock::time_point& deadline) {
  forever = timeout == Py_None;
  if (forever) return true;
  const double seconds = PyFloat_AsDouble(timeout);
  if (seconds == -1.0 && PyErr_Occurred()) return false;
  if (std::isnan(seconds)) {
    PyErr_SetString(PyExc_ValueError, "the timeout must be a number of seconds");
    return false;
  }
  constexpr double longest = 1e8;  // three years; the clock cannot represent much more
  deadline = clock::now() + std::chrono::duration_cast<clock::duration>(
                                std::chrono::duration<double>(seconds > 0 ? std::min(seconds, longest) : grace));
  return true;
}

// If this thread belongs to the reactor's own pool, the pool may have one extra thread while this one waits.
class pool_room {
 public:
  explicit pool_room(PyObject* reactor) {
    static PyObject* lend = nullptr;
    const ref pool(reactor ? PyObject_GetAttr(reactor, names::threadpool) : nullptr);
    if (pool && pool.get() != Py_None) {
      if (!lend) lend = import_from("interloop.crochet._pools", "lend").release();
      if (lend) give_back_ = call(lend, pool.get());
    }
    PyErr_Clear();  // it waits anyway
  }
  pool_room(const pool_room&) = delete;
  pool_room& operator=(const pool_room&) = delete;
  ~pool_room() {
    if (!give_back_ || give_back_.get() == Py_None) return;
    ref pending = PyErr_Occurred() ? take_exception() : ref();
    if (!call(give_back_.get())) PyErr_WriteUnraisable(give_back_.get());
    if (pending) put_exception(std::move(pending));
  }

 private:
  ref give_back_;
};

// 1: there is a value; 0: the time has passed; -1: an exception is set.
int block(eventual_result* self, PyObject* timeout, double grace) {
  bool forever = false;
  clock::time_point deadline{};
  if (!read_timeout(timeout, grace, forever, deadline)) return -1;
  if (self->value) return 1;
  const pool_room room(self->reactor);
  while (!self->value) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - clock::now()).count();
    if (!forever && left <= 0) return 0;
    switch (self->waiting.wait(forever ? -1 : static_cast<PY_TIMEOUT_T>(left))) {
      case waiting_threads::end::failed:
        return -1;
      case waiting_threads::end::interrupted:
        if (PyErr_CheckSignals() < 0) return -1;
        break;
      default:
        break;
    }
  }
  return 1;
}

ref timeout_error(bool goes_on) {
  static PyObject* make = nullptr;
  if (!make) make = import_from("interloop.crochet._errors", "timed_out").release();
  const ref exception = make ? call(make, goes_on ? Py_True : Py_False) : ref();
  if (exception) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
  return ref();
}

// The value, even if it is a failure; none and TimeoutError if there is none in time.
ref any_result(eventual_result* self, PyObject* timeout, double grace = 0) {
  const int there = block(self, timeout, grace);
  if (there < 0) return ref();
  if (there == 0) {
    const bool goes_on = grace == 0;  // wait_for cancels it
    self->timed_out = goes_on;
    if (goes_on && self->link) note_timeout(self->link);
    return timeout_error(goes_on);
  }
  self->retrieved = true;
  if (self->stopped && !rest_before_retrying()) return ref();
  return ref::borrow(self->value);
}

ref value_or_raise(eventual_result* self, PyObject* timeout, double grace = 0) {
  ref value = any_result(self, timeout, grace);
  if (!value || !is_failure(value.get())) return value;
  ref exception(PyObject_GetAttr(value.get(), names::value));
  if (!exception) return ref();
  if (!PyExceptionInstance_Check(exception.get())) {
    PyErr_Format(PyExc_RuntimeError, "the result failed with %R, which is not an exception", exception.get());
    return ref();
  }
  // Each wait shows the frames of the function that failed, and its own, but not those of earlier waits.
  PyException_SetTraceback(exception.get(), self->traceback ? self->traceback : Py_None);
  put_exception(std::move(exception));
  return ref();
}

// ---- methods

PyObject* connect(eventual_result* self, const arguments& given) {
  static constexpr signature<1> wanted{"_connect_deferred", 1, {&names::deferred}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots) || !connect_eventual_result(reinterpret_cast<PyObject*>(self), slots[0]))
    return nullptr;
  Py_RETURN_NONE;
}

PyObject* set(eventual_result* self, const arguments& given) {
  static constexpr signature<1> wanted{"_set_result", 1, {&names::result}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots) || !set_result(self, slots[0])) return nullptr;
  Py_RETURN_NONE;
}

PyObject* wait(eventual_result* self, const arguments& given) {
  static constexpr signature<1> wanted{"wait", 1, {&names::timeout}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots) || !require_other_thread(self->reactor, "EventualResult.wait()")) return nullptr;
  return value_or_raise(self, slots[0]).release();
}

PyObject* result(eventual_result* self, const arguments& given) {
  static constexpr signature<1> wanted{"_result", 1, {&names::timeout}};
  std::array<PyObject*, 1> slots{};
  return parse(wanted, given, slots) ? any_result(self, slots[0]).release() : nullptr;
}

PyObject* original_failure(eventual_result* self) {
  if (!self->value) Py_RETURN_NONE;
  self->retrieved = true;
  return Py_NewRef(is_failure(self->value) ? self->value : Py_None);
}

PyObject* stash(eventual_result* self) {
  static PyObject* store = nullptr;
  if (!store) store = import_from("interloop.crochet._eventloop", "_store").release();
  static PyObject* name = PyUnicode_InternFromString("store");
  return store ? call_method(store, name, reinterpret_cast<PyObject*>(self)).release() : nullptr;
}

PyObject* cancel(eventual_result* self) {
  if (!cancel_eventual_result(reinterpret_cast<PyObject*>(self))) return nullptr;
  Py_RETURN_NONE;
}

// In the reactor's thread the result is connected by now, because calls run there in order.
PyObject* cancel_now(eventual_result* self) {
  if (!self->deferred || !self->link) Py_RETURN_NONE;
  self->timed_out = false;
  expect_cancellation(self->link);
  return call_method(self->deferred, names::cancel) ? Py_NewRef(Py_None) : nullptr;
}

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 3> keywords{"deferred", "_reactor", nullptr};
  PyObject *deferred = nullptr, *reactor = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:EventualResult", const_cast<char**>(keywords.data()), &deferred,
                                   &reactor))
    return nullptr;
  auto* self = load_reporter() ? allocate<eventual_result>(type) : nullptr;
  if (!self) return nullptr;
  ref owner(reinterpret_cast<PyObject*>(self));
  self->reactor = Py_NewRef(reactor);
  if (deferred != Py_None && !connect_eventual_result(owner.get(), deferred)) return nullptr;
  return owner.release();
}

struct garbage
    : collected<eventual_result, &eventual_result::deferred, &eventual_result::link, &eventual_result::reactor,
                &eventual_result::value, &eventual_result::traceback, &eventual_result::dict> {
  static void destroy(PyObject* object) {
    if (PyObject_CallFinalizerFromDealloc(object) < 0) return;
    leave_results(as_result(object));
    collected::destroy(object);
  }
};

// Whether it failed, other than because the loop has ended.
bool has_failed(eventual_result* self) { return self->value && !self->stopped && is_failure(self->value); }

void finalize(PyObject* object) {
  eventual_result* self = as_result(object);
  if (self->retrieved || !has_failed(self)) return;
  ref pending = take_exception();
  self->retrieved = true;
  if (!is_expected(self->link, self->value)) report_unhandled_result(self->value, self->timed_out);
  if (pending) put_exception(std::move(pending));
}

PyObject* get_retrieved(PyObject* object, void*) { return PyBool_FromLong(as_result(object)->retrieved); }

PyObject* get_failed(PyObject* object, void*) {
  eventual_result* self = as_result(object);
  return PyBool_FromLong(has_failed(self) && !is_expected(self->link, self->value));
}

std::array<PyGetSetDef, 3> properties{{
    {"_result_retrieved", &get_retrieved, nullptr, PyDoc_STR("Whether somebody has seen the result."), nullptr},
    {"_failed", &get_failed, nullptr,
     PyDoc_STR("Whether it failed, other than by a requested cancellation or the loop's end."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

std::array<PyMethodDef, 10> methods{{
    INTERLOOP_PYTHON_FAST(
        eventual_result, "wait", wait,
        "wait($self, timeout)\n--\n\n"
        "Returns the result, or raises its exception. TimeoutError: there is none within timeout seconds; the\n"
        "result may still come. RuntimeError: in the reactor's thread. Any number of times."),
    INTERLOOP_PYTHON_PLAIN(eventual_result, "cancel", cancel,
                           "cancel($self)\n--\n\nAsks the reactor's thread to cancel the operation. Any thread, any "
                           "number of times."),
    INTERLOOP_PYTHON_PLAIN(eventual_result, "stash", stash,
                           "stash($self)\n--\n\nKeeps this result; returns a number for retrieve_result."),
    INTERLOOP_PYTHON_PLAIN(eventual_result, "original_failure", original_failure,
                           "original_failure($self)\n--\n\nThe failure, or None if there is none (yet)."),
    INTERLOOP_PYTHON_FAST(eventual_result, "_connect_deferred", connect, "_connect_deferred($self, deferred)\n--\n\n"),
    INTERLOOP_PYTHON_FAST(eventual_result, "_set_result", set, "_set_result($self, result)\n--\n\n"),
    INTERLOOP_PYTHON_FAST(eventual_result, "_result", result, "_result($self, timeout)\n--\n\n"),
    INTERLOOP_PYTHON_PLAIN(eventual_result, "_cancel_now", cancel_now, "_cancel_now($self)\n--\n\n"),
    {"__class_getitem__", reinterpret_cast<PyCFunction>(&Py_GenericAlias), METH_O | METH_CLASS,
     PyDoc_STR("For annotations: EventualResult[int].")},
    {nullptr, nullptr, 0, nullptr},
}};

}  // namespace

ref make_eventual_result(PyObject* reactor) {
  auto* self = load_reporter() ? allocate<eventual_result>(eventual_result_type) : nullptr;
  if (!self) return ref();
  self->reactor = Py_NewRef(reactor);
  return ref(reinterpret_cast<PyObject*>(self));
}

bool set_eventual_result(PyObject* result, PyObject* value) { return set_result(as_result(result), value); }

bool stop_eventual_result(PyObject* result, PyObject* failure) {
  as_result(result)->stopped = !as_result(result)->value;
  return set_result(as_result(result), failure);
}

bool fail_eventual_result(PyObject* result) {
  const ref exception = take_exception();
  const ref failure = make_failed_future(exception.get(), true);
  return failure && set_result(as_result(result), failure.get());
}

ref wait_eventual_result(PyObject* result, PyObject* timeout, double grace) {
  return value_or_raise(as_result(result), timeout, grace);
}

bool cancel_eventual_result(PyObject* result) {
  const ref now(PyObject_GetAttrString(result, "_cancel_now"));
  return now && call_method(as_result(result)->reactor, names::callFromThread, now.get());
}

bool require_other_thread(PyObject* reactor, const char* what) {
  int inside = 0;
  if (reactor && reactor != Py_None && PyObject_HasAttr(reactor, names::in_loop_thread)) {
    const ref answer = call_method(reactor, names::in_loop_thread);
    inside = answer ? PyObject_IsTrue(answer.get()) : -1;
  } else {
    inside = in_io_thread();
  }
  if (inside > 0)
    PyErr_Format(PyExc_RuntimeError,
                 "%s must not be run in the reactor thread: it would deadlock. Use the Deferred, or await.", what);
  return inside == 0;
}

bool make_eventual_result_type(PyObject* module) {
  eventual_result_type = make_class<eventual_result, garbage>(
      module, "interloop._core.EventualResult",
      {{Py_tp_doc, const_cast<char*>("EventualResult(deferred, _reactor)\n--\n\n"
                                     "The result of a function that runs in the reactor's thread, for other threads.")},
       {Py_tp_new, reinterpret_cast<void*>(&construct)},
       {Py_tp_finalize, reinterpret_cast<void*>(&finalize)},
       {Py_tp_methods, methods.data()},
       {Py_tp_getset, properties.data()}},
      {{"_deferred", T_OBJECT, offsetof(eventual_result, deferred), READONLY, nullptr},
       {"_reactor", T_OBJECT, offsetof(eventual_result, reactor), READONLY, nullptr},
       {"_value", T_OBJECT, offsetof(eventual_result, value), READONLY, nullptr}});
  return eventual_result_type && make_result_set_type(module) && make_result_connection_type(module);
}

}  // namespace interloop::python
