// SPDX-License-Identifier: MIT
//
// txaio's functions on asyncio. They are methods of `AsyncioApi`; `with_config` makes one per configuration, and the
// module's functions belong to another one. Futures, tasks and handles are the loop's own.
#include "asyncio_api.hpp"

#include "asyncio_callbacks.hpp"
#include "asyncio_gather.hpp"
#include "config.hpp"
#include "failed_future.hpp"
#include "failure_text.hpp"
#include "loop_queue.hpp"
#include "txaio_api.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

struct asyncio_api {
  PyObject_HEAD
  PyObject* config;
  PyObject* dict;
  PyObject* weakrefs;
};

// The configured loop, or the calling thread's: an application may run one loop per thread.
ref loop_of(asyncio_api* self) {
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio) return ref();
  ref configured = configured_loop(self->config);
  if (!configured || configured.get() != Py_None) return configured;
  return current_event_loop(*asyncio);
}

ref new_future(asyncio_api* self) {
  const ref loop = loop_of(self);
  const native_asyncio* asyncio = get_asyncio();
  return loop && asyncio ? new_asyncio_future(*asyncio, loop.get()) : ref();
}

ref set_result(PyObject* future, PyObject* result) {
  const native_asyncio* asyncio = get_asyncio();
  return asyncio ? call_future(*asyncio, asyncio->set_result, future, result) : ref();
}

// Whether the exception that is set says that `future` cannot be completed because it was cancelled. Completing it then
// does nothing, as on Twisted: the code that completes it cannot know yet that nobody waits any more.
bool was_cancelled(PyObject* future) {
  static PyObject* invalid_state = nullptr;
  ref exception = take_exception();
  if (!invalid_state) invalid_state = import_from("asyncio", "InvalidStateError").release();
  const native_asyncio* asyncio = get_asyncio();
  ref answer;
  if (asyncio && invalid_state && PyErr_GivenExceptionMatches(exception.get(), invalid_state))
    answer = call_future(*asyncio, asyncio->cancelled, future);
  if (answer && PyObject_IsTrue(answer.get()) == 1) return true;
  PyErr_Clear();
  put_exception(std::move(exception));
  return false;
}

// `error`: null or None for the exception that is being handled.
bool reject_future(PyObject* future, PyObject* error) {
  ref exception;
  if (!error || error == Py_None) {
    exception = handled_exception();
    if (!exception || exception.get() == Py_None) {
      PyErr_SetString(PyExc_TypeError,
                      "a future can be rejected without an error only inside an except block; pass the exception");
      return false;
    }
  } else if (Py_IS_TYPE(error, failed_future_type)) {
    exception = ref::borrow(reinterpret_cast<failed_future*>(error)->value);
  } else if (is_ordinary(error)) {
    exception = ref::borrow(error);
  } else {
    static PyObject* interface = nullptr;
    if (!interface) interface = import_from("interloop.txaio.interfaces", "IFailedFuture").release();
    const int fits = interface ? PyObject_IsInstance(error, interface) : -1;
    if (fits < 0) return false;
    if (!fits) {
      PyErr_SetString(PyExc_RuntimeError, "reject requires an IFailedFuture or Exception");
      return false;
    }
    exception = ref(PyObject_GetAttr(error, names::value));
    if (!exception) return false;
  }
  return call_method(future, names::set_exception, exception.get()) || was_cancelled(future);
}

// `fun` raised: returns its future.
ref future_of_exception(asyncio_api* self) {
  const ref exception = take_exception();
  if (!is_ordinary(exception.get())) {
    put_exception(ref::borrow(exception.get()));
    return ref();
  }
  ref future = new_future(self);
  if (!future || !call_method(future.get(), names::set_exception, exception.get())) return ref();
  return future;
}

struct on_asyncio {
  using object = asyncio_api;
  using garbage = collected<asyncio_api, &asyncio_api::config, &asyncio_api::dict>;
  static constexpr bool is_twisted = false;
  static constexpr PyObject** traceback_name = &names::traceback_;

  static ref loop_of(asyncio_api* self) { return python::loop_of(self); }

  static ref create_future(asyncio_api* self, PyObject* result, PyObject* error, PyObject* canceller) {
    ref future = new_future(self);
    if (!future || (result && !set_result(future.get(), result))) return ref();
    if (error && !reject_future(future.get(), error)) return ref();
    if (canceller && canceller != Py_None) {
      const ref callback = make_cancel_callback(canceller);
      if (!callback || !call_method(future.get(), names::add_done_callback, callback.get())) return ref();
    }
    return future;
  }

  static ref create_future_success(asyncio_api* self, PyObject* result) {
    ref future = new_future(self);
    return future && set_result(future.get(), result) ? std::move(future) : ref();
  }

  static ref create_future_error(asyncio_api* self, PyObject* error) {
    ref future = new_future(self);
    return future && reject_future(future.get(), error) ? std::move(future) : ref();
  }

