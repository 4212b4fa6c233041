// SPDX-License-Identifier: MIT
#include "twisted_chain.hpp"

#include "type.hpp"
#include "unchanged.hpp"

namespace interloop::python {
namespace {

// What Twisted's code refers to. Strong references, kept for the life of the process.
struct parts {
  PyObject* passes = nullptr;        // passthru
  PyObject* fails = nullptr;         // _failthru
  PyObject* goes_on = nullptr;       // _CONTINUE, which stands for a Deferred that waits for this one
  PyObject* no_keywords = nullptr;   // _NONE_KWARGS
  PyObject* no_arguments = nullptr;  // ()
  PyObject* debug_info = nullptr;    // the class
  bool succeed_is_known = false;
  PyObject* failure_dict = nullptr;   // of the module twisted.python.failure
  PyObject* add_callbacks = nullptr;  // Deferred's functions
  PyObject* add_errback = nullptr;
  PyObject* callback = nullptr;
  PyObject* errback = nullptr;
  bool complete = false;
};

// They are fetched again whenever the class has changed.
const parts& fetch(const native_twisted& twisted) {
  static parts found;
  parts made;
  const auto take = [](const char* name) { return import_from("twisted.internet.defer", name).release(); };
  auto* deferred = reinterpret_cast<PyObject*>(twisted.deferred);
  made.passes = take("passthru");
  made.fails = take("_failthru");
  made.goes_on = take("_CONTINUE");
  made.no_keywords = take("_NONE_KWARGS");
  made.debug_info = take("DebugInfo");
  made.no_arguments = PyTuple_New(0);
  const ref succeed(take("succeed"));
  const ref module(PyImport_ImportModule("twisted.python.failure"));
  made.failure_dict = module && PyModule_Check(module.get()) ? Py_NewRef(PyModule_GetDict(module.get())) : nullptr;
  made.add_callbacks = PyObject_GetAttr(deferred, names::addCallbacks);
  made.add_errback = PyObject_GetAttr(deferred, names::addErrback);
  made.callback = PyObject_GetAttr(deferred, names::callback);
  made.errback = PyObject_GetAttr(deferred, names::errback);
  PyErr_Clear();
  made.succeed_is_known = uses_just(succeed.get(), "Deferred result called _chainedTo");
  made.complete = made.passes && made.fails && made.goes_on && made.no_keywords && made.debug_info &&
                  made.no_arguments && made.failure_dict && made.add_callbacks && made.add_errback && made.callback &&
                  made.errback;
  found = made;
  return found;
}

bool method_uses(PyTypeObject* type, const char* name, const char* names) {
  const ref function(PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), name));
  PyErr_Clear();
  return function && uses_just(function.get(), names);
}

bool was_written_for(const native_twisted& twisted) {
  PyTypeObject* type = twisted.deferred;
  return type->tp_new == PyBaseObject_Type.tp_new && is(reinterpret_cast<PyObject*>(type), names::debug, Py_False) &&
         method_uses(type, "__init__",
                     "_callbacks _canceller debug DebugInfo _debugInfo traceback format_stack creator") &&
         method_uses(type, "addCallbacks", "_failthru _callbacks append called _runCallbacks") &&
         method_uses(type, "addErrback", "_callbacks append passthru called _runCallbacks") &&
         method_uses(type, "callback", "_startRunCallbacks") &&
         method_uses(type, "errback", "Failure debug isinstance _startRunCallbacks") &&
         method_uses(type, "_startRunCallbacks",
                     "called _suppressAlreadyCalled debug _debugInfo DebugInfo _getDebugTracebacks AlreadyCalledError "
                     "traceback format_stack invoker _canceller result _runCallbacks") &&
         method_uses(type, "_runCallbacks",
                     "_runningCallbacks paused _chainedTo _callbacks pop isinstance result Failure _CONTINUE "
                     "_debugInfo failResult append warnAboutFunction type _DEFERRED_SUBCLASSES getattr _NO_RESULT "
                     "pause _continuation BaseException debug DebugInfo");
}

