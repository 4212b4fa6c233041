// SPDX-License-Identifier: MIT
//
// txaio's functions on asyncio. They are methods of `AsyncioApi`, of which `with_config` makes one a configuration; the
// module's functions are those of one more. Futures, tasks and handles are the loop's own.
#include "asyncio_api.hpp"

#include "asyncio_callbacks.hpp"
#include "asyncio_gather.hpp"
#include "batched_timer.hpp"
#include "config.hpp"
#include "failed_future.hpp"
#include "failure_text.hpp"

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

// The configured loop, or that of the calling thread: an application may run one in each.
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

// Whether the exception that is set says that `future` cannot be completed, for it was cancelled: that does nothing, as
// Twisted has it. Who completes it cannot know yet that nobody waits any more.
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

PyObject* none_if(const ref& done) { return done ? Py_NewRef(Py_None) : nullptr; }

// `error`: null or None for the exception that is being handled.
bool reject_future(PyObject* future, PyObject* error) {
  ref exception;
  if (!error || error == Py_None) {
    exception = handled_exception();
    if (!exception || exception.get() == Py_None) {
      PyErr_SetString(PyExc_TypeError,
                      "rejecting a future without an error works in an except block only; pass the exception");
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

PyObject* create_future(asyncio_api* self, const arguments& given) {
  static constexpr signature<3> wanted{"create_future", 0, {&names::result, &names::error, &names::canceller}};
  std::array<PyObject*, 3> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  const auto [result, error, canceller] = slots;
  if (result && error) {
    PyErr_SetString(PyExc_ValueError, "Cannot have both result and error.");
    return nullptr;
  }
  ref future = new_future(self);
  if (!future) return nullptr;
  if (result && !set_result(future.get(), result)) return nullptr;
  if (error && !reject_future(future.get(), error)) return nullptr;
  if (canceller && canceller != Py_None) {
    const ref callback = make_cancel_callback(canceller);
    if (!callback || !call_method(future.get(), names::add_done_callback, callback.get())) return nullptr;
  }
  return future.release();
}

PyObject* create_future_success(asyncio_api* self, const arguments& given) {
  static constexpr signature<1> wanted{"create_future_success", 1, {&names::result}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  ref future = new_future(self);
  if (!future || !set_result(future.get(), slots[0])) return nullptr;
  return future.release();
}

PyObject* create_future_error(asyncio_api* self, const arguments& given) {
  static constexpr signature<1> wanted{"create_future_error", 0, {&names::error}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  ref future = new_future(self);
  if (!future || !reject_future(future.get(), slots[0])) return nullptr;
  return future.release();
}

// `fun` raised: its future.
PyObject* future_of_exception(asyncio_api* self) {
  const ref exception = take_exception();
  if (!is_ordinary(exception.get())) {
    put_exception(ref::borrow(exception.get()));
    return nullptr;
  }
  ref future = new_future(self);
  if (!future || !call_method(future.get(), names::set_exception, exception.get())) return nullptr;
  return future.release();
}

PyObject* as_future(asyncio_api* self, const arguments& given) {
  static constexpr signature<1> wanted{"as_future", 1, {&names::fun}, {&names::func}};
  std::array<PyObject*, 1> slots{};
  leading_arguments split;
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio || !split.split(wanted, given, slots)) return nullptr;

  ref result = call_with(slots[0], split.rest);
  if (!result) return future_of_exception(self);
  if (is_asyncio_future(*asyncio, result.get())) return result.release();
  const int coroutine = is_coroutine(*asyncio, result.get());
  if (coroutine < 0) return nullptr;
  if (coroutine) {
    const ref loop = loop_of(self);
    return loop ? call_method(loop.get(), names::create_task, result.get()).release() : nullptr;
  }
  if (PyAsyncGen_CheckExact(result.get())) {
    PyErr_Format(PyExc_RuntimeError,
                 "as_future() received an async generator function; does '%S' use 'yield' when you meant 'await'?",
                 slots[0]);
    return nullptr;
  }
  ref future = new_future(self);
  if (!future || !set_result(future.get(), result.get())) return nullptr;
  return future.release();
}

PyObject* is_future(asyncio_api*, const arguments& given) {
  static constexpr signature<1> wanted{"is_future", 1, {&names::obj}};
  std::array<PyObject*, 1> slots{};
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio || !parse(wanted, given, slots)) return nullptr;
  if (is_asyncio_future(*asyncio, slots[0])) Py_RETURN_TRUE;
  const int coroutine = is_coroutine(*asyncio, slots[0]);
  return coroutine < 0 ? nullptr : PyBool_FromLong(coroutine);
}

PyObject* is_called(asyncio_api*, const arguments& given) {
  static constexpr signature<1> wanted{"is_called", 1, {&names::future}};
  std::array<PyObject*, 1> slots{};
  return parse(wanted, given, slots) ? call_method(slots[0], names::done).release() : nullptr;
}

PyObject* resolve(asyncio_api*, const arguments& given) {
  static constexpr signature<2> wanted{"resolve", 1, {&names::future, &names::result}, {nullptr, &names::value}};
  std::array<PyObject*, 2> slots{nullptr, Py_None};
  if (!parse(wanted, given, slots)) return nullptr;
  return set_result(slots[0], slots[1]) || was_cancelled(slots[0]) ? Py_NewRef(Py_None) : nullptr;
}

PyObject* reject(asyncio_api*, const arguments& given) {
  static constexpr signature<2> wanted{"reject", 1, {&names::future, &names::error}};
  std::array<PyObject*, 2> slots{};
  if (!parse(wanted, given, slots) || !reject_future(slots[0], slots[1])) return nullptr;
  Py_RETURN_NONE;
}

PyObject* cancel(asyncio_api*, const arguments& given) {
  static constexpr signature<2> wanted{"cancel", 1, {&names::future, &names::msg}};
  std::array<PyObject*, 2> slots{nullptr, Py_None};
  if (!parse(wanted, given, slots)) return nullptr;
  return none_if(slots[1] == Py_None ? call_method(slots[0], names::cancel)
                                     : call_method(slots[0], names::cancel, slots[1]));
}

PyObject* add_callbacks(asyncio_api*, const arguments& given) {
  static constexpr signature<3> wanted{"add_callbacks", 3, {&names::future, &names::callback, &names::errback}};
  std::array<PyObject*, 3> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  const auto [future, callback, errback] = slots;
  if (callback == Py_None && errback == Py_None) {
    PyErr_SetString(PyExc_ValueError, "add_callbacks: both callback and errback are None; give at least one");
    return nullptr;
  }
  const ref done = make_done_callback(callback, errback);
  return done ? call_method(future, names::add_done_callback, done.get()).release() : nullptr;
}

PyObject* gather(asyncio_api* self, const arguments& given) {
  static constexpr signature<2> wanted{"gather", 1, {&names::futures, &names::consume_exceptions}};
  std::array<PyObject*, 2> slots{nullptr, Py_True};
  if (!parse(wanted, given, slots)) return nullptr;
  const int consume = PyObject_IsTrue(slots[1]);
  const ref loop = consume < 0 ? ref() : loop_of(self);
  return loop ? asyncio_gather(slots[0], consume != 0, loop.get()).release() : nullptr;
}

PyObject* call_later(asyncio_api* self, const arguments& given) {
  static constexpr signature<2> wanted{"call_later", 2, {&names::delay, &names::fun}, {nullptr, &names::func}};
  std::array<PyObject*, 2> slots{};
  leading_arguments split;
  if (!split.split(wanted, given, slots) || !require_callable(wanted.function, slots[1])) return nullptr;
  const ref loop = loop_of(self);
  if (!loop) return nullptr;
  if (split.rest.named() == 0)
    return call_method_with(loop.get(), names::call_later, slots.data(), 2, split.rest).release();

  // asyncio takes no keyword arguments there: what its documentation advises.
  static PyObject* partial = nullptr;
  if (!partial) partial = import_from("functools", "partial").release();
  const ref bound = partial ? call_with(partial, slots[1], split.rest) : ref();
  return bound ? call_method(loop.get(), names::call_later, slots[0], bound.get()).release() : nullptr;
}

PyObject* sleep(asyncio_api* self, const arguments& given) {
  static constexpr signature<1> wanted{"sleep", 1, {&names::delay}};
  std::array<PyObject*, 1> slots{};
  const native_asyncio* asyncio = get_asyncio();
  if (!asyncio || !parse(wanted, given, slots)) return nullptr;
  const ref loop = loop_of(self);
  if (!loop) return nullptr;
  const ref coroutine = call(asyncio->sleep, slots[0]);
  ref task = coroutine ? call_method(loop.get(), names::create_task, coroutine.get()) : ref();
  if (!task && coroutine) {  // the loop is closed; Python need not warn of a coroutine that nobody has seen
    ref error = take_exception();
    if (!call_method(coroutine.get(), names::close)) PyErr_Clear();
    put_exception(std::move(error));
  }
  return task.release();
}

PyObject* seconds(asyncio_api* self) {
  const ref loop = loop_of(self);
  return loop ? call_method(loop.get(), names::time).release() : nullptr;
}

PyObject* create_failure(asyncio_api*, const arguments& given) {
  static constexpr signature<1> wanted{"create_failure", 0, {&names::exception}};
  std::array<PyObject*, 1> slots{Py_None};
  if (!parse(wanted, given, slots)) return nullptr;
  return (slots[0] == Py_None ? make_failed_future_of_handled() : make_failed_future(slots[0], false)).release();
}

PyObject* failure_message(asyncio_api*, const arguments& given) {
  static constexpr signature<1> wanted{"failure_message", 1, {&names::fail}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  return message_of_failure(slots[0], names::value_, nullptr).release();
}

PyObject* failure_traceback(asyncio_api*, const arguments& given) {
  static constexpr signature<1> wanted{"failure_traceback", 1, {&names::fail}};
  std::array<PyObject*, 1> slots{};
  return parse(wanted, given, slots) ? PyObject_GetAttr(slots[0], names::traceback_) : nullptr;
}

PyObject* failure_format_traceback(asyncio_api*, const arguments& given) {
  static constexpr signature<1> wanted{"failure_format_traceback", 1, {&names::fail}};
  std::array<PyObject*, 1> slots{};
  return parse(wanted, given, slots) ? text_of_asyncio_failure(slots[0]).release() : nullptr;
}

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

using garbage = collected<asyncio_api, &asyncio_api::config, &asyncio_api::dict>;

PyObject* get_loop(PyObject* object, void*) { return loop_of(reinterpret_cast<asyncio_api*>(object)).release(); }

std::array<PyGetSetDef, 3> properties{{
    INTERLOOP_PYTHON_DICT,
    {"_loop", &get_loop, nullptr, PyDoc_STR("The loop that the functions use now."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

std::array<PyMemberDef, 4> members{{
    {"_config", T_OBJECT, offsetof(asyncio_api, config), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(asyncio_api, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(asyncio_api, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

std::array<PyMethodDef, 22> methods{{
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "create_future", create_future,
        "create_future($self, result=..., error=..., canceller=...)\n--\n\n"
        "A future of the loop: pending, or with a result, or with an error: an exception or an IFailedFuture.\n"
        "canceller(future) is called when it is cancelled. ValueError: both result and error."),
    INTERLOOP_PYTHON_FAST(asyncio_api, "create_future_success", create_future_success,
                          "create_future_success($self, result)\n--\n\n"
                          "A future that has its result already."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "create_future_error", create_future_error,
        "create_future_error($self, error=None)\n--\n\n"
        "A future that has failed already: error is an exception or an IFailedFuture; None: the exception\n"
        "being handled. RuntimeError: error is neither. TypeError: None outside of an except block."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "as_future", as_future,
        "as_future($self, fun, *args, **kwargs)\n--\n\n"
        "Calls fun(*args, **kwargs) now. Returns its future, a task for its coroutine, or a future of its\n"
        "result or its exception. KeyboardInterrupt, SystemExit and their like come out at once.\n"
        "RuntimeError: fun is an asynchronous generator function."),
    INTERLOOP_PYTHON_FAST(asyncio_api, "is_future", is_future,
                          "is_future($self, obj)\n--\n\n"
                          "Whether obj is a future or a coroutine. Any thread."),
    INTERLOOP_PYTHON_FAST(asyncio_api, "is_called", is_called,
                          "is_called($self, future)\n--\n\n"
                          "Whether the future is done: resolved, rejected or cancelled."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "resolve", resolve,
        "resolve($self, future, result=None)\n--\n\n"
        "Gives the future its result; its callbacks run in a later iteration of the loop. Nothing happens if it was\n"
        "cancelled. The loop's thread. asyncio.InvalidStateError: it is done already."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "reject", reject,
        "reject($self, future, error=None)\n--\n\n"
        "Fails the future; its errbacks run in a later iteration of the loop. Nothing happens if it was cancelled.\n"
        "The loop's thread. error is an exception or an IFailedFuture; None: the exception being handled.\n"
        "RuntimeError: it is neither. TypeError: None outside of an except block. asyncio.InvalidStateError: the "
        "future is done already."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "cancel", cancel,
        "cancel($self, future, msg=None)\n--\n\n"
        "Cancels the future, with msg for the CancelledError; its canceller and its errbacks run in a later\n"
        "iteration of the loop. Nothing happens if it is done. The loop's thread."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "add_callbacks", add_callbacks,
        "add_callbacks($self, future, callback, errback)\n--\n\n"
        "Calls callback(result) or errback(failure) when the future is done; one of them may be None.\n"
        "What callback raises goes to errback as well. ValueError: both are None. The loop's thread."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "gather", gather,
        "gather($self, futures, consume_exceptions=True)\n--\n\n"
        "A future of the list of all results of futures, in their order; exceptions are among them, unless\n"
        "consume_exceptions is false: then the first one fails it."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "call_later", call_later,
        "call_later($self, delay, fun, *args, **kwargs)\n--\n\n"
        "Calls fun(*args, **kwargs) in the loop's thread, in delay seconds, a float; zero or less: in the next\n"
        "iteration. Returns the loop's own handle, which has cancel(). The loop's thread.\n"
        "TypeError: fun cannot be called. What fun raises goes to the loop's exception handler."),
    INTERLOOP_PYTHON_FAST(asyncio_api, "sleep", sleep,
                          "sleep($self, delay)\n--\n\n"
                          "A task that is done, with None, in delay seconds, a float; to be awaited."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "make_batched_timer", batched_timer_of<asyncio_api>,
        "make_batched_timer($self, bucket_seconds, chunk_size=100)\n--\n\n"
        "An IBatchedTimer: its call_later(delay, func, *args, **kwargs) shares one native timer among the calls\n"
        "of each span of bucket_seconds, a float. They are made when the first of them is due, chunk_size\n"
        "before the loop has its turn. ValueError: bucket_seconds or chunk_size is not above zero, or infinite."),
    INTERLOOP_PYTHON_FAST(asyncio_api, "create_failure", create_failure,
                          "create_failure($self, exception=None)\n--\n\n"
                          "An IFailedFuture of an exception; None: of the exception being handled. Any thread."),
    INTERLOOP_PYTHON_FAST(asyncio_api, "failure_message", failure_message,
                          "failure_message($self, fail)\n--\n\n"
                          "'type: message' of fail, an IFailedFuture, in one line. Raises no Exception. Any thread."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "failure_traceback", failure_traceback,
        "failure_traceback($self, fail)\n--\n\n"
        "The traceback object of fail, an IFailedFuture; None if its exception was never raised. Any thread."),
    INTERLOOP_PYTHON_FAST(asyncio_api, "failure_format_traceback", failure_format_traceback,
                          "failure_format_traceback($self, fail)\n--\n\n"
                          "The traceback of fail, an IFailedFuture, as text. Raises no Exception. Any thread."),
    INTERLOOP_PYTHON_FAST(
        asyncio_api, "failure_formatted_traceback", failure_format_traceback,
        "failure_formatted_traceback($self, fail)\n--\n\n"
        "failure_format_traceback by the name that txaio's overview has: the traceback of fail as text. "
        "Raises no Exception. Any thread."),
    INTERLOOP_PYTHON_PLAIN(asyncio_api, "_seconds", seconds, "The loop's clock."),
    {nullptr, nullptr, 0, nullptr},
}};

}  // namespace

bool make_asyncio_api_type(PyObject* module) {
  std::array<PyType_Slot, 9> slots{{
      {Py_tp_doc, const_cast<char*>("AsyncioApi(config)\n--\n\ntxaio's functions on asyncio, with a configuration.")},
      {Py_tp_new, reinterpret_cast<void*>(&construct)},
      {Py_tp_traverse, reinterpret_cast<void*>(&garbage::traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&garbage::clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&garbage::destroy)},
      {Py_tp_methods, methods.data()},
      {Py_tp_members, members.data()},
      {Py_tp_getset, properties.data()},
      {0, nullptr},
  }};
  PyType_Spec spec{"interloop._core.AsyncioApi", sizeof(asyncio_api), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  PyTypeObject* type = make_type(module, spec);
  if (!type) return false;
  auto* object = reinterpret_cast<PyObject*>(type);
  return PyObject_SetAttrString(object, "using_twisted", Py_False) == 0 &&
         PyObject_SetAttrString(object, "using_asyncio", Py_True) == 0;
}

}  // namespace interloop::python
