// SPDX-License-Identifier: MIT
#include "unhandled.hpp"

#include "failed_future.hpp"

namespace interloop::python {
namespace {

PyObject* reporter = nullptr;

}  // namespace

bool is_failure(PyObject* value) {
  if (PyObject_TypeCheck(value, failed_future_type)) return true;
  static PyTypeObject* twisted = nullptr;
  if (!twisted) twisted = reinterpret_cast<PyTypeObject*>(from_loaded("twisted.python.failure", "Failure").release());
  return twisted && PyObject_TypeCheck(value, twisted);
}

bool load_reporter() {
  if (!reporter) reporter = import_from("interloop.crochet._reports", "unhandled").release();
  return reporter != nullptr;
}

void report_unhandled_result(PyObject* failure, bool timed_out) {
  const char* why = timed_out ? "Unhandled error in EventualResult. A wait for it had timed out: call cancel() if you "
                                "no longer need a result"
                              : "Unhandled error in EventualResult";
  const ref reason(load_reporter() ? PyUnicode_FromString(why) : nullptr);
  if (!reason || !call(reporter, failure, reason.get())) PyErr_WriteUnraisable(failure);
}

}  // namespace interloop::python
