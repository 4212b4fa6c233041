// SPDX-License-Identifier: MIT
#include "result_set.hpp"

#include "eventual_result.hpp"

#include <array>

namespace interloop::python {

struct result_set {
  PyObject_HEAD
  eventual_result* first;
  bool stopped;
};

namespace {

PyTypeObject* set_type = nullptr;

PyObject* add(result_set* self, const arguments& given) {
  static constexpr signature<1> wanted{"add", 1, {&names::result}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  if (!add_to_results(reinterpret_cast<PyObject*>(self), slots[0])) return nullptr;
  Py_RETURN_NONE;
}

PyObject* stop(result_set* self, const arguments& given) {
  static constexpr signature<1> wanted{"stop", 1, {&names::failure}};
  std::array<PyObject*, 1> slots{};
  if (!parse(wanted, given, slots)) return nullptr;
  self->stopped = true;
  while (self->first) {
    const ref each = ref::borrow(reinterpret_cast<PyObject*>(self->first));
    leave_results(self->first);
    if (!stop_eventual_result(each.get(), slots[0])) return nullptr;
  }
  Py_RETURN_NONE;
}

int contains(PyObject* self, PyObject* result) {
  return PyObject_TypeCheck(result, eventual_result_type) &&
         as_result(result)->home == reinterpret_cast<result_set*>(self);
}

void destroy(PyObject* object) {
  auto* self = reinterpret_cast<result_set*>(object);
  while (self->first) leave_results(self->first);
  free_object(object);
}

PyObject* construct(PyTypeObject* type, PyObject*, PyObject*) { return type->tp_alloc(type, 0); }

std::array<PyMethodDef, 3> methods{{
    INTERLOOP_PYTHON_FAST(result_set, "add", add, "add($self, result)\n--\n\nAdds an EventualResult, weakly."),
    INTERLOOP_PYTHON_FAST(result_set, "stop", stop,
                          "stop($self, failure)\n--\n\nFails all results, and accepts no more."),
    {nullptr, nullptr, 0, nullptr},
}};

}  // namespace

bool add_to_results(PyObject* results, PyObject* result) {
  if (!PyObject_TypeCheck(results, set_type) || !PyObject_TypeCheck(result, eventual_result_type)) {
    PyErr_SetString(PyExc_TypeError, "add() takes an EventualResult");
    return false;
  }
  auto* home = reinterpret_cast<result_set*>(results);
  if (home->stopped) {
    if (!rest_before_retrying()) return false;
    static PyObject* type = nullptr;
    if (!type) type = import_from("interloop.crochet._errors", "ReactorStopped").release();
    if (type) PyErr_SetString(type, "the loop has stopped: there will be no result");
    return false;
  }
  eventual_result* added = as_result(result);
  leave_results(added);
  added->home = home;
  added->next = home->first;
  if (home->first) home->first->previous = added;
  home->first = added;
  return true;
}

void leave_results(eventual_result* self) {
  if (!self->home) return;
  (self->previous ? self->previous->next : self->home->first) = self->next;
  if (self->next) self->next->previous = self->previous;
  self->home = nullptr;
  self->previous = self->next = nullptr;
}

bool make_result_set_type(PyObject* module) {
  std::array<PyType_Slot, 5> slots{{
      {Py_tp_new, reinterpret_cast<void*>(&construct)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&destroy)},
      {Py_sq_contains, reinterpret_cast<void*>(&contains)},
      {Py_tp_methods, methods.data()},
      {0, nullptr},
  }};
  PyType_Spec spec{"interloop._core.ResultSet", sizeof(result_set), 0, Py_TPFLAGS_DEFAULT, slots.data()};
  return (set_type = make_type(module, spec)) != nullptr;
}

}  // namespace interloop::python