// The parts, if Deferreds work as they did when this was written; otherwise null.
const parts* known(const native_twisted& twisted) {
  static unchanged checked;
  static const parts* found = nullptr;
  const bool ours = checked(twisted.deferred, [&] {
    const parts& made = fetch(twisted);
    found = &made;
    return made.complete && was_written_for(twisted);
  });
  return ours ? found : nullptr;
}

bool knows_failures(const native_twisted& twisted) {
  static unchanged checked;
  return checked(twisted.failure, [&] {
    return twisted.failure->tp_new == reinterpret_cast<PyTypeObject*>(PyExc_BaseException)->tp_new &&
           method_uses(twisted.failure, "__init__",
                       "count type value captureVars sys exc_info NoCurrentExceptionError isinstance Exception "
                       "__class__ Failure _extrapolate getattr __traceback__ tb");
  });
}

bool set(PyObject* object, PyObject* name, PyObject* value) { return PyObject_SetAttr(object, name, value) == 0; }

// -1: an exception is set.
int is_true(PyObject* object, PyObject* name) {
  const ref found(PyObject_GetAttr(object, name));
  return found ? PyObject_IsTrue(found.get()) : -1;
}

// The outcome of a callback, put at the head of the chain as a callback that has it again, for Twisted's code to treat.
struct replay {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* value;
  PyObject* raised;
  PyObject* callback;
};

PyTypeObject* replay_type = nullptr;

PyObject* have_again(PyObject* object, PyObject* const*, std::size_t, PyObject*) {
  auto* self = reinterpret_cast<replay*>(object);
  ref raised(std::exchange(self->raised, nullptr));
  if (!raised) return Py_NewRef(self->value ? self->value : Py_None);
  put_exception(std::move(raised));
  return nullptr;
}

// Twisted warns of a callback by its module and line.
PyObject* attribute_of_callback(PyObject* object, PyObject* name) {
  PyObject* callback = reinterpret_cast<replay*>(object)->callback;
  return callback ? PyObject_GetAttr(callback, name) : PyObject_GenericGetAttr(object, name);
}

using garbage = collected<replay, &replay::value, &replay::raised, &replay::callback>;

bool put_first(const parts& twisteds, PyObject* chain, PyObject* callback, ref value, ref raised) {
  auto* self = allocate<replay>(replay_type);
  if (!self) return false;
  const ref made(reinterpret_cast<PyObject*>(self));
  self->vectorcall = &have_again;
  self->value = value.release();
  self->raised = raised.release();
  self->callback = Py_NewRef(callback);
  const ref call(PyTuple_Pack(3, made.get(), twisteds.no_arguments, twisteds.no_keywords));
  const ref both(call ? PyTuple_Pack(2, call.get(), call.get()) : nullptr);
  return both && PyList_Insert(chain, 0, both.get()) == 0;
}

bool let_twisted_run(PyObject* deferred) { return static_cast<bool>(call_method(deferred, names::run_callbacks)); }

// The next pair in the chain, if it is of the usual form: of three objects each, without arguments.
PyObject* usual_callback(const parts& twisteds, PyObject* chain, bool failing) {
  PyObject* pair = PyList_GET_ITEM(chain, 0);
  if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2) return nullptr;
  PyObject* one = PyTuple_GET_ITEM(pair, failing ? 1 : 0);
  if (!PyTuple_CheckExact(one) || PyTuple_GET_SIZE(one) != 3) return nullptr;
  PyObject *callback = PyTuple_GET_ITEM(one, 0), *args = PyTuple_GET_ITEM(one, 1), *kwargs = PyTuple_GET_ITEM(one, 2);
  const bool plain = PyTuple_CheckExact(args) && PyTuple_GET_SIZE(args) == 0 &&
                     (kwargs == twisteds.no_keywords || (PyDict_CheckExact(kwargs) && PyDict_GET_SIZE(kwargs) == 0));
  return plain && callback != twisteds.goes_on ? callback : nullptr;
}

