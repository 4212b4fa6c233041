// SPDX-License-Identifier: MIT
//
// txaio's functions on Twisted, as methods of `TwistedApi`. Deferreds, failures and delayed calls are Twisted's own.
#include "twisted_api.hpp"

#include "batched_timer.hpp"
#include "config.hpp"
#include "failure_text.hpp"
#include "native_twisted.hpp"
#include "twisted_gather.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

struct twisted_api {
  PyObject_HEAD
  PyObject* config;
  PyObject* gather_type;  // the class of what `gather` returns: a DeferredList
  PyObject* dict;
  PyObject* weakrefs;
};

PyObject* none_if(const ref& done) { return done ? Py_NewRef(Py_None) : nullptr; }

// The configured reactor. The default one is imported as late as here: an application may install another until then.
ref reactor_of(twisted_api* self) {
  ref configured = configured_loop(self->config);
  if (!configured || configured.get() != Py_None) return configured;
  ref reactor(PyImport_ImportModule("twisted.internet.reactor"));
  if (!reactor || PyObject_SetAttr(self->config, names::loop, reactor.get()) < 0) return ref();
  return reactor;
}

// `error`: null or None for the exception that is being handled.
ref failure_of(const native_twisted& twisted, PyObject* error) {
  auto* type = reinterpret_cast<PyObject*>(twisted.failure);
  return error && error != Py_None ? call(type, error) : call(type);
}

bool reject_deferred(const native_twisted& twisted, PyObject* deferred, PyObject* error) {
  ref failure;
  if (error && PyObject_TypeCheck(error, twisted.failure)) {
    failure = ref::borrow(error);
  } else if (!error || error == Py_None || is_ordinary(error)) {
    failure = failure_of(twisted, error);
    if (!failure) return false;
  } else {
    PyErr_SetString(PyExc_RuntimeError, "reject requires a Failure or Exception");
    return false;
  }
  return static_cast<bool>(call_method(deferred, names::errback, failure.get()));
}

PyObject* create_future(twisted_api*, const arguments& given) {
  static constexpr signature<3> wanted{"create_future", 0, {&names::result, &names::error, &names::canceller}};
  std::array<PyObject*, 3> slots{};
  const native_twisted* twisted = get_twisted();
  if (!twisted || !parse(wanted, given, slots)) return nullptr;
  const auto [result, error, canceller] = slots;
  if (result && error) {
    PyErr_SetString(PyExc_ValueError, "Cannot have both result and error.");
    return nullptr;
  }
  auto* type = reinterpret_cast<PyObject*>(twisted->deferred);
  ref deferred = canceller ? call(type, canceller) : call(type);
  if (!deferred) return nullptr;
  if (result && !call_method(deferred.get(), names::callback, result)) return nullptr;
  if (error && !reject_deferred(*twisted, deferred.get(), error)) return nullptr;
  return deferred.release();
}

PyObject* create_future_success(twisted_api*, const arguments& given) {
  static constexpr signature<1> wanted{"create_future_success", 1, {&names::result}};
  std::array<PyObject*, 1> slots{};
  const native_twisted* twisted = get_twisted();
  return twisted && parse(wanted, given, slots) ? call(twisted->succeed, slots[0]).release() : nullptr;
}

PyObject* create_future_error(twisted_api*, const arguments& given) {
  static constexpr signature<1> wanted{"create_future_error", 0, {&names::error}};
  std::array<PyObject*, 1> slots{};
  const native_twisted* twisted = get_twisted();
  if (!twisted || !parse(wanted, given, slots)) return nullptr;
  const ref failure = failure_of(*twisted, slots[0]);
  return failure ? call(twisted->fail, failure.get()).release() : nullptr;
}