  static ref as_future(asyncio_api* self, PyObject* function, const arguments& rest) {
    const native_asyncio* asyncio = get_asyncio();
    if (!asyncio) return ref();
    ref result = call_with(function, rest);
    if (!result) return future_of_exception(self);
    if (is_asyncio_future(*asyncio, result.get())) return result;
    const int coroutine = is_coroutine(*asyncio, result.get());
    if (coroutine < 0) return ref();
    if (coroutine) {
      const ref loop = loop_of(self);
      return loop ? call_method(loop.get(), names::create_task, result.get()) : ref();
    }
    if (PyAsyncGen_CheckExact(result.get())) {
      PyErr_Format(PyExc_RuntimeError,
                   "as_future() received an async generator function; does '%S' use 'yield' when you meant 'await'?",
                   function);
      return ref();
    }
    return create_future_success(self, result.get());
  }

  static int is_future(PyObject* thing) {
    const native_asyncio* asyncio = get_asyncio();
    if (!asyncio) return -1;
    return is_asyncio_future(*asyncio, thing) ? 1 : is_coroutine(*asyncio, thing);
  }

  static ref is_called(PyObject* future) { return call_method(future, names::done); }

  static bool resolve(asyncio_api*, PyObject* future, PyObject* result) {
    const native_asyncio* asyncio = get_asyncio();
    const int queued = asyncio ? complete_and_queue(*asyncio, asyncio->set_result, future, result) : -1;
    if (queued != 0) return queued > 0;
    return set_result(future, result) || was_cancelled(future);
  }
  static bool reject(PyObject* future, PyObject* error) { return reject_future(future, error); }
  static bool cancel(PyObject* future, PyObject* message) {
    return static_cast<bool>(message == Py_None ? call_method(future, names::cancel)
                                                : call_method(future, names::cancel, message));
  }

  static ref add_callbacks(PyObject* future, PyObject* callback, PyObject* errback) {
    const native_asyncio* asyncio = get_asyncio();
    const ref done = asyncio ? make_done_callback(callback, errback) : ref();
    return done ? call_future(*asyncio, asyncio->add_done_callback, future, done.get()) : ref();
  }

  static ref gather(asyncio_api* self, PyObject* futures, bool consume) {
    const ref loop = loop_of(self);
    return loop ? asyncio_gather(futures, consume, loop.get()) : ref();
  }

  static ref call_later(asyncio_api* self, std::array<PyObject*, 2> delay_and_function, const arguments& rest) {
    const ref loop = loop_of(self);
    if (!loop) return ref();
    if (rest.named() == 0) return call_method_with(loop.get(), names::call_later, delay_and_function.data(), 2, rest);

    // asyncio accepts no keyword arguments there; its documentation recommends this.
    static PyObject* partial = nullptr;
    if (!partial) partial = import_from("functools", "partial").release();
    const auto [delay, function] = delay_and_function;
    const ref bound = partial ? call_with(partial, function, rest) : ref();
    return bound ? call_method(loop.get(), names::call_later, delay, bound.get()) : ref();
  }

  static ref sleep(asyncio_api* self, PyObject* delay) {
    const native_asyncio* asyncio = get_asyncio();
    const ref loop = asyncio ? loop_of(self) : ref();
    if (!loop) return ref();
    const ref coroutine = call(asyncio->sleep, delay);
    ref task = coroutine ? call_method(loop.get(), names::create_task, coroutine.get()) : ref();
    if (!task && coroutine) {  // the loop is closed; Python need not warn of a coroutine that nobody has seen
      ref error = take_exception();
      if (!call_method(coroutine.get(), names::close)) PyErr_Clear();
      put_exception(std::move(error));
    }
    return task;
  }

  static ref seconds(asyncio_api* self) {
    const ref loop = loop_of(self);
    return loop ? call_method(loop.get(), names::time) : ref();
  }

  static ref create_failure(PyObject* exception) {
    return exception == Py_None ? make_failed_future_of_handled() : make_failed_future(exception, false);
  }
  static ref failure_message(PyObject* failure) { return message_of_failure(failure, names::value_, nullptr); }
  static ref failure_format_traceback(PyObject* failure) { return text_of_asyncio_failure(failure); }

