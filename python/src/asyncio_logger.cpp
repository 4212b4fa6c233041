// SPDX-License-Identifier: MIT
//
// A call below the level costs only the call. Each logger stores its level, which the module that keeps the loggers
// updates, so no other object is asked. No Python function stands between the caller and `logging`, so records name the
// caller's line.
#include "asyncio_logger.hpp"

#include "log_levels.hpp"

#include <structmember.h>

#include <chrono>
#include <cstddef>
#include <utility>

namespace interloop::python {
namespace {

struct asyncio_logger {
  PyObject_HEAD
  log_level level;
  PyObject* logger;      // of `logging`
  PyObject* categories;  // the module's dict
  PyObject* dict;
  PyObject* weakrefs;
};

PyTypeObject* logger_type = nullptr;

struct event {
  PyObject* format = nullptr;  // borrowed
  ref replacement;             // owns `format` if that belongs to a category
};

// The format: given by position or as `format=`, or that of the category. False: an exception is set.
bool read_event(asyncio_logger* self, const char* function, const arguments& given, event& said) {
  if (given.positional > 1) {
    PyErr_Format(PyExc_TypeError, "%s() takes one message; pass values by name, as in '{user}', user=...", function);
    return false;
  }
  if (given.positional == 1) said.format = given.values[0];
  for (Py_ssize_t i = 0; i < given.named(); ++i) {
    PyObject* name = PyTuple_GET_ITEM(given.names, i);
    PyObject* value = given.values[given.positional + i];
    if (PyUnicode_Compare(name, names::log_category) == 0) {
      said.replacement = format_of_category(self->categories, value);
      if (PyErr_Occurred()) return false;
    } else if (PyUnicode_Compare(name, names::format) == 0) {
      if (said.format) {
        PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument 'format'", function);
        return false;
      }
      said.format = value;
    }
  }
  if (said.replacement) said.format = said.replacement.get();
  return true;
}

bool has_fields(PyObject* format) {
  if (!PyUnicode_CheckExact(format)) return true;
  const Py_ssize_t length = PyUnicode_GET_LENGTH(format);
  return PyUnicode_FindChar(format, '{', 0, length, 1) >= 0 || PyUnicode_FindChar(format, '}', 0, length, 1) >= 0;
}

ref fields_of(log_level level, const arguments& given, PyObject* format) {
  ref fields(PyDict_New());
  if (!fields) return ref();
  for (Py_ssize_t i = 0; i < given.named(); ++i) {
    PyObject* name = PyTuple_GET_ITEM(given.names, i);
    if (PyUnicode_Compare(name, names::format) == 0) continue;
    if (PyDict_SetItem(fields.get(), name, given.values[given.positional + i]) < 0) return ref();
  }
  const std::chrono::duration<double> since = std::chrono::system_clock::now().time_since_epoch();
  const ref now(PyFloat_FromDouble(since.count()));
  const ref name(PyUnicode_FromString(log_level_names[static_cast<std::size_t>(level)].data()));
  if (!now || !name || PyDict_SetItem(fields.get(), names::log_time, now.get()) < 0 ||
      PyDict_SetItem(fields.get(), names::log_level, name.get()) < 0 ||
      PyDict_SetItem(fields.get(), names::log_format, format) < 0 ||
      (level == log_level::trace && PyDict_SetItem(fields.get(), names::txaio_trace, Py_True) < 0))
    return ref();
  return fields;
}

ref formatted(log_level level, const arguments& given, PyObject* format) {
  const ref nothing(PyTuple_New(0));
  const ref fields = nothing ? fields_of(level, given, format) : ref();
  const ref method = fields ? ref(PyObject_GetAttr(format, names::format)) : ref();
  return method ? ref(PyObject_Call(method.get(), nothing.get(), fields.get())) : ref();
}

// The text that is logged if a message does not fit its fields, for the exception that is set: a logging call must not
// fail.
ref not_formatted(PyObject* format) {
  const ref why = take_exception();
  if (!is_ordinary(why.get())) {
    put_exception(ref::borrow(why.get()));
    return ref();
  }
  ref message(PyUnicode_FromFormat("%S [not formatted: %s: %S; pass fields by name, and write literal braces twice]",
                                   format, Py_TYPE(why.get())->tp_name, why.get()));
  if (message || !PyErr_ExceptionMatches(PyExc_Exception)) return message;
  PyErr_Clear();  // one of them has no text
  return ref(PyUnicode_FromFormat("a message of type %s that cannot be formatted: %s", Py_TYPE(format)->tp_name,
                                  Py_TYPE(why.get())->tp_name));
}

template <log_level Level>
PyObject* method_name() {
  switch (Level) {
    case log_level::critical:
      return names::critical;
    case log_level::error:
      return names::error;
    case log_level::warn:
      return names::warning;  // `logging` deprecates warn
    case log_level::info:
      return names::info;
    default:
      return names::debug;
  }
}

struct on_asyncio {
  using object = asyncio_logger;
  static constexpr const char* module = "interloop.txaio.aio";

