// SPDX-License-Identifier: MIT
//
// txaio's functions on Twisted, as methods of `TwistedApi`. Deferreds, failures and delayed calls are Twisted's own.
#include "twisted_api.hpp"

#include "config.hpp"
#include "failure_text.hpp"
#include "native_twisted.hpp"
#include "twisted_chain.hpp"
#include "twisted_gather.hpp"
#include "txaio_api.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

struct twisted_api {
  PyObject_HEAD
  PyObject* config;
  PyObject* gather_type;  // the class of the object that `gather` returns: a DeferredList
  PyObject* dict;
  PyObject* weakrefs;
};

// The configured reactor. The default one is imported only here: until then an application may install another.
ref reactor_of(twisted_api* self) {
  ref configured = configured_loop(self->config);
  if (!configured || configured.get() != Py_None) return configured;
  ref reactor(PyImport_ImportModule("twisted.internet.reactor"));
  if (!reactor || PyObject_SetAttr(self->config, names::loop, reactor.get()) < 0) return ref();
  return reactor;
}

// `error`: null or None for the exception being handled.
ref failure_of(const native_twisted& twisted, PyObject* error) {
  if (error && error != Py_None) return new_failure(twisted, error);
  return call(reinterpret_cast<PyObject*>(twisted.failure));
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
  return err_back(twisted, deferred, failure.get());
}

// `fail(failure)`.
ref deferred_of_failure(const native_twisted& twisted, PyObject* failure) {
  ref deferred = new_deferred(twisted);
  return deferred && err_back(twisted, deferred.get(), failure) ? std::move(deferred) : ref();
}

// Whether a function is `async def`. Twisted starts those at once. -1: an exception is set.
int is_coroutine_function(const native_twisted& twisted, PyObject* function) {
  PyObject* inner = PyMethod_Check(function) ? PyMethod_GET_FUNCTION(function) : function;
  if (PyCFunction_Check(inner)) return 0;
  if (PyFunction_Check(inner)) {
    const auto* code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(inner));
    if (code->co_flags & CO_COROUTINE) return 1;
    if (!reinterpret_cast<PyFunctionObject*>(inner)->func_dict) return 0;  // so it cannot be marked as one
  }
  const ref answer = call(twisted.is_coroutine_function, function);
  return answer ? PyObject_IsTrue(answer.get()) : -1;
}

// `fun` raised: returns its Deferred.
ref deferred_of_exception(const native_twisted& twisted) {
  const ref exception = take_exception();
  const handling within(exception.get());
  const ref failure = failure_of(twisted, nullptr);
  return failure ? deferred_of_failure(twisted, failure.get()) : ref();
}

struct on_twisted {
  using object = twisted_api;
  using garbage = collected<twisted_api, &twisted_api::config, &twisted_api::gather_type, &twisted_api::dict>;
  static constexpr bool is_twisted = true;
  static constexpr PyObject** traceback_name = &names::tb;

  static ref loop_of(twisted_api* self) { return reactor_of(self); }

  static ref create_future(twisted_api*, PyObject* result, PyObject* error, PyObject* canceller) {
    const native_twisted* twisted = get_twisted();
    if (!twisted) return ref();
    ref deferred = new_deferred(*twisted, canceller);
    if (!deferred || (result && !call_back(*twisted, deferred.get(), result))) return ref();
    if (error && !reject_deferred(*twisted, deferred.get(), error)) return ref();
    return deferred;
  }

  static ref create_future_success(twisted_api*, PyObject* result) {
    const native_twisted* twisted = get_twisted();
    return twisted ? succeeded(*twisted, result) : ref();
  }

  static ref create_future_error(twisted_api*, PyObject* error) {
    const native_twisted* twisted = get_twisted();
    const ref failure = twisted ? failure_of(*twisted, error) : ref();
    return failure ? deferred_of_failure(*twisted, failure.get()) : ref();
  }