// Whether a function is `async def`. Twisted starts those at once. -1: an exception is set.
int is_coroutine_function(const native_twisted& twisted, PyObject* function) {
  PyObject* inner = PyMethod_Check(function) ? PyMethod_GET_FUNCTION(function) : function;
  if (PyCFunction_Check(inner)) return 0;
  if (PyFunction_Check(inner)) {
    const auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(inner));
    if (code->co_flags & CO_COROUTINE) return 1;
    if (!reinterpret_cast<PyFunctionObject*>(inner)->func_dict) return 0;  // nor can it be marked as one
  }
  const ref answer = call(twisted.is_coroutine_function, function);
  return answer ? PyObject_IsTrue(answer.get()) : -1;
}

// `fun` raised: its Deferred.
ref deferred_of_exception(const native_twisted& twisted) {
  const ref exception = take_exception();
  const handling within(exception.get());
  const ref failure = failure_of(twisted, nullptr);
  return failure ? call(twisted.fail, failure.get()) : ref();
}

PyObject* as_future(twisted_api*, const arguments& given) {
  static constexpr signature<1> wanted{"as_future", 1, {&names::fun}, {&names::func}};
  std::array<PyObject*, 1> slots{};
  leading_arguments split;
  const native_twisted* twisted = get_twisted();
  if (!twisted || !split.split(wanted, given, slots)) return nullptr;

  const int asynchronous = is_coroutine_function(*twisted, slots[0]);
  if (asynchronous < 0) return nullptr;
  ref result = call_with(slots[0], split.rest);
  if (!result) {
    // Only of an `async def`'s arguments is it known that nothing has run yet; others come in failures, all of them.
    if (asynchronous && !PyErr_ExceptionMatches(PyExc_TypeError)) return nullptr;
    return deferred_of_exception(*twisted).release();
  }
  if (PyObject_TypeCheck(result.get(), twisted->deferred)) return result.release();
  if (asynchronous || PyCoro_CheckExact(result.get())) return call(twisted->ensure_deferred, result.get()).release();
  if (PyObject_TypeCheck(result.get(), twisted->failure)) return call(twisted->fail, result.get()).release();
  return call(twisted->succeed, result.get()).release();
}

PyObject* is_future(twisted_api*, const arguments& given) {
  static constexpr signature<1> wanted{"is_future", 1, {&names::obj}};
  std::array<PyObject*, 1> slots{};
  const native_twisted* twisted = get_twisted();
  if (!twisted || !parse(wanted, given, slots)) return nullptr;
  return PyBool_FromLong(PyObject_TypeCheck(slots[0], twisted->deferred));
}

PyObject* is_called(twisted_api*, const arguments& given) {
  static constexpr signature<1> wanted{"is_called", 1, {&names::future}};
  std::array<PyObject*, 1> slots{};
  return parse(wanted, given, slots) ? PyObject_GetAttr(slots[0], names::called) : nullptr;
}

PyObject* resolve(twisted_api*, const arguments& given) {
  static constexpr signature<2> wanted{"resolve", 1, {&names::future, &names::result}, {nullptr, &names::value}};
  std::array<PyObject*, 2> slots{nullptr, Py_None};
  return parse(wanted, given, slots) ? none_if(call_method(slots[0], names::callback, slots[1])) : nullptr;
}

PyObject* reject(twisted_api*, const arguments& given) {
  static constexpr signature<2> wanted{"reject", 1, {&names::future, &names::error}};
  std::array<PyObject*, 2> slots{};
  const native_twisted* twisted = get_twisted();
  if (!twisted || !parse(wanted, given, slots) || !reject_deferred(*twisted, slots[0], slots[1])) return nullptr;
  Py_RETURN_NONE;
}

PyObject* cancel(twisted_api*, const arguments& given) {
  static constexpr signature<2> wanted{"cancel", 1, {&names::future, &names::msg}};
  std::array<PyObject*, 2> slots{};
  return parse(wanted, given, slots) ? none_if(call_method(slots[0], names::cancel)) : nullptr;
}