  template <log_level Level>
  static PyObject* log(asyncio_logger* self, const arguments& given) {
    if (self->level < Level) Py_RETURN_NONE;
    event said;
    const ref native = native_logger(self);
    if (!native || !read_event(self, log_level_names[static_cast<std::size_t>(Level)].data(), given, said))
      return nullptr;
    ref message = said.format ? ref::borrow(said.format) : ref(PyUnicode_FromString(""));
    if (!message) return nullptr;
    if (has_fields(message.get())) {
      ref text = formatted(Level, given, message.get());
      message = text ? std::move(text) : not_formatted(message.get());
      if (!message) return nullptr;
    }
    if (!call_method(native.get(), method_name<Level>(), message.get())) return nullptr;
    Py_RETURN_NONE;
  }

  static PyObject* emit(asyncio_logger* self, const arguments& given) {
    static constexpr signature<1> wanted{"emit", 1, {&names::level}};
    std::array<PyObject*, 1> slots{};
    leading_arguments split;
    if (!split.split(wanted, given, slots)) return nullptr;
    return call_method_with(reinterpret_cast<PyObject*>(self), slots[0], nullptr, 0, split.rest).release();
  }
};

ref new_logger(PyTypeObject* type, PyObject* logger, log_level level, PyObject* categories) {
  auto* self = allocate<asyncio_logger>(type);
  if (!self) return ref();
  self->level = level;
  self->logger = Py_NewRef(logger);
  self->categories = Py_NewRef(categories);
  return ref(reinterpret_cast<PyObject*>(self));
}

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 4> keywords{"logger", "level", "categories", nullptr};
  PyObject *logger = nullptr, *name = nullptr, *categories = nullptr;
  log_level level{};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOO!:AsyncioLogger", const_cast<char**>(keywords.data()), &logger,
                                   &name, &PyDict_Type, &categories) ||
      !level_of(name, level))
    return nullptr;
  return new_logger(type, logger, level, categories).release();
}

// The original's loggers have a method for each of `log_levels`, so this exists, although no message is at that level.
PyObject* none(asyncio_logger*, const arguments&) {
  PyErr_SetString(PyExc_AttributeError,
                  "'none' is a level for loggers, not for messages: log this message at one of critical, "
                  "error, warn, info, debug, trace");
  return nullptr;
}

using garbage = collected<asyncio_logger, &asyncio_logger::logger, &asyncio_logger::categories, &asyncio_logger::dict>;

std::array<PyGetSetDef, 3> properties{{
    INTERLOOP_PYTHON_DICT,
    {"_log_level", &get_log_level<asyncio_logger>, nullptr, PyDoc_STR("The name of the level."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

auto methods = logger_methods<on_asyncio>(std::array<PyMethodDef, 1>{{
    INTERLOOP_PYTHON_FAST(asyncio_logger, "none", none,
                          "none($self, message, **kwargs)\n--\n\nAttributeError: no message is at that level."),
}});

// `self` is the module that keeps the loggers.
PyObject* make_logger(PyObject* module, PyObject*) {
  static PyObject* get_logger = nullptr;
  if (!get_logger) get_logger = import_from("logging", "getLogger").release();
  const ref name = get_logger ? namespace_of_caller() : ref();
  const ref native = name ? call(get_logger, name.get()) : ref();
  const ref level_name = native ? ref(PyObject_GetAttr(module, names::log_level_)) : ref();
  const ref categories = level_name ? ref(PyObject_GetAttr(module, names::categories)) : ref();
  log_level level{};
  if (!categories || !level_of(level_name.get(), level)) return nullptr;
  ref logger = new_logger(logger_type, native.get(), level, categories.get());
  return logger && remember_logger(module, logger.get()) ? logger.release() : nullptr;
}

PyMethodDef make_logger_method{"make_logger", &make_logger, METH_NOARGS,
                               PyDoc_STR("make_logger()\n--\n\nAn ILogger, at the global level, named after its "
                                         "caller: the class of its self, else the module and\n"
                                         "function. Any thread.")};

std::array<PyMethodDef, 2> functions{{
    {"bind_asyncio_logging", &bind_logging<&make_logger_method>, METH_O,
     PyDoc_STR("bind_asyncio_logging(module)\n--\n\nThe function make_logger for module._loggers.")},
    {nullptr, nullptr, 0, nullptr},
}};

}  // namespace

bool make_asyncio_logger_type(PyObject* module) {
  logger_type = make_class<asyncio_logger, garbage>(
      module, "interloop._core.AsyncioLogger",
      {{Py_tp_doc,
        const_cast<char*>(
            "AsyncioLogger(logger, level, categories)\n--\n\nThe type of the object that make_logger returns.")},
       {Py_tp_new, reinterpret_cast<void*>(&construct)},
       {Py_tp_methods, methods.data()},
       {Py_tp_getset, properties.data()}},
      {{"_logger", T_OBJECT, offsetof(asyncio_logger, logger), 0, nullptr}});  // tests replace it
  return logger_type && PyModule_AddFunctions(module, functions.data()) == 0;
}

}  // namespace interloop::python
