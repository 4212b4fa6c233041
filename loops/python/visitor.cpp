// SPDX-License-Identifier: MIT
#include "visitor.hpp"

#include <interloop/python_bridge.hpp>

#include <pthread.h>

#include <atomic>

namespace interloop::python {
namespace {

// A visitor counts itself before it looks at `over`; the thread that ends the interpreter sets `over` before it looks
// at the count.
std::atomic<int> inside{0};
std::atomic<bool> over{false};

void leave() noexcept {
  inside.fetch_sub(1);
  if (over.load()) inside.notify_all();
}

void let_nobody_in() {
  over = true;
  PyThreadState* mine = PyEval_SaveThread();
  for (int count = inside.load(); count > 0; count = inside.load()) inside.wait(count);
  PyEval_RestoreThread(mine);
}

}  // namespace

visitor::visitor() noexcept {
  if (!Py_IsInitialized()) return;
  if (!PyGILState_Check()) {
    inside.fetch_add(1);
    counted_ = true;
    if (over.load()) return;
  }
  locked_.emplace();
}

visitor::~visitor() {
  locked_.reset();
  if (counted_) leave();
}

bool visitor::expect() {
  static bool expected = false;
  if (expected) return true;
  static const int forks_safely = ::pthread_atfork(nullptr, nullptr, [] { inside = 0; });  // no threads there
  static_cast<void>(forks_safely);
  const object module = from_python([] { return PyImport_ImportModule("atexit"); });
  const object end(module ? make_function([](PyObject*) { let_nobody_in(); }) : nullptr);
  return expected = end && call_method(module, "register", "O", end.get());
}

}  // namespace interloop::python