// A Deferred that ends with a failure is reported when it goes, unless somebody takes the failure before.
bool keep_account(const parts& twisteds, PyObject* deferred, PyObject* result, bool failing) {
  ref info(PyObject_GetAttr(deferred, names::debug_info));
  if (!info) return false;
  if (info.get() == Py_None) {
    if (!failing) return true;
    info = call(twisteds.debug_info);
    if (!info || !set(deferred, names::debug_info, info.get())) return false;
  }
  return set(info.get(), names::fail_result, failing ? result : Py_None);
}

// `deferred._runCallbacks()`, for a Deferred that was called.
bool run_chain(const native_twisted& twisted, const parts& twisteds, PyObject* deferred) {
  const int running = is_true(deferred, names::running_callbacks);
  if (running != 0) return running > 0;
  const int paused = is_true(deferred, names::paused);
  if (paused != 0) return paused > 0;
  const ref chain(PyObject_GetAttr(deferred, names::callbacks_));
  if (!chain) return false;
  if (!PyList_CheckExact(chain.get())) return let_twisted_run(deferred);
  if (!set(deferred, names::chained_to, Py_None)) return false;
  ref result(PyObject_GetAttr(deferred, names::result));
  if (!result) return false;
  bool failing = PyObject_TypeCheck(result.get(), twisted.failure);
  while (PyList_GET_SIZE(chain.get()) > 0) {
    const ref callback = ref::borrow(usual_callback(twisteds, chain.get(), failing));
    if (!callback) return let_twisted_run(deferred);
    if (PyList_SetSlice(chain.get(), 0, 1, nullptr) < 0 || !set(deferred, names::running_callbacks, Py_True))
      return false;
    ref value = call(callback.get(), result.get());
    ref raised = value ? ref() : take_exception();
    if (!set(deferred, names::running_callbacks, Py_False)) return false;
    if (!value || PyObject_TypeCheck(value.get(), twisted.deferred))
      return put_first(twisteds, chain.get(), callback.get(), std::move(value), std::move(raised)) &&
             let_twisted_run(deferred);
    if (!set(deferred, names::result, value.get())) return false;
    failing = PyObject_TypeCheck(value.get(), twisted.failure);
    result = std::move(value);
  }
  return keep_account(twisteds, deferred, result.get(), failing);
}

// `deferred._startRunCallbacks(result)`.
bool start_chain(const native_twisted& twisted, const parts& twisteds, PyObject* deferred, PyObject* result) {
  const int called = is_true(deferred, names::called);
  if (called < 0) return false;
  if (called) return static_cast<bool>(call_method(deferred, names::start_run_callbacks, result));
  return set(deferred, names::called, Py_True) && set(deferred, names::canceller_, Py_None) &&
         set(deferred, names::result, result) && run_chain(twisted, twisteds, deferred);
}

ref triple(const parts& twisteds, PyObject* callback) {
  return ref(PyTuple_Pack(3, callback, twisteds.no_arguments, twisteds.no_keywords));
}

}  // namespace

ref new_deferred(const native_twisted& twisted, PyObject* canceller) {
  auto* type = reinterpret_cast<PyObject*>(twisted.deferred);
  const parts* twisteds = known(twisted);
  if (!twisteds) return canceller ? call(type, canceller) : call(type);
  ref made(twisted.deferred->tp_new(twisted.deferred, twisteds->no_arguments, nullptr));
  const ref chain(made ? PyList_New(0) : nullptr);
  if (!chain || !set(made.get(), names::callbacks_, chain.get()) ||
      !set(made.get(), names::canceller_, canceller ? canceller : Py_None))
    return ref();
  return made;
}

ref succeeded(const native_twisted& twisted, PyObject* result) {
  const parts* twisteds = known(twisted);
  ref made = new_deferred(twisted);
  if (!made) return made;
  if (!twisteds || !twisteds->succeed_is_known) return call_back(twisted, made.get(), result) ? std::move(made) : ref();
  if (!set(made.get(), names::result, result) || !set(made.get(), names::called, Py_True) ||
      !set(made.get(), names::chained_to, Py_None))
    return ref();
  return made;
}

