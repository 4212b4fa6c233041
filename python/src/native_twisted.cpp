// SPDX-License-Identifier: MIT
#include "native_twisted.hpp"

namespace interloop::python {

const native_twisted* get_twisted() {
  static native_twisted found;
  if (found.is_coroutine_function) return &found;

  bool complete = true;
  const auto take = [&complete](const char* module, const char* name) -> PyObject* {
    if (!complete) return nullptr;
    PyObject* value = import_from(module, name).release();
    complete = value != nullptr;
    return value;
  };
  native_twisted made;
  made.deferred = reinterpret_cast<PyTypeObject*>(take("twisted.internet.defer", "Deferred"));
  made.failure = reinterpret_cast<PyTypeObject*>(take("twisted.python.failure", "Failure"));
  made.succeed = take("twisted.internet.defer", "succeed");
  made.fail = take("twisted.internet.defer", "fail");
  made.ensure_deferred = take("twisted.internet.defer", "ensureDeferred");
  made.reactor_time = take("twisted.internet.interfaces", "IReactorTime");
  made.is_coroutine_function = take("inspect", "iscoroutinefunction");
  if (!complete) return nullptr;
  found = made;
  return &found;
}

}  // namespace interloop::python
