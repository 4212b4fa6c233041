// SPDX-License-Identifier: MIT
#include "failure_text.hpp"

namespace interloop::python {
namespace {

// Clears the exception that was raised, unless it is KeyboardInterrupt or similar: then returns false.
bool forgive() {
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return false;
  PyErr_Clear();
  return true;
}

ref sentence(const char* format, PyObject* failure) {
  if (!forgive()) return ref();
  ref text(PyUnicode_FromFormat(format, failure));
  if (text || !forgive()) return text;
  // Its own __str__ fails.
  const ref name(PyUnicode_FromFormat("<%s object>", Py_TYPE(failure)->tp_name));
  return name ? ref(PyUnicode_FromFormat(format, name.get())) : ref();
}

// A text whose lines are joined by spaces, which txaio's guide says of messages. Null stays null.
ref in_one_line(ref text) {
  const ref lines = text ? ref(PyUnicode_Splitlines(text.get(), 0)) : ref();
  const ref space = lines ? ref(PyUnicode_FromString(" ")) : ref();
  return space ? ref(PyUnicode_Join(space.get(), lines.get())) : ref();
}

}  // namespace

ref message_of_failure(PyObject* failure, PyObject* value_name, PyObject* message_method) {
  constexpr const char* apology = "Failed to produce failure message for \"%S\"";
  const ref value(PyObject_GetAttr(failure, value_name));
  const ref name =
      value ? ref(PyObject_GetAttr(reinterpret_cast<PyObject*>(Py_TYPE(value.get())), names::dunder_name)) : ref();
  if (!name) return sentence(apology, failure);
  ref message = message_method ? call_method(failure, message_method) : ref(PyObject_Str(value.get()));
  if (!message) {
    if (!forgive()) return ref();
    return ref(PyUnicode_FromFormat("%S: <exception str() failed>", name.get()));
  }
  const ref line = in_one_line(ref(PyObject_Str(message.get())));
  ref text = line ? ref(PyUnicode_FromFormat("%S: %U", name.get(), line.get())) : ref();
  return text ? std::move(text) : sentence(apology, failure);
}

ref text_of_asyncio_failure(PyObject* failure) {
  constexpr const char* apology = "Failed to format failure traceback for '%S'";
  static PyObject* format_exception = nullptr;
  if (!format_exception) format_exception = import_from("traceback", "format_exception").release();
  if (!format_exception) return ref();
  const ref type(PyObject_GetAttr(failure, names::failed_type));
  const ref value = type ? ref(PyObject_GetAttr(failure, names::value)) : ref();
  const ref traceback = value ? ref(PyObject_GetAttr(failure, names::traceback_)) : ref();
  if (!traceback) return sentence(apology, failure);
  const ref lines = call(format_exception, type.get(), value.get(), traceback.get());
  const ref nothing(PyUnicode_FromString(""));
  ref text = lines && nothing ? ref(PyUnicode_Join(nothing.get(), lines.get())) : ref();
  return text ? std::move(text) : sentence(apology, failure);
}

ref text_of_twisted_failure(PyObject* failure) {
  constexpr const char* apology = "Failed to format failure traceback for '%S'";
  static PyObject* text_buffer = nullptr;
  if (!text_buffer) text_buffer = import_from("io", "StringIO").release();
  if (!text_buffer) return ref();
  const ref buffer = call(text_buffer);
  if (!buffer || !call_method(failure, names::printTraceback, buffer.get())) return sentence(apology, failure);
  static PyObject* getvalue = PyUnicode_InternFromString("getvalue");
  return call_method(buffer.get(), getvalue);
}

}  // namespace interloop::python