ref new_failure(const native_twisted& twisted, PyObject* exception) {
  const parts* twisteds = knows_failures(twisted) ? known(twisted) : nullptr;
  PyObject* before = twisteds ? PyDict_GetItemWithError(twisteds->failure_dict, names::count) : nullptr;
  if (!before || !PyLong_CheckExact(before) || !is_ordinary(exception)) {
    PyErr_Clear();
    return call(reinterpret_cast<PyObject*>(twisted.failure), exception);
  }
  const ref one(PyLong_FromLong(1)), count(one ? PyNumber_Add(before, one.get()) : nullptr);
  if (!count || PyDict_SetItem(twisteds->failure_dict, names::count, count.get()) < 0) return ref();
  const ref args(PyTuple_Pack(1, exception)), type(PyObject_GetAttr(exception, names::dunder_class));
  ref made(args && type ? twisted.failure->tp_new(twisted.failure, args.get(), nullptr) : nullptr);
  const ref traceback(PyException_GetTraceback(exception));
  if (!made || !set(made.get(), names::count, count.get()) || !set(made.get(), names::type, type.get()) ||
      !set(made.get(), names::value, exception) || !set(made.get(), names::capture_vars, Py_False) ||
      !set(made.get(), names::tb, traceback ? traceback.get() : Py_None))
    return ref();
  return made;
}

bool call_back(const native_twisted& twisted, PyObject* deferred, PyObject* result) {
  const parts* twisteds = Py_IS_TYPE(deferred, twisted.deferred) ? known(twisted) : nullptr;
  if (!twisteds || !is_own_method(deferred, names::callback, twisteds->callback))
    return static_cast<bool>(call_method(deferred, names::callback, result));
  return start_chain(twisted, *twisteds, deferred, result);
}

bool err_back(const native_twisted& twisted, PyObject* deferred, PyObject* failure) {
  const parts* twisteds = Py_IS_TYPE(deferred, twisted.deferred) ? known(twisted) : nullptr;
  if (!twisteds || !is_own_method(deferred, names::errback, twisteds->errback))
    return static_cast<bool>(call_method(deferred, names::errback, failure));
  return start_chain(twisted, *twisteds, deferred, failure);
}

bool add_to_chain(const native_twisted& twisted, PyObject* deferred, PyObject* callback, PyObject* errback) {
  const bool only_errback = callback == Py_None;
  const parts* twisteds = Py_IS_TYPE(deferred, twisted.deferred) ? known(twisted) : nullptr;
  if (!twisteds || !(only_errback ? is_own_method(deferred, names::addErrback, twisteds->add_errback)
                                  : is_own_method(deferred, names::addCallbacks, twisteds->add_callbacks)))
    return static_cast<bool>(only_errback ? call_method(deferred, names::addErrback, errback)
                                          : call_method(deferred, names::addCallbacks, callback, errback));
  const ref chain(PyObject_GetAttr(deferred, names::callbacks_));
  const ref first = triple(*twisteds, only_errback ? twisteds->passes : callback);
  const ref second = triple(*twisteds, errback == Py_None ? twisteds->fails : errback);
  const ref both(first && second ? PyTuple_Pack(2, first.get(), second.get()) : nullptr);
  if (!chain || !both) return false;
  if (PyList_CheckExact(chain.get()) ? PyList_Append(chain.get(), both.get()) < 0
                                     : !call_method(chain.get(), names::append, both.get()))
    return false;
  const int called = is_true(deferred, names::called);
  return called == 0 || (called > 0 && run_chain(twisted, *twisteds, deferred));
}

bool make_twisted_chain_type(PyObject* module) {
  replay_type = make_class<replay, garbage>(module, "interloop._core._Replay",
                                            {{Py_tp_getattro, reinterpret_cast<void*>(&attribute_of_callback)}}, {},
                                            Py_TPFLAGS_DISALLOW_INSTANTIATION);
  return replay_type != nullptr;
}

}  // namespace interloop::python