  static ref as_future(twisted_api*, PyObject* function, const arguments& rest) {
    const native_twisted* twisted = get_twisted();
    const int asynchronous = twisted ? is_coroutine_function(*twisted, function) : -1;
    if (asynchronous < 0) return ref();
    ref result = call_with(function, rest);
    if (!result) {
      // Only with the arguments of an `async def` is it certain that nothing has run yet; others become failures.
      if (asynchronous && !PyErr_ExceptionMatches(PyExc_TypeError)) return ref();
      return deferred_of_exception(*twisted);
    }
    if (PyObject_TypeCheck(result.get(), twisted->deferred)) return result;
    if (asynchronous || PyCoro_CheckExact(result.get())) return call(twisted->ensure_deferred, result.get());
    if (PyObject_TypeCheck(result.get(), twisted->failure)) return deferred_of_failure(*twisted, result.get());
    return succeeded(*twisted, result.get());
  }

  static int is_future(PyObject* thing) {
    const native_twisted* twisted = get_twisted();
    return twisted ? PyObject_TypeCheck(thing, twisted->deferred) : -1;
  }

  static ref is_called(PyObject* deferred) { return ref(PyObject_GetAttr(deferred, names::called)); }

  static bool resolve(twisted_api*, PyObject* deferred, PyObject* result) {
    const native_twisted* twisted = get_twisted();
    return twisted && call_back(*twisted, deferred, result);
  }
  static bool reject(PyObject* deferred, PyObject* error) {
    const native_twisted* twisted = get_twisted();
    return twisted && reject_deferred(*twisted, deferred, error);
  }
  static bool cancel(PyObject* deferred, PyObject*) { return static_cast<bool>(call_method(deferred, names::cancel)); }

  static ref add_callbacks(PyObject* deferred, PyObject* callback, PyObject* errback) {
    const native_twisted* twisted = get_twisted();
    return twisted && add_to_chain(*twisted, deferred, callback, errback) ? ref::borrow(deferred) : ref();
  }

  static ref gather(twisted_api* self, PyObject* deferreds, bool consume) {
    const ref listed(PySequence_List(deferreds));
    ref outer = listed ? call(self->gather_type, listed.get()) : ref();
    return outer && twisted_gather(outer.get(), listed.get(), consume) ? std::move(outer) : ref();
  }

  static ref call_later(twisted_api* self, std::array<PyObject*, 2> delay_and_function, const arguments& rest) {
    const native_twisted* twisted = get_twisted();
    ref reactor = twisted ? reactor_of(self) : ref();
    // An object without its own callLater may have an adapter registered.
    if (reactor && !PyObject_HasAttr(reactor.get(), names::callLater))
      reactor = call(twisted->reactor_time, reactor.get());
    return reactor ? call_method_with(reactor.get(), names::callLater, delay_and_function.data(), 2, rest) : ref();
  }

  static ref sleep(twisted_api* self, PyObject* delay) {
    const native_twisted* twisted = get_twisted();
    const ref reactor = twisted ? reactor_of(self) : ref();
    ref deferred = reactor ? new_deferred(*twisted) : ref();
    const ref wake = deferred ? ref(PyObject_GetAttr(deferred.get(), names::callback)) : ref();
    if (!wake || !call_method(reactor.get(), names::callLater, delay, wake.get(), Py_None)) return ref();
    return deferred;
  }

  static ref seconds(twisted_api* self) {
    const ref reactor = reactor_of(self);
    return reactor ? call_method(reactor.get(), names::seconds) : ref();
  }

  static ref create_failure(PyObject* exception) {
    const native_twisted* twisted = get_twisted();
    return twisted ? failure_of(*twisted, exception) : ref();
  }
  static ref failure_message(PyObject* failure) {
    return message_of_failure(failure, names::value, names::getErrorMessage);
  }
  static ref failure_format_traceback(PyObject* failure) { return text_of_twisted_failure(failure); }