PyObject* add_callbacks(twisted_api*, const arguments& given) {
  static constexpr signature<3> wanted{"add_callbacks", 3, {&names::future, &names::callback, &names::errback}};
  std::array<PyObject*, 3> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  const auto [future, callback, errback] = slots;
  if (callback == Py_None && errback == Py_None) {
    PyErr_SetString(PyExc_ValueError, "add_callbacks: both callback and errback are None; give at least one");
    return nullptr;
  }
  const ref added = callback == Py_None ? call_method(future, names::addErrback, errback)
                                        : call_method(future, names::addCallbacks, callback, errback);
  return added ? Py_NewRef(future) : nullptr;
}

PyObject* gather(twisted_api* self, const arguments& given) {
  static constexpr signature<2> wanted{"gather", 1, {&names::futures, &names::consume_exceptions}};
  std::array<PyObject*, 2> slots{nullptr, Py_True};
  if (!parse(wanted, given, slots)) return nullptr;
  const int consume = PyObject_IsTrue(slots[1]);
  const ref futures = consume < 0 ? ref() : ref(PySequence_List(slots[0]));
  ref outer = futures ? call(self->gather_type, futures.get()) : ref();
  if (!outer || !twisted_gather(outer.get(), futures.get(), consume != 0)) return nullptr;
  return outer.release();
}

PyObject* call_later(twisted_api* self, const arguments& given) {
  static constexpr signature<2> wanted{"call_later", 2, {&names::delay, &names::fun}, {nullptr, &names::func}};
  std::array<PyObject*, 2> slots{};
  leading_arguments split;
  const native_twisted* twisted = get_twisted();
  if (!twisted || !split.split(wanted, given, slots) || !require_callable(wanted.function, slots[1])) return nullptr;
  ref reactor = reactor_of(self);
  // What has no callLater of its own may have an adapter registered.
  if (reactor && !PyObject_HasAttr(reactor.get(), names::callLater))
    reactor = call(twisted->reactor_time, reactor.get());
  if (!reactor) return nullptr;
  return call_method_with(reactor.get(), names::callLater, slots.data(), 2, split.rest).release();
}

PyObject* sleep(twisted_api* self, const arguments& given) {
  static constexpr signature<1> wanted{"sleep", 1, {&names::delay}};
  std::array<PyObject*, 1> slots{};
  const native_twisted* twisted = get_twisted();
  if (!twisted || !parse(wanted, given, slots)) return nullptr;
  const ref reactor = reactor_of(self);
  ref deferred = reactor ? call(reinterpret_cast<PyObject*>(twisted->deferred)) : ref();
  const ref wake = deferred ? ref(PyObject_GetAttr(deferred.get(), names::callback)) : ref();
  if (!wake || !call_method(reactor.get(), names::callLater, slots[0], wake.get(), Py_None)) return nullptr;
  return deferred.release();
}

PyObject* seconds(twisted_api* self) {
  const ref reactor = reactor_of(self);
  return reactor ? call_method(reactor.get(), names::seconds).release() : nullptr;
}

PyObject* create_failure(twisted_api*, const arguments& given) {
  static constexpr signature<1> wanted{"create_failure", 0, {&names::exception}};
  std::array<PyObject*, 1> slots{};
  const native_twisted* twisted = get_twisted();
  return twisted && parse(wanted, given, slots) ? failure_of(*twisted, slots[0]).release() : nullptr;
}