  struct doc {
    static constexpr const char* create_future =
        "create_future($self, result=..., error=..., canceller=...)\n--\n\n"
        "A future of the loop: pending, or with a result, or with an error: an exception or an IFailedFuture.\n"
        "canceller(future) is called when it is cancelled. ValueError: both result and error.";
    static constexpr const char* create_future_success =
        "create_future_success($self, result)\n--\n\n"
        "A future that has its result already.";
    static constexpr const char* create_future_error =
        "create_future_error($self, error=None)\n--\n\n"
        "A future that has failed already: error is an exception or an IFailedFuture; None: the exception\n"
        "being handled. RuntimeError: error is neither. TypeError: None outside an except block.";
    static constexpr const char* as_future =
        "as_future($self, fun, *args, **kwargs)\n--\n\n"
        "Calls fun(*args, **kwargs) now. Returns its future, a task for its coroutine, or a future of its\n"
        "result or its exception. KeyboardInterrupt, SystemExit and similar are raised at once.\n"
        "RuntimeError: fun is an asynchronous generator function.";
    static constexpr const char* is_future =
        "is_future($self, obj)\n--\n\n"
        "Whether obj is a future or a coroutine. Any thread.";
    static constexpr const char* is_called =
        "is_called($self, future)\n--\n\n"
        "Whether the future is done: resolved, rejected or cancelled.";
    static constexpr const char* resolve =
        "resolve($self, future, result=None)\n--\n\n"
        "Gives the future its result; its callbacks run in a later iteration of the loop. Nothing happens if it was\n"
        "cancelled. The loop's thread. asyncio.InvalidStateError: it is done already.";
    static constexpr const char* reject =
        "reject($self, future, error=None)\n--\n\n"
        "Fails the future; its errbacks run in a later iteration of the loop. Nothing happens if it was cancelled.\n"
        "The loop's thread. error is an exception or an IFailedFuture; None: the exception being handled.\n"
        "RuntimeError: it is neither. TypeError: None outside an except block. asyncio.InvalidStateError: the "
        "future is done already.";
    static constexpr const char* cancel =
        "cancel($self, future, msg=None)\n--\n\n"
        "Cancels the future, with msg for the CancelledError; its canceller and its errbacks run in a later\n"
        "iteration of the loop. Nothing happens if it is done. The loop's thread.";
    static constexpr const char* add_callbacks =
        "add_callbacks($self, future, callback, errback)\n--\n\n"
        "Calls callback(result) or errback(failure) when the future is done; one of them may be None.\n"
        "What callback raises goes to errback as well. ValueError: both are None. The loop's thread.";
    static constexpr const char* gather =
        "gather($self, futures, consume_exceptions=True)\n--\n\n"
        "A future of the list of all results of futures, in their order; exceptions are among them, unless\n"
        "consume_exceptions is false: then the first one fails it.";
    static constexpr const char* call_later =
        "call_later($self, delay, fun, *args, **kwargs)\n--\n\n"
        "Calls fun(*args, **kwargs) in the loop's thread, in delay seconds, a float; zero or less: in the next\n"
        "iteration. Returns the loop's own handle, which has cancel(). The loop's thread.\n"
        "TypeError: fun cannot be called. What fun raises goes to the loop's exception handler.";
    static constexpr const char* sleep =
        "sleep($self, delay)\n--\n\n"
        "A task that is done, with None, in delay seconds, a float; to be awaited.";
    static constexpr const char* make_batched_timer =
        "make_batched_timer($self, bucket_seconds, chunk_size=100)\n--\n\n"
        "An IBatchedTimer: its call_later(delay, func, *args, **kwargs) shares one native timer among the calls\n"
        "of each span of bucket_seconds, a float. They are made when the first of them is due, chunk_size\n"
        "before the loop has its turn. ValueError: bucket_seconds or chunk_size is not above zero, or infinite.";
    static constexpr const char* create_failure =
        "create_failure($self, exception=None)\n--\n\n"
        "An IFailedFuture of an exception; None: of the exception being handled. Any thread.";
    static constexpr const char* failure_message =
        "failure_message($self, fail)\n--\n\n"
        "'type: message' of fail, an IFailedFuture, in one line. Raises no Exception. Any thread.";
    static constexpr const char* failure_traceback =
        "failure_traceback($self, fail)\n--\n\n"
        "The traceback object of fail, an IFailedFuture; None if its exception was never raised. Any thread.";
    static constexpr const char* failure_format_traceback =
        "failure_format_traceback($self, fail)\n--\n\n"
        "The traceback of fail, an IFailedFuture, as text. Raises no Exception. Any thread.";
  };
};

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 2> keywords{"config", nullptr};
  PyObject* config = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:AsyncioApi", const_cast<char**>(keywords.data()), &config))
    return nullptr;
  auto* self = allocate<asyncio_api>(type);
  if (!self) return nullptr;
  self->config = Py_NewRef(config);
  return reinterpret_cast<PyObject*>(self);
}

PyObject* get_loop(PyObject* object, void*) { return loop_of(reinterpret_cast<asyncio_api*>(object)).release(); }

std::array<PyGetSetDef, 3> properties{{
    INTERLOOP_PYTHON_DICT,
    {"_loop", &get_loop, nullptr, PyDoc_STR("The loop that the functions use now."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

}  // namespace

bool make_asyncio_api_type(PyObject* module) {
  return txaio_api<on_asyncio>::make_type(
      module, "interloop._core.AsyncioApi",
      "AsyncioApi(config)\n--\n\ntxaio's functions on asyncio, with a configuration.", &construct, properties.data());
}

}  // namespace interloop::python
