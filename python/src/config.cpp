// SPDX-License-Identifier: MIT
#include "config.hpp"

#include "type.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

struct config {
  PyObject_HEAD
  PyObject* loop;
  PyObject* dict;
  PyObject* weakrefs;
};

PyTypeObject* config_type = nullptr;

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 2> keywords{"loop", nullptr};
  PyObject* loop = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Config", const_cast<char**>(keywords.data()), &loop))
    return nullptr;
  auto* self = allocate<config>(type);
  if (!self) return nullptr;
  self->loop = Py_NewRef(loop);
  return reinterpret_cast<PyObject*>(self);
}

using garbage = collected<config, &config::loop, &config::dict>;

std::array<PyGetSetDef, 2> properties{{
    INTERLOOP_PYTHON_DICT,
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

}  // namespace

ref configured_loop(PyObject* object) {
  if (!Py_IS_TYPE(object, config_type)) return ref(PyObject_GetAttr(object, names::loop));
  PyObject* loop = reinterpret_cast<config*>(object)->loop;
  return ref::borrow(loop ? loop : Py_None);
}

bool make_config_type(PyObject* module) {
  config_type =
      make_class<config, garbage>(module, "interloop._core.Config",
                                  {{Py_tp_doc, const_cast<char*>("Config(loop=None)\n--\n\nThe type of txaio.config.")},
                                   {Py_tp_new, reinterpret_cast<void*>(&construct)},
                                   {Py_tp_getset, properties.data()}},
                                  {{"loop", T_OBJECT, offsetof(config, loop), 0,
                                    PyDoc_STR("An event loop, or the reactor; None: the framework's default.")}});
  return config_type != nullptr;
}

}  // namespace interloop::python
