// SPDX-License-Identifier: MIT
//
// The GIL guards all fields. A waiting thread puts a lock that it holds into the list of waiters and blocks on it without
// the GIL; who sets the result releases them. Python's own locks are used since a signal interrupts them.
//
// A Deferred refers to its result through a weak reference, so that one that nobody has any more can be reported.
#include "eventual_result.hpp"

#include "failed_future.hpp"
#include "native_twisted.hpp"

#include <pythread.h>
#include <structmember.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <vector>

namespace interloop::python {
namespace {

struct result_set;

struct eventual_result {
  PyObject_HEAD
  result_set* home;  // borrowed, as the links are: a set holds its results weakly
  eventual_result* previous;
  eventual_result* next;
  PyObject* deferred;  // null until it is connected
  PyObject* reactor;
  PyObject* value;      // null until it is set
  PyObject* traceback;  // of a failure, as it was when it arrived: Twisted cleans it away
  bool retrieved;
  std::vector<PyThread_type_lock>* waiters;
  PyObject* dict;
  PyObject* weakrefs;
};

// What a Deferred or future calls with its result.
struct connection {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* result;  // a weak reference
};

// The results that are waited for.
struct result_set {
  PyObject_HEAD
  eventual_result* first;
  bool stopped;
};

PyTypeObject* set_type = nullptr;
PyTypeObject* result_type = nullptr;
PyTypeObject* connection_type = nullptr;

eventual_result* as_result(PyObject* object) { return reinterpret_cast<eventual_result*>(object); }

// A module's attribute if the module is loaded: Twisted may not even be installed. None without an exception if not.
ref loaded(const char* module, const char* name) {
  PyObject* found = loaded_module(module);
  if (!found) return ref();
  ref value(PyObject_GetAttrString(found, name));
  if (!value) PyErr_Clear();
  return value;
}

// Whether `value` is a failure, of Twisted's or of asyncio's kind.
bool is_failure(PyObject* value) {
  if (PyObject_TypeCheck(value, failed_future_type)) return true;
  static PyTypeObject* twisted = nullptr;
  if (!twisted) twisted = reinterpret_cast<PyTypeObject*>(loaded("twisted.python.failure", "Failure").release());
  return twisted && PyObject_TypeCheck(value, twisted);
}

// Looked up with the first result: when the interpreter ends, nothing can be imported any more.
PyObject* reporter() {
  static PyObject* function = nullptr;
  if (!function) function = import_from("interloop.crochet._reports", "unhandled").release();
  return function;
}

// Tells the log of a failure that nobody will ask for. Never raises.
void report(PyObject* failure, const char* why) {
  PyObject* function = reporter();
  const ref reason(PyUnicode_FromString(why));
  if (!function || !reason || !call(function, failure, reason.get())) PyErr_WriteUnraisable(failure);
}

// Without the GIL, so that those who wake find it free: with it, each would wake only to wait for that, and two threads
// that talk to each other would spend their time there. The locks are the waiters': they stay until they are released.
void wake(std::vector<PyThread_type_lock>& waiters) {
  if (waiters.empty()) return;
  const std::vector<PyThread_type_lock> woken = std::exchange(waiters, {});
  Py_BEGIN_ALLOW_THREADS for (PyThread_type_lock each : woken) PyThread_release_lock(each);
  Py_END_ALLOW_THREADS
}

bool set_result(eventual_result* self, PyObject* value) {
  if (self->value) return true;
  if (is_failure(value)) {
    const ref exception(PyObject_GetAttr(value, names::value));
    if (!exception) return false;
    if (PyExceptionInstance_Check(exception.get())) self->traceback = PyException_GetTraceback(exception.get());
  }
  self->value = Py_NewRef(value);
  wake(*self->waiters);
  return true;
}

// ---- the set

void leave(eventual_result* self) {
  if (!self->home) return;
  (self->previous ? self->previous->next : self->home->first) = self->next;
  if (self->next) self->next->previous = self->previous;
  self->home = nullptr;
  self->previous = self->next = nullptr;
}

PyObject* set_add(result_set* self, const arguments& given) {
  static constexpr signature<1> wanted{"add", 1, {&names::result}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  if (!add_to_results(reinterpret_cast<PyObject*>(self), slots[0])) return nullptr;
  Py_RETURN_NONE;
}

PyObject* set_stop(result_set* self, const arguments& given) {
  static constexpr signature<1> wanted{"stop", 1, {&names::failure}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  self->stopped = true;
  while (self->first) {
    const ref each = ref::borrow(reinterpret_cast<PyObject*>(self->first));
    leave(self->first);
    if (!set_result(as_result(each.get()), slots[0])) return nullptr;
  }
  Py_RETURN_NONE;
}

int set_contains(PyObject* self, PyObject* result) {
  return PyObject_TypeCheck(result, result_type) && as_result(result)->home == reinterpret_cast<result_set*>(self);
}

void set_destroy(PyObject* object) {
  auto* self = reinterpret_cast<result_set*>(object);
  while (self->first) leave(self->first);
  free_object(object);
}

PyObject* set_construct(PyTypeObject* type, PyObject*, PyObject*) { return type->tp_alloc(type, 0); }

std::array<PyMethodDef, 3> set_methods{{
    INTERLOOP_PYTHON_FAST(result_set, "add", set_add, "add($self, result)\n--\n\nAdds an EventualResult, weakly."),
    INTERLOOP_PYTHON_FAST(result_set, "stop", set_stop,
                          "stop($self, failure)\n--\n\nFails all, and lets none in any more."),
    {nullptr, nullptr, 0, nullptr},
}};

// ---- waiting

// A lock that this thread holds; kept for its next wait. Null: no memory.
struct thread_lock {
  PyThread_type_lock lock = nullptr;
  PyThread_type_lock get() {
    if (!lock && (lock = PyThread_allocate_lock())) PyThread_acquire_lock(lock, WAIT_LOCK);
    return lock;
  }
  ~thread_lock() {
    if (!lock) return;
    PyThread_release_lock(lock);
    PyThread_free_lock(lock);
  }
};

using clock = std::chrono::steady_clock;

// False: an exception is set. Infinite if `forever`.
bool read_timeout(PyObject* timeout, bool& forever, clock::time_point& deadline) {
  forever = timeout == Py_None;
  if (forever) return true;
  const double seconds = PyFloat_AsDouble(timeout);
  if (seconds == -1.0 && PyErr_Occurred()) return false;
  if (std::isnan(seconds)) {
    PyErr_SetString(PyExc_ValueError, "the timeout has to be a number of seconds");
    return false;
  }
  constexpr double longest = 1e8;  // three years; what is beyond does not fit the clock
  deadline = clock::now() + std::chrono::duration_cast<clock::duration>(
                                std::chrono::duration<double>(std::clamp(seconds, 0.0, longest)));
  return true;
}

// 1: there is a value; 0: the time is up; -1: an exception is set.
int block(eventual_result* self, PyObject* timeout) {
  bool forever = false;
  clock::time_point deadline{};
  if (!read_timeout(timeout, forever, deadline)) return -1;
  thread_local thread_lock own;
  while (!self->value) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - clock::now()).count();
    if (!forever && left <= 0) return 0;
    const PyThread_type_lock lock = own.get();
    if (!lock) {
      PyErr_NoMemory();
      return -1;
    }
    self->waiters->push_back(lock);
    PyLockStatus status{};
    Py_BEGIN_ALLOW_THREADS status =
        PyThread_acquire_lock_timed(lock, forever ? -1 : static_cast<PY_TIMEOUT_T>(left), 1);
    Py_END_ALLOW_THREADS const auto still = std::find(self->waiters->begin(), self->waiters->end(), lock);
    if (still != self->waiters->end()) {
      self->waiters->erase(still);
    } else if (status != PY_LOCK_ACQUIRED) {
      PyThread_acquire_lock(lock, WAIT_LOCK);  // released since: hold it again
    }
    if (status == PY_LOCK_INTR && PyErr_CheckSignals() < 0) return -1;
  }
  return 1;
}

ref timeout_error() {
  static PyObject* type = nullptr;
  if (!type) type = import_from("interloop.crochet._eventloop", "TimeoutError").release();
  if (type) PyErr_SetNone(type);
  return ref();
}

// The value whether it is a failure or not; none and TimeoutError.
ref any_result(eventual_result* self, PyObject* timeout) {
  const int there = block(self, timeout);
  if (there < 0) return ref();
  if (there == 0) return timeout_error();
  self->retrieved = true;
  return ref::borrow(self->value);
}

ref value_or_raise(eventual_result* self, PyObject* timeout) {
  ref value = any_result(self, timeout);
  if (!value || !is_failure(value.get())) return value;
  ref exception(PyObject_GetAttr(value.get(), names::value));
  if (!exception) return ref();
  if (!PyExceptionInstance_Check(exception.get())) {
    PyErr_Format(PyExc_RuntimeError, "the result failed with %R, which is no exception", exception.get());
    return ref();
  }
  // Each wait shows the frames of the function that failed, and its own, not those of the waits before.
  PyException_SetTraceback(exception.get(), self->traceback ? self->traceback : Py_None);
  put_exception(std::move(exception));
  return ref();
}

// ---- the connection

// The outcome of an asyncio future, as a value or a FailedFuture.
ref outcome_of(PyObject* future) {
  ref value = call_method(future, names::result);
  if (value) return value;
  const ref exception = take_exception();
  return make_failed_future(exception.get(), true);
}

PyObject* on_outcome(PyObject* object, PyObject* const* args, std::size_t flags, PyObject*) {
  if (PyVectorcall_NARGS(flags) != 1) {
    PyErr_SetString(PyExc_TypeError, "a callback takes the result");
    return nullptr;
  }
  auto* self = reinterpret_cast<connection*>(object);
  // asyncio calls with the future, Twisted with the result; a Deferred's result is never a future that is done.
  static PyTypeObject* asyncio_future = nullptr;
  if (!asyncio_future) asyncio_future = reinterpret_cast<PyTypeObject*>(loaded("asyncio", "Future").release());
  const bool from_asyncio = asyncio_future && PyObject_TypeCheck(args[0], asyncio_future);
  const ref value = from_asyncio ? outcome_of(args[0]) : ref::borrow(args[0]);
  if (!value) return nullptr;
  const ref result = ref::borrow(PyWeakref_GetObject(self->result));
  if (result.get() != Py_None) {
    if (!set_result(as_result(result.get()), value.get())) return nullptr;
  } else if (is_failure(value.get())) {
    report(value.get(), "Unhandled error in EventualResult");
  }
  Py_RETURN_NONE;  // a failure has arrived: Twisted has nothing to report
}

using connection_garbage = collected<connection, &connection::result>;
std::array<PyMemberDef, 2> connection_members{{
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(connection, vectorcall), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

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

// In the reactor's thread: it is connected by now, since calls run there in order.
PyObject* cancel_now(eventual_result* self) {
  if (self->deferred && !call_method(self->deferred, names::cancel)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 3> keywords{"deferred", "_reactor", nullptr};
  PyObject *deferred = nullptr, *reactor = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:EventualResult", const_cast<char**>(keywords.data()), &deferred,
                                   &reactor))
    return nullptr;
  auto* self = reporter() ? allocate<eventual_result>(type) : nullptr;
  if (!self) return nullptr;
  ref owner(reinterpret_cast<PyObject*>(self));
  self->reactor = Py_NewRef(reactor);
  self->waiters = new std::vector<PyThread_type_lock>;
  if (deferred != Py_None && !connect_eventual_result(owner.get(), deferred)) return nullptr;
  return owner.release();
}

using garbage = collected<eventual_result, &eventual_result::deferred, &eventual_result::reactor,
                          &eventual_result::value, &eventual_result::traceback, &eventual_result::dict>;

void finalize(PyObject* object) {
  eventual_result* self = as_result(object);
  if (self->retrieved || !self->value || !is_failure(self->value)) return;
  ref pending = take_exception();
  self->retrieved = true;
  report(self->value, "Unhandled error in EventualResult");
  if (pending) put_exception(std::move(pending));
}

void destroy(PyObject* object) {
  if (PyObject_CallFinalizerFromDealloc(object) < 0) return;
  PyObject_GC_UnTrack(object);
  if (as_result(object)->weakrefs) PyObject_ClearWeakRefs(object);
  leave(as_result(object));
  garbage::clear(object);
  delete as_result(object)->waiters;
  free_object(object);
}

PyObject* get_retrieved(PyObject* object, void*) { return PyBool_FromLong(as_result(object)->retrieved); }

std::array<PyGetSetDef, 2> properties{{
    {"_result_retrieved", &get_retrieved, nullptr, PyDoc_STR("Whether somebody has seen the result."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

std::array<PyMemberDef, 6> members{{
    {"_deferred", T_OBJECT, offsetof(eventual_result, deferred), READONLY, nullptr},
    {"_reactor", T_OBJECT, offsetof(eventual_result, reactor), READONLY, nullptr},
    {"_value", T_OBJECT, offsetof(eventual_result, value), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(eventual_result, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(eventual_result, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

std::array<PyMethodDef, 10> methods{{
    INTERLOOP_PYTHON_FAST(
        eventual_result, "wait", wait,
        "wait($self, timeout)\n--\n\n"
        "The result, or its exception raised. TimeoutError: there is none within timeout seconds; the\n"
        "result may still come. RuntimeError: in the reactor's thread. Any number of times."),
    INTERLOOP_PYTHON_PLAIN(eventual_result, "cancel", cancel,
                           "cancel($self)\n--\n\nAsks the reactor's thread to cancel the operation. Any thread, any "
                           "number of times."),
    INTERLOOP_PYTHON_PLAIN(eventual_result, "stash", stash,
                           "stash($self)\n--\n\nKeeps this result; the number that retrieve_result takes."),
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
  auto* self = reporter() ? allocate<eventual_result>(result_type) : nullptr;
  if (!self) return ref();
  self->reactor = Py_NewRef(reactor);
  self->waiters = new std::vector<PyThread_type_lock>;
  return ref(reinterpret_cast<PyObject*>(self));
}

bool add_to_results(PyObject* results, PyObject* result) {
  if (!PyObject_TypeCheck(results, set_type) || !PyObject_TypeCheck(result, result_type)) {
    PyErr_SetString(PyExc_TypeError, "add() takes an EventualResult");
    return false;
  }
  auto* home = reinterpret_cast<result_set*>(results);
  if (home->stopped) {
    static PyObject* type = nullptr;
    if (!type) type = import_from("interloop.crochet._eventloop", "ReactorStopped").release();
    if (type) PyErr_SetString(type, "the loop has stopped: there will be no result");
    return false;
  }
  eventual_result* added = as_result(result);
  leave(added);
  added->home = home;
  added->next = home->first;
  if (home->first) home->first->previous = added;
  home->first = added;
  return true;
}

bool set_eventual_result(PyObject* result, PyObject* value) { return set_result(as_result(result), value); }

bool connect_eventual_result(PyObject* result, PyObject* deferred) {
  const ref link(reinterpret_cast<PyObject*>(allocate<connection>(connection_type)));
  if (!link) return false;
  auto* made = reinterpret_cast<connection*>(link.get());
  made->vectorcall = &on_outcome;
  made->result = PyWeakref_NewRef(result, nullptr);
  if (!made->result) return false;
  Py_XSETREF(as_result(result)->deferred, Py_NewRef(deferred));
  const bool is_deferred = PyObject_HasAttr(deferred, names::addBoth);
  return static_cast<bool>(call_method(deferred, is_deferred ? names::addBoth : names::add_done_callback, link.get()));
}

bool fail_eventual_result(PyObject* result) {
  const ref exception = take_exception();
  const ref failure = make_failed_future(exception.get(), true);
  return failure && set_result(as_result(result), failure.get());
}

ref wait_eventual_result(PyObject* result, PyObject* timeout) { return value_or_raise(as_result(result), timeout); }

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
                 "%s must not be run in the reactor thread: it would wait for itself. Use the Deferred, or await.",
                 what);
  return inside == 0;
}

bool make_eventual_result_types(PyObject* module) {
  std::array<PyType_Slot, 6> connection_slots{{
      {Py_tp_call, reinterpret_cast<void*>(&PyVectorcall_Call)},
      {Py_tp_traverse, reinterpret_cast<void*>(&connection_garbage::traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&connection_garbage::clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&connection_garbage::destroy)},
      {Py_tp_members, connection_members.data()},
      {0, nullptr},
  }};
  std::array<PyType_Slot, 5> set_slots{{
      {Py_tp_new, reinterpret_cast<void*>(&set_construct)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&set_destroy)},
      {Py_sq_contains, reinterpret_cast<void*>(&set_contains)},
      {Py_tp_methods, set_methods.data()},
      {0, nullptr},
  }};
  std::array<PyType_Slot, 10> slots{{
      {Py_tp_doc, const_cast<char*>("EventualResult(deferred, _reactor)\n--\n\n"
                                    "The result of a function that runs in the reactor's thread, for other threads.")},
      {Py_tp_new, reinterpret_cast<void*>(&construct)},
      {Py_tp_traverse, reinterpret_cast<void*>(&garbage::traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&garbage::clear)},
      {Py_tp_finalize, reinterpret_cast<void*>(&finalize)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&destroy)},
      {Py_tp_methods, methods.data()},
      {Py_tp_members, members.data()},
      {Py_tp_getset, properties.data()},
      {0, nullptr},
  }};
  PyType_Spec connection_spec{
      "interloop._core._Connection", sizeof(connection), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
      connection_slots.data()};
  PyType_Spec spec{"interloop._core.EventualResult", sizeof(eventual_result), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  PyType_Spec set_spec{"interloop._core.ResultSet", sizeof(result_set), 0, Py_TPFLAGS_DEFAULT, set_slots.data()};
  return (connection_type = make_type(module, connection_spec)) && (set_type = make_type(module, set_spec)) &&
         (result_type = make_type(module, spec));
}

}  // namespace interloop::python