  struct doc {
    static constexpr const char* create_future =
        "create_future($self, result=..., error=..., canceller=None)\n--\n\n"
        "A Deferred: not called yet, or with a result, or with an error: an exception or a Failure.\n"
        "canceller(deferred) is called when it is cancelled. ValueError: both result and error.";
    static constexpr const char* create_future_success =
        "create_future_success($self, result)\n--\n\n"
        "A Deferred that has its result already.";
    static constexpr const char* create_future_error =
        "create_future_error($self, error=None)\n--\n\n"
        "A Deferred that has failed already: error is an exception or a Failure; None: the exception being\n"
        "handled. NoCurrentExceptionError: None outside an except block.";
    static constexpr const char* as_future =
        "as_future($self, fun, *args, **kwargs)\n--\n\n"
        "Calls fun(*args, **kwargs) now. Returns its Deferred, or one of its coroutine, its result or its\n"
        "exception, of any kind.";
    static constexpr const char* is_future =
        "is_future($self, obj)\n--\n\n"
        "Whether obj is a Deferred. Any thread.";
    static constexpr const char* is_called =
        "is_called($self, future)\n--\n\n"
        "Whether the future, a Deferred, has been called: resolved, rejected or cancelled.";
    static constexpr const char* resolve =
        "resolve($self, future, result=None)\n--\n\n"
        "Gives the future, a Deferred, its result; its callbacks run inside. The reactor's thread.\n"
        "AlreadyCalledError: it has been called already.";
    static constexpr const char* reject =
        "reject($self, future, error=None)\n--\n\n"
        "Fails the future, a Deferred; its errbacks run inside. The reactor's thread. error is an exception or a\n"
        "Failure; None: the exception being handled. RuntimeError: it is neither. NoCurrentExceptionError: None\n"
        "outside an except block. AlreadyCalledError: the Deferred has been called already.";
    static constexpr const char* cancel =
        "cancel($self, future, msg=None)\n--\n\n"
        "Cancels the future, a Deferred; its canceller and its errbacks run inside. Nothing happens if it has\n"
        "been called. Twisted has no use for msg. The reactor's thread.";
    static constexpr const char* add_callbacks =
        "add_callbacks($self, future, callback, errback)\n--\n\n"
        "Adds callback(result) and errback(failure) to the chain of future, a Deferred; one of them may be None.\n"
        "Returns the Deferred. ValueError: both are None. The reactor's thread.";
    static constexpr const char* gather =
        "gather($self, futures, consume_exceptions=True)\n--\n\n"
        "A Deferred of the list of all results of futures, in their order; failures are among them, unless\n"
        "consume_exceptions is false: then, when all are done, the first one fails it.";
    static constexpr const char* call_later =
        "call_later($self, delay, fun, *args, **kwargs)\n--\n\n"
        "Calls fun(*args, **kwargs) in the reactor's thread, in delay seconds, a float. Returns the reactor's own\n"
        "delayed call, which has cancel(). The reactor's thread. TypeError: fun cannot be called. What fun\n"
        "raises is logged by the reactor.";
    static constexpr const char* sleep =
        "sleep($self, delay)\n--\n\n"
        "A Deferred that is called, with None, in delay seconds, a float; to be awaited.";
    static constexpr const char* make_batched_timer =
        "make_batched_timer($self, bucket_seconds, chunk_size=100)\n--\n\n"
        "An IBatchedTimer: its call_later(delay, func, *args, **kwargs) shares one delayed call among the calls\n"
        "of each span of bucket_seconds, a float. They are made when the first of them is due, chunk_size\n"
        "before the reactor has its turn. ValueError: bucket_seconds or chunk_size is not above zero, or infinite.";
    static constexpr const char* create_failure =
        "create_failure($self, exception=None)\n--\n\n"
        "A Failure of an exception; None: of the exception being handled. Any thread.";
    static constexpr const char* failure_message =
        "failure_message($self, fail)\n--\n\n"
        "'type: message' of fail, a Failure, in one line. Raises no Exception. Any thread.";
    static constexpr const char* failure_traceback =
        "failure_traceback($self, fail)\n--\n\n"
        "The traceback object of fail, a Failure; None if its exception was never raised. Any thread.";
    static constexpr const char* failure_format_traceback =
        "failure_format_traceback($self, fail)\n--\n\n"
        "The traceback of fail, a Failure, as text. Raises no Exception. Any thread.";
  };
};

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

std::array<PyGetSetDef, 2> properties{{
    INTERLOOP_PYTHON_DICT,
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

}  // namespace

bool make_twisted_api_type(PyObject* module) {
  return txaio_api<on_twisted>::make_type(module, "interloop._core.TwistedApi",
                                          "TwistedApi(config, gather_type)\n--\n\ntxaio's functions on Twisted.",
                                          &construct, properties.data());
}

}  // namespace interloop::python
