// SPDX-License-Identifier: MIT
#include "visitor.hpp"

#include <interloop/logging/event.hpp>
#include <interloop/python_logging.hpp>

namespace interloop::python {
namespace {

class python_sink final : public log_sink {
 public:
  void write(const log_event& event) override {
    const visitor inside;
    if (!inside) return;
    PyObject* before = PyErr_Occurred() ? Py_None : nullptr;  // a message inside an exception's handling keeps that
    PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
    if (before) PyErr_Fetch(&type, &value, &traceback);
    if (!send(event)) write_unraisable(nullptr);
    if (before) PyErr_Restore(type, value, traceback);
  }

 private:
  static object send(const log_event& event) {
    const object module = loops_module();
    const object name = text_of(event.name), level = text_of(to_string(event.level)), text = text_of(event.text());
    const object file = text_of(event.where.file_name()), function = text_of(event.where.function_name());
    if (!module || !name || !level || !text || !file || !function) return object();
    return call_method(module, "log", "OOOOiO", name.get(), level.get(), text.get(), file.get(),
                       static_cast<int>(event.where.line()), function.get());
  }
};

}  // namespace

std::shared_ptr<log_sink> make_python_sink() {
  const gil locked;
  if (!visitor::expect()) write_unraisable(nullptr);
  return std::make_shared<python_sink>();
}

}  // namespace interloop::python