PyObject* failure_message(twisted_api*, const arguments& given) {
  static constexpr signature<1> wanted{"failure_message", 1, {&names::fail}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  return message_of_failure(slots[0], names::value, names::getErrorMessage).release();
}

PyObject* failure_traceback(twisted_api*, const arguments& given) {
  static constexpr signature<1> wanted{"failure_traceback", 1, {&names::fail}};
  std::array<PyObject*, 1> slots{};
  return parse(wanted, given, slots) ? PyObject_GetAttr(slots[0], names::tb) : nullptr;
}

PyObject* failure_format_traceback(twisted_api*, const arguments& given) {
  static constexpr signature<1> wanted{"failure_format_traceback", 1, {&names::fail}};
  std::array<PyObject*, 1> slots{};
  return parse(wanted, given, slots) ? text_of_twisted_failure(slots[0]).release() : nullptr;
}

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 3> keywords{"config", "gather_type", nullptr};
  PyObject *config = nullptr, *gather_type = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:TwistedApi", const_cast<char**>(keywords.data()), &config,
                                   &gather_type))
    return nullptr;
  auto* self = allocate<twisted_api>(type);
  if (!self) return nullptr;
  self->config = Py_NewRef(config);
  self->gather_type = Py_NewRef(gather_type);
  return reinterpret_cast<PyObject*>(self);
}

using garbage = collected<twisted_api, &twisted_api::config, &twisted_api::gather_type, &twisted_api::dict>;

PyObject* get_loop(twisted_api* self) { return reactor_of(self).release(); }

