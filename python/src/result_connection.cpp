// SPDX-License-Identifier: MIT
#include "result_connection.hpp"

#include "eventual_result.hpp"
#include "eventual_result_object.hpp"
#include "failed_future.hpp"
#include "unhandled.hpp"

#include <cstddef>

namespace interloop::python {
namespace {

struct connection {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* result;  // a weak reference
  bool from_future;  // an asyncio future passes itself, a Deferred its result
  bool cancelling;   // the user of the result has asked for the cancellation
  bool timed_out;    // a wait for the result has timed out
};

PyTypeObject* connection_type = nullptr;

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
  const ref value = self->from_future ? outcome_of(args[0]) : ref::borrow(args[0]);
  if (!value) return nullptr;
  const ref result = strong(self->result);
  if (result) {
    if (!set_eventual_result(result.get(), value.get())) return nullptr;
  } else if (is_failure(value.get()) && !is_expected(object, value.get())) {
    report_unhandled_result(value.get(), self->timed_out);
  }
  Py_RETURN_NONE;  // a failure has arrived: Twisted has nothing to report
}

bool is_one_of(PyObject* exception, const char* module, const char* name) {
  const ref type = from_loaded(module, name);
  return type && PyExceptionClass_Check(type.get()) && PyErr_GivenExceptionMatches(exception, type.get());
}

bool is_cancellation(PyObject* exception) {
  return is_one_of(exception, "twisted.internet.defer", "CancelledError") ||
         is_one_of(exception, "twisted.internet.error", "ConnectingCancelledError");
}

// Twisted's HTTP client fails with exceptions of its own, which list the failures that led to them.
bool has_cancellation_as_reason(PyObject* exception) {
  const ref reasons(PyObject_GetAttrString(exception, "reasons"));
  bool found = false;
  if (reasons && PyList_Check(reasons.get())) {
    for (Py_ssize_t i = 0; !found && i < PyList_GET_SIZE(reasons.get()); ++i) {
      const ref each = ref::borrow(PyList_GET_ITEM(reasons.get(), i));
      const ref value(PyObject_GetAttr(each.get(), names::value));
      found = value && is_cancellation(value.get());
    }
  }
  PyErr_Clear();
  return found;
}

using garbage = collected<connection, &connection::result>;
}  // namespace

void expect_cancellation(PyObject* link) {
  reinterpret_cast<connection*>(link)->cancelling = true;
  reinterpret_cast<connection*>(link)->timed_out = false;
}
void note_timeout(PyObject* link) { reinterpret_cast<connection*>(link)->timed_out = true; }

bool is_expected(PyObject* link, PyObject* failure) {
  const ref exception(PyObject_GetAttr(failure, names::value));
  if (!exception) return PyErr_Clear(), false;
  if (PyObject_TypeCheck(failure, failed_future_type)) return is_one_of(exception.get(), "asyncio", "CancelledError");
  return link && reinterpret_cast<connection*>(link)->cancelling &&
         (is_cancellation(exception.get()) || has_cancellation_as_reason(exception.get()));
}

bool connect_eventual_result(PyObject* result, PyObject* deferred) {
  const ref link(reinterpret_cast<PyObject*>(allocate<connection>(connection_type)));
  if (!link) return false;
  auto* made = reinterpret_cast<connection*>(link.get());
  made->vectorcall = &on_outcome;
  made->result = PyWeakref_NewRef(result, nullptr);
  if (!made->result) return false;
  Py_XSETREF(as_result(result)->deferred, Py_NewRef(deferred));
  Py_XSETREF(as_result(result)->link, Py_NewRef(link.get()));
  made->timed_out = as_result(result)->timed_out;
  made->from_future = !PyObject_HasAttr(deferred, names::addBoth);
  PyObject* add = made->from_future ? names::add_done_callback : names::addBoth;
  return static_cast<bool>(call_method(deferred, add, link.get()));
}

bool make_result_connection_type(PyObject* module) {
  return (connection_type = make_inner_class<connection, garbage>(module, "interloop._core._Connection")) != nullptr;
}

}  // namespace interloop::python
