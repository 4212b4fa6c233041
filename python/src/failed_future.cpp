// SPDX-License-Identifier: MIT
#include "failed_future.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>

namespace interloop::python {

PyTypeObject* failed_future_type = nullptr;

namespace {

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 4> keywords{"type_", "value", "traceback", nullptr};
  PyObject *of = nullptr, *value = nullptr, *traceback = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOO:FailedFuture", const_cast<char**>(keywords.data()), &of, &value,
                                   &traceback))
    return nullptr;
  auto* self = allocate<failed_future>(type);
  if (!self) return nullptr;
  self->type = Py_NewRef(of);
  self->value = Py_NewRef(value);
  self->traceback = Py_NewRef(traceback);
  return reinterpret_cast<PyObject*>(self);
}

using garbage = collected<failed_future, &failed_future::type, &failed_future::value, &failed_future::traceback,
                          &failed_future::dict>;

PyObject* text(PyObject* object) {
  PyObject* value = reinterpret_cast<failed_future*>(object)->value;
  return PyObject_Str(value ? value : Py_None);
}

// For the modules copy and pickle.
PyObject* reduce(failed_future* self) {
  const auto given = [](PyObject* field) { return field ? field : Py_None; };
  return Py_BuildValue("O(OOO)O", reinterpret_cast<PyObject*>(Py_TYPE(self)), given(self->type), given(self->value),
                       given(self->traceback), given(self->dict));
}

std::array<PyMethodDef, 2> methods{{
    INTERLOOP_PYTHON_PLAIN(failed_future, "__reduce__", reduce, "How copy and pickle make another one."),
    {nullptr, nullptr, 0, nullptr},
}};

std::array<PyGetSetDef, 2> properties{{
    INTERLOOP_PYTHON_DICT,
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

ref make(PyObject* of, PyObject* value, ref traceback) {
  auto* self = allocate<failed_future>(failed_future_type);
  if (!self) return ref();
  self->type = Py_NewRef(of);
  self->value = Py_NewRef(value);
  self->traceback = traceback ? traceback.release() : Py_NewRef(Py_None);
  return ref(reinterpret_cast<PyObject*>(self));
}

}  // namespace

ref make_failed_future(PyObject* exception, bool with_traceback) {
  return make(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception,
              with_traceback ? ref(PyException_GetTraceback(exception)) : ref());
}

ref make_failed_future_of_handled() {
  const ref handled = handled_exception();
  if (!handled || handled.get() == Py_None) return make(Py_None, Py_None, ref());
  return make_failed_future(handled.get(), true);
}

bool make_failed_future_type(PyObject* module) {
  failed_future_type = make_class<failed_future, garbage>(
      module, "interloop._core.FailedFuture",
      {{Py_tp_doc,
        const_cast<char*>("FailedFuture(type_, value, traceback)\n--\n\nAn exception, for errbacks on asyncio.")},
       {Py_tp_new, reinterpret_cast<void*>(&construct)},
       {Py_tp_str, reinterpret_cast<void*>(&text)},
       {Py_tp_methods, methods.data()},
       {Py_tp_getset, properties.data()}},
      {{"_type", T_OBJECT, offsetof(failed_future, type), 0, nullptr},
       {"_value", T_OBJECT, offsetof(failed_future, value), 0, nullptr},
       {"_traceback", T_OBJECT, offsetof(failed_future, traceback), 0, nullptr},
       {"value", T_OBJECT, offsetof(failed_future, value), READONLY, PyDoc_STR("The exception.")}});
  return failed_future_type != nullptr;
}

}  // namespace interloop::python