std::array<PyGetSetDef, 2> properties{{
    INTERLOOP_PYTHON_DICT,
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

std::array<PyMemberDef, 4> members{{
    {"_config", T_OBJECT, offsetof(twisted_api, config), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(twisted_api, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(twisted_api, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

std::array<PyMethodDef, 22> methods{{
    INTERLOOP_PYTHON_FAST(twisted_api, "create_future", create_future,
                          "create_future($self, result=..., error=..., canceller=None)\n--\n\n"
                          "A Deferred: not called yet, or with a result, or with an error: an exception or a Failure.\n"
                          "canceller(deferred) is called when it is cancelled. ValueError: both result and error."),
    INTERLOOP_PYTHON_FAST(twisted_api, "create_future_success", create_future_success,
                          "create_future_success($self, result)\n--\n\n"
                          "A Deferred that has its result already."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "create_future_error", create_future_error,
        "create_future_error($self, error=None)\n--\n\n"
        "A Deferred that has failed already: error is an exception or a Failure; None: the exception being\n"
        "handled. NoCurrentExceptionError: None outside of an except block."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "as_future", as_future,
        "as_future($self, fun, *args, **kwargs)\n--\n\n"
        "Calls fun(*args, **kwargs) now. Returns its Deferred, or one of its coroutine, its result or its\n"
        "exception, of any kind."),
    INTERLOOP_PYTHON_FAST(twisted_api, "is_future", is_future,
                          "is_future($self, obj)\n--\n\n"
                          "Whether obj is a Deferred. Any thread."),
    INTERLOOP_PYTHON_FAST(twisted_api, "is_called", is_called,
                          "is_called($self, future)\n--\n\n"
                          "Whether the future, a Deferred, has been called: resolved, rejected or cancelled."),
    INTERLOOP_PYTHON_FAST(twisted_api, "resolve", resolve,
                          "resolve($self, future, result=None)\n--\n\n"
                          "Gives the future, a Deferred, its result; its callbacks run inside. The reactor's thread.\n"
                          "AlreadyCalledError: it has been called already."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "reject", reject,
        "reject($self, future, error=None)\n--\n\n"
        "Fails the future, a Deferred; its errbacks run inside. The reactor's thread. error is an exception or a\n"
        "Failure; None: the exception being handled. RuntimeError: it is neither. NoCurrentExceptionError: None\n"
        "outside of an except block. AlreadyCalledError: the Deferred has been called already."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "cancel", cancel,
        "cancel($self, future, msg=None)\n--\n\n"
        "Cancels the future, a Deferred; its canceller and its errbacks run inside. Nothing happens if it has\n"
        "been called. Twisted has no use for msg. The reactor's thread."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "add_callbacks", add_callbacks,
        "add_callbacks($self, future, callback, errback)\n--\n\n"
        "Adds callback(result) and errback(failure) to the chain of future, a Deferred; one of them may be None.\n"
        "Returns the Deferred. ValueError: both are None. The reactor's thread."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "gather", gather,
        "gather($self, futures, consume_exceptions=True)\n--\n\n"
        "A Deferred of the list of all results of futures, in their order; failures are among them, unless\n"
        "consume_exceptions is false: then, when all are done, the first one fails it."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "call_later", call_later,
        "call_later($self, delay, fun, *args, **kwargs)\n--\n\n"
        "Calls fun(*args, **kwargs) in the reactor's thread, in delay seconds, a float. Returns the reactor's own\n"
        "delayed call, which has cancel(). The reactor's thread. TypeError: fun cannot be called. What fun\n"
        "raises is logged by the reactor."),
    INTERLOOP_PYTHON_FAST(twisted_api, "sleep", sleep,
                          "sleep($self, delay)\n--\n\n"
                          "A Deferred that is called, with None, in delay seconds, a float; to be awaited."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "make_batched_timer", batched_timer_of<twisted_api>,
        "make_batched_timer($self, bucket_seconds, chunk_size=100)\n--\n\n"
        "An IBatchedTimer: its call_later(delay, func, *args, **kwargs) shares one delayed call among the calls\n"
        "of each span of bucket_seconds, a float. They are made when the first of them is due, chunk_size\n"
        "before the reactor has its turn. ValueError: bucket_seconds or chunk_size is not above zero, or infinite."),
    INTERLOOP_PYTHON_FAST(twisted_api, "create_failure", create_failure,
                          "create_failure($self, exception=None)\n--\n\n"
                          "A Failure of an exception; None: of the exception being handled. Any thread."),
    INTERLOOP_PYTHON_FAST(twisted_api, "failure_message", failure_message,
                          "failure_message($self, fail)\n--\n\n"
                          "'type: message' of fail, a Failure, in one line. Raises no Exception. Any thread."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "failure_traceback", failure_traceback,
        "failure_traceback($self, fail)\n--\n\n"
        "The traceback object of fail, a Failure; None if its exception was never raised. Any thread."),
    INTERLOOP_PYTHON_FAST(twisted_api, "failure_format_traceback", failure_format_traceback,
                          "failure_format_traceback($self, fail)\n--\n\n"
                          "The traceback of fail, a Failure, as text. Raises no Exception. Any thread."),
    INTERLOOP_PYTHON_FAST(
        twisted_api, "failure_formatted_traceback", failure_format_traceback,
        "failure_formatted_traceback($self, fail)\n--\n\n"
        "failure_format_traceback by the name that txaio's overview has: the traceback of fail as text. "
        "Raises no Exception. Any thread."),
    INTERLOOP_PYTHON_PLAIN(twisted_api, "_seconds", seconds, "The reactor's clock."),
    INTERLOOP_PYTHON_PLAIN(twisted_api, "_get_loop", get_loop, "The reactor that the functions use."),
    {nullptr, nullptr, 0, nullptr},
}};

}  // namespace

bool make_twisted_api_type(PyObject* module) {
  std::array<PyType_Slot, 9> slots{{
      {Py_tp_doc, const_cast<char*>("TwistedApi(config, gather_type)\n--\n\ntxaio's functions on Twisted.")},
      {Py_tp_new, reinterpret_cast<void*>(&construct)},
      {Py_tp_traverse, reinterpret_cast<void*>(&garbage::traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&garbage::clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&garbage::destroy)},
      {Py_tp_methods, methods.data()},
      {Py_tp_members, members.data()},
      {Py_tp_getset, properties.data()},
      {0, nullptr},
  }};
  PyType_Spec spec{"interloop._core.TwistedApi", sizeof(twisted_api), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  PyTypeObject* type = make_type(module, spec);
  if (!type) return false;
  auto* object = reinterpret_cast<PyObject*>(type);
  return PyObject_SetAttrString(object, "using_twisted", Py_True) == 0 &&
         PyObject_SetAttrString(object, "using_asyncio", Py_False) == 0;
}

}  // namespace interloop::python
