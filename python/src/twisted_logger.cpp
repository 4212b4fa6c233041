// SPDX-License-Identifier: MIT
//
// Arguments go to Twisted's logger unchanged: no tuple or dict is made of them on the way.
#include "twisted_logger.hpp"

#include "log_levels.hpp"

#include <structmember.h>

#include <cstddef>
#include <vector>

namespace interloop::python {
namespace {

struct twisted_logger {
  PyObject_HEAD
  log_level level;
  bool keeps_level;
  PyObject* logger;      // Twisted's
  PyObject* categories;  // the module's dict
  PyObject* dict;
  PyObject* weakrefs;
};

PyTypeObject* logger_type = nullptr;

// Twisted's own constant for a level; trace is its debug. Borrowed; null: an exception is set.
PyObject* native_level(log_level level) {
  static std::array<PyObject*, log_level_names.size()> known{};
  if (level == log_level::trace) level = log_level::debug;
  PyObject*& found = known[static_cast<std::size_t>(level)];
  if (found) return found;
  const ref type = import_from("twisted.logger", "LogLevel");
  const ref name = type ? ref(PyUnicode_FromString(log_level_names[static_cast<std::size_t>(level)].data())) : ref();
  if (name) found = call_method(type.get(), names::lookupByName, name.get()).release();
  return found;
}

PyObject* category_of(const arguments& given) {
  for (Py_ssize_t i = 0; i < given.named(); ++i)
    if (PyUnicode_Compare(PyTuple_GET_ITEM(given.names, i), names::log_category) == 0)
      return given.values[given.positional + i];
  return nullptr;
}

// `logger.emit(level, *args, **kwargs)` with changes: a category's format replaces the message, and a trace is marked.
ref emit_changed(PyObject* native, PyObject* level, const arguments& given, PyObject* format, bool trace) {
  std::vector<PyObject*> values{native, level};
  if (!format) values.insert(values.end(), given.values, given.values + given.positional);
  const auto positional = values.size();
  const ref keywords(PyList_New(0));
  if (!keywords) return ref();
  const auto add = [&](PyObject* name, PyObject* value) {
    values.push_back(value);
    return PyList_Append(keywords.get(), name) == 0;
  };
  for (Py_ssize_t i = 0; i < given.named(); ++i) {
    PyObject* name = PyTuple_GET_ITEM(given.names, i);
    if (format && PyUnicode_Compare(name, names::format) == 0) continue;
    if (!add(name, given.values[given.positional + i])) return ref();
  }
  if ((format && !add(names::format, format)) || (trace && !add(names::txaio_trace, Py_True))) return ref();
  const ref tuple(PyList_AsTuple(keywords.get()));
  return tuple ? ref(PyObject_VectorcallMethod(names::emit, values.data(), positional, tuple.get())) : ref();
}

PyObject* log_at(twisted_logger* self, log_level level, const arguments& given) {
  if (self->level < level) Py_RETURN_NONE;
  PyObject* native_name = native_level(level);
  const ref native = native_name ? native_logger(self) : ref();
  if (!native) return nullptr;
  PyObject* category = category_of(given);
  const ref format = category ? format_of_category(self->categories, category) : ref();
  if (!format && PyErr_Occurred()) return nullptr;
  if (format || level == log_level::trace)
    return emit_changed(native.get(), native_name, given, format.get(), level == log_level::trace).release();
  return call_method_with(native.get(), names::emit, &native_name, 1, given).release();
}

struct on_twisted {
  using object = twisted_logger;
  static constexpr const char* module = "interloop.txaio.tx";

  template <log_level Level>
  static PyObject* log(twisted_logger* self, const arguments& given) {
    if (self->level < Level) Py_RETURN_NONE;
    return log_at(self, Level, given);
  }

