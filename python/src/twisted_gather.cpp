// SPDX-License-Identifier: MIT
#include "twisted_gather.hpp"

#include "type.hpp"

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

struct gathering {
  PyObject_HEAD
  PyObject* outer;
  PyObject* results;  // a list; None for results that have not come yet
  Py_ssize_t missing;
  bool consume;
};

// The callback and errback of one child.
struct place {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  gathering* whole;  // owned
  Py_ssize_t index;
};

PyTypeObject* gathering_type = nullptr;
PyTypeObject* place_type = nullptr;

// False: an exception is set.
bool complete(gathering* self, const native_twisted& twisted) {
  const ref called(PyObject_GetAttr(self->outer, names::called));
  const int over = called ? PyObject_IsTrue(called.get()) : -1;
  if (over != 0) return over > 0;
  if (!self->consume) {
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(self->results); ++i) {
      PyObject* each = PyList_GET_ITEM(self->results, i);
      if (!PyObject_TypeCheck(each, twisted.failure)) continue;
      // Each gets its own failure: errbacks of the child and of the whole may both clear theirs.
      const ref value(PyObject_GetAttr(each, names::value));
      const ref failure = value ? call(reinterpret_cast<PyObject*>(twisted.failure), value.get()) : ref();
      return failure && call_method(self->outer, names::errback, failure.get());
    }
  }
  ref empty(PyList_New(0));
  if (!empty) return false;
  const ref results(std::exchange(self->results, empty.release()));
  return static_cast<bool>(call_method(self->outer, names::callback, results.get()));
}

PyObject* on_result(PyObject* object, PyObject* const* args, std::size_t flags, PyObject*) {
  auto* self = reinterpret_cast<place*>(object);
  const native_twisted* twisted = get_twisted();
  if (!twisted) return nullptr;
  if (PyVectorcall_NARGS(flags) != 1) {
    PyErr_SetString(PyExc_TypeError, "a callback takes the result");
    return nullptr;
  }
  if (!self->whole || !self->whole->results) return Py_NewRef(args[0]);  // the garbage collector has emptied it
  const ref keep = ref::borrow(reinterpret_cast<PyObject*>(self->whole));
  gathering* whole = self->whole;
  const bool failed = PyObject_TypeCheck(args[0], twisted->failure);
  if (self->index < PyList_GET_SIZE(whole->results)) PyList_SetItem(whole->results, self->index, Py_NewRef(args[0]));
  if (--whole->missing == 0 && !complete(whole, *twisted)) return nullptr;
  return Py_NewRef(failed && whole->consume ? Py_None : args[0]);
}

using gathering_garbage = collected<gathering, &gathering::outer, &gathering::results>;

using place_garbage = collected<place, &place::whole>;

}  // namespace

bool twisted_gather(PyObject* outer, PyObject* deferreds, bool consume) {
  const ref children(PySequence_List(deferreds));
  if (!children) return false;
  const Py_ssize_t count = PyList_GET_SIZE(children.get());
  const ref owner(reinterpret_cast<PyObject*>(allocate<gathering>(gathering_type)));
  if (!owner) return false;
  auto* self = reinterpret_cast<gathering*>(owner.get());
  self->outer = Py_NewRef(outer);
  self->results = PyList_New(count);
  if (!self->results) return false;
  for (Py_ssize_t i = 0; i < count; ++i) PyList_SET_ITEM(self->results, i, Py_NewRef(Py_None));
  self->missing = count;
  self->consume = consume;
  if (count == 0) return static_cast<bool>(call_method(outer, names::callback, self->results));
  for (Py_ssize_t i = 0; i < count; ++i) {
    const ref callback(reinterpret_cast<PyObject*>(allocate<place>(place_type)));
    if (!callback) return false;
    auto* made = reinterpret_cast<place*>(callback.get());
    made->vectorcall = &on_result;
    made->whole = reinterpret_cast<gathering*>(Py_NewRef(owner.get()));
    made->index = i;
    if (!call_method(PyList_GET_ITEM(children.get(), i), names::addBoth, callback.get())) return false;
  }
  return true;
}

bool make_twisted_gather_types(PyObject* module) {
  return (gathering_type =
              make_inner_class<gathering, gathering_garbage>(module, "interloop._core._DeferredGathering")) &&
         (place_type = make_inner_class<place, place_garbage>(module, "interloop._core._Place"));
}

}  // namespace interloop::python
