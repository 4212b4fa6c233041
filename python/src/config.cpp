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

std::array<PyMemberDef, 4> members{{
    {"loop", T_OBJECT, offsetof(config, loop), 0,
     PyDoc_STR("An event loop, or the reactor; None: the framework's default.")},
    {"__dictoffset__", T_PYSSIZET, offsetof(config, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(config, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

}  // namespace

ref configured_loop(PyObject* object) {
  if (!Py_IS_TYPE(object, config_type)) return ref(PyObject_GetAttr(object, names::loop));
  PyObject* loop = reinterpret_cast<config*>(object)->loop;
  return ref::borrow(loop ? loop : Py_None);
}

bool make_config_type(PyObject* module) {
  std::array<PyType_Slot, 8> slots{{
      {Py_tp_doc, const_cast<char*>("Config(loop=None)\n--\n\nWhat txaio.config is.")},
      {Py_tp_new, reinterpret_cast<void*>(&construct)},
      {Py_tp_traverse, reinterpret_cast<void*>(&garbage::traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&garbage::clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&garbage::destroy)},
      {Py_tp_members, members.data()},
      {Py_tp_getset, properties.data()},
      {0, nullptr},
  }};
  PyType_Spec spec{"interloop._core.Config", sizeof(config), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  return (config_type = make_type(module, spec)) != nullptr;
}

}  // namespace interloop::python