  static PyObject* emit(twisted_logger* self, const arguments& given) {
    static constexpr signature<1> wanted{"emit", 1, {&names::level}};
    std::array<PyObject*, 1> slots{};
    leading_arguments split;
    log_level level{};
    if (!split.split(wanted, given, slots) || !level_of(slots[0], level)) return nullptr;
    return log_at(self, level, split.rest);
  }
};

PyObject* failure(twisted_logger* self, const arguments& given) {
  if (self->level < log_level::error) Py_RETURN_NONE;
  PyObject* nothing = Py_None;
  bool named = false;
  for (Py_ssize_t i = 0; i < given.named(); ++i)
    named = named || PyUnicode_Compare(PyTuple_GET_ITEM(given.names, i), names::format) == 0;
  const ref native = native_logger(self);
  if (!native) return nullptr;
  return call_method_with(native.get(), names::failure, &nothing, given.positional || named ? 0 : 1, given).release();
}

PyObject* set_log_level(twisted_logger* self, const arguments& given) {
  static constexpr signature<2> wanted{"set_log_level", 1, {&names::level, &names::keep}};
  std::array<PyObject*, 2> slots{nullptr, Py_True};
  if (!parse(wanted, given, slots)) return nullptr;
  const int keep = PyObject_IsTrue(slots[1]);
  if (keep < 0 || !level_of(slots[0], self->level)) return nullptr;
  self->keeps_level = keep != 0;
  Py_RETURN_NONE;
}

PyObject* get_keeps_level(PyObject* object, void*) {
  return PyBool_FromLong(reinterpret_cast<twisted_logger*>(object)->keeps_level);
}

// `factory(observer=..., namespace=...)` behind a new logger. `level` may be None: the logger then follows the module's
// level.
ref new_logger(PyTypeObject* type, PyObject* module, PyObject* level, PyObject* factory, PyObject* namespace_name,
               PyObject* observer) {
  const ref shared(PyObject_GetAttr(module, names::log_level_));
  const ref categories = shared ? ref(PyObject_GetAttr(module, names::categories)) : ref();
  const ref keywords = categories ? ref(PyTuple_Pack(2, names::observer, names::namespace_)) : ref();
  if (!keywords) return ref();
  const int explicitly = PyObject_IsTrue(level);
  log_level chosen{};
  if (explicitly < 0 || !level_of(explicitly ? level : shared.get(), chosen)) return ref();
  PyObject* stack[] = {observer, namespace_name};
  ref native(PyObject_Vectorcall(factory, stack, 0, keywords.get()));
  auto* self = native ? allocate<twisted_logger>(type) : nullptr;
  if (!self) return ref();
  ref owner(reinterpret_cast<PyObject*>(self));
  self->level = chosen;
  self->keeps_level = explicitly != 0;
  self->logger = native.release();
  self->categories = Py_NewRef(categories.get());
  return remember_logger(module, owner.get()) ? std::move(owner) : ref();
}

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 5> keywords{"level", "logger", "namespace", "observer", nullptr};
  PyObject *level = Py_None, *logger = Py_None, *name = Py_None, *observer = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OOOO:Logger", const_cast<char**>(keywords.data()), &level, &logger,
                                   &name, &observer))
    return nullptr;
  if (logger == Py_None) {
    PyErr_SetString(PyExc_AssertionError, "Should not be instantiated directly; use make_logger().");
    return nullptr;
  }
  const ref module(PyImport_ImportModule("interloop.txaio.tx"));
  return module ? new_logger(type, module.get(), level, logger, name, observer).release() : nullptr;
}

using garbage = collected<twisted_logger, &twisted_logger::logger, &twisted_logger::categories, &twisted_logger::dict>;

std::array<PyGetSetDef, 4> properties{{
    INTERLOOP_PYTHON_DICT,
    {"_log_level", &get_log_level<twisted_logger>, nullptr, PyDoc_STR("The name of the level."), nullptr},
    {"_log_level_set_explicitly", &get_keeps_level, nullptr,
     PyDoc_STR("Whether it stays when the global level changes."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

auto methods = logger_methods<on_twisted>(std::array<PyMethodDef, 2>{{
    INTERLOOP_PYTHON_FAST(
        twisted_logger, "failure", failure,
        "failure($self, format=None, *args, **kw)\n--\n\nLogs the exception being handled, critically."),
    INTERLOOP_PYTHON_FAST(twisted_logger, "set_log_level", set_log_level,
                          "set_log_level($self, level, keep=True)\n--\n\n"
                          "Sets the level; if keep, it no longer follows the global one."),
}});

// `self` is the module that keeps the loggers.
PyObject* make_logger(PyObject* module, PyObject* const* values, Py_ssize_t positional, PyObject* keywords) {
  static constexpr signature<3> wanted{"make_logger", 0, {&names::level, &names::logger, &names::observer}};
  std::array<PyObject*, 3> slots{Py_None, nullptr, Py_None};
  if (!parse(wanted, arguments{values, positional, keywords}, slots)) return nullptr;
  static PyObject* twisted = nullptr;
  if (!twisted) twisted = import_from("twisted.logger", "Logger").release();
  const ref name = twisted ? namespace_of_caller() : ref();
  if (!name) return nullptr;
  return new_logger(logger_type, module, slots[0], slots[1] ? slots[1] : twisted, name.get(), slots[2]).release();
}

PyMethodDef make_logger_method{
    "make_logger", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&make_logger)),
    METH_FASTCALL | METH_KEYWORDS,
    PyDoc_STR(
        "make_logger(level=None, logger=..., observer=None)\n--\n\n"
        "An ILogger, named after its caller: the class of its self, else the module and function. With a level\n"
        "of its own, it does not follow the global one. logger(observer=, namespace=) makes the native one behind\n"
        "it, a twisted.logger.Logger. ValueError: there is no such level. Any thread.")};

std::array<PyMethodDef, 2> functions{{
    {"bind_twisted_logging", &bind_logging<&make_logger_method>, METH_O,
     PyDoc_STR("bind_twisted_logging(module)\n--\n\nThe function make_logger for module._loggers.")},
    {nullptr, nullptr, 0, nullptr},
}};

}  // namespace

bool make_twisted_logger_type(PyObject* module) {
  logger_type = make_class<twisted_logger, garbage>(
      module, "interloop._core.TwistedLogger",
      {{Py_tp_doc, const_cast<char*>("TwistedLogger(level=None, logger=None, namespace=None, observer=None)\n--\n\n"
                                     "The type of the object that make_logger returns.")},
       {Py_tp_new, reinterpret_cast<void*>(&construct)},
       {Py_tp_methods, methods.data()},
       {Py_tp_getset, properties.data()}},
      {{"_logger", T_OBJECT, offsetof(twisted_logger, logger), 0, nullptr}});  // tests replace it
  return logger_type && PyModule_AddFunctions(module, functions.data()) == 0;
}

}  // namespace interloop::python
