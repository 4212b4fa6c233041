// SPDX-License-Identifier: MIT
#include "gil.hpp"

#include <interloop/logging/event.hpp>
#include <interloop/python_logging.hpp>

namespace interloop::python {
namespace {

class python_sink final : public log_sink {
 public:
  void write(const log_event& event) override {
    if (!Py_IsInitialized()) return;
    const gil locked;
    PyObject* before = PyErr_Occurred() ? Py_None : nullptr;  // a message inside an exception's handling keeps that
    PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
    if (before) PyErr_Fetch(&type, &value, &traceback);
    const std::string_view text = event.text(), level = to_string(event.level);
    const object module(PyImport_ImportModule("interloop._loops"));
    const object done(module ? PyObject_CallMethod(module.get(), "log", "s#s#s#sis", event.name.data(),
                                                   static_cast<Py_ssize_t>(event.name.size()), level.data(),
                                                   static_cast<Py_ssize_t>(level.size()), text.data(),
                                                   static_cast<Py_ssize_t>(text.size()), event.where.file_name(),
                                                   static_cast<int>(event.where.line()), event.where.function_name())
                             : nullptr);
    if (!done) PyErr_WriteUnraisable(nullptr);
    if (before) PyErr_Restore(type, value, traceback);
  }
};

}  // namespace

std::shared_ptr<log_sink> make_python_sink() { return std::make_shared<python_sink>(); }

}  // namespace interloop::python
