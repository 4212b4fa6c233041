// SPDX-License-Identifier: MIT
#include "waiting_threads.hpp"

#include "names.hpp"

#include <time.h>

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace interloop::python {

struct waiting_thread {
  PyThread_type_lock lock = nullptr;  // the thread holds it; releasing it wakes the thread
  waiting_thread* next = nullptr;
  bool waits = false;
  PyObject* event = nullptr;  // instead of the lock, if threads are patched
};

namespace {

PyObject* patched_event = nullptr;

// One per thread, kept for its next wait. If the interpreter ends a thread while it waits, the waiter is still in a
// list, where others may find it: it is not freed.
struct own_waiting_thread {
  waiting_thread* own = nullptr;
  // Null: no memory.
  waiting_thread* get() {
    if (own) return own;
    PyThread_type_lock lock = PyThread_allocate_lock();
    if (!lock) return nullptr;
    PyThread_acquire_lock(lock, WAIT_LOCK);
    own = new (std::nothrow) waiting_thread{lock};
    return own;
  }
  ~own_waiting_thread() {
    if (!own || own->waits) return;
    PyThread_release_lock(own->lock);
    PyThread_free_lock(own->lock);
    delete own;
  }
};

}  // namespace

bool waiting_threads::remove(const waiting_thread& which) {
  for (waiting_thread** each = &first_; *each; each = &(*each)->next) {
    if (*each != &which) continue;
    *each = which.next;
    return true;
  }
  return false;
}

waiting_threads::end waiting_threads::wait(PY_TIMEOUT_T microseconds) {
  if (patched_event) return wait_for_event(microseconds);
  thread_local own_waiting_thread own;
  waiting_thread* self = own.get();
  if (!self) return PyErr_NoMemory(), end::failed;
  self->next = std::exchange(first_, self);
  self->waits = true;
  PyLockStatus status{};
  // clang-format off
  Py_BEGIN_ALLOW_THREADS
  status = PyThread_acquire_lock_timed(self->lock, microseconds, 1);
  Py_END_ALLOW_THREADS
      // clang-format on
      const bool woken = !remove(*self);
  if (woken && status != PY_LOCK_ACQUIRED)
    PyThread_acquire_lock(self->lock, WAIT_LOCK);  // released since: hold it again
  self->waits = false;
  if (status == PY_LOCK_INTR) return end::interrupted;
  return woken ? end::woken : end::timed_out;
}

// This does not use the stack: other greenlets may have their data in the same place meanwhile.
waiting_threads::end waiting_threads::wait_for_event(PY_TIMEOUT_T microseconds) {
  ref event = call(patched_event);
  const ref seconds(microseconds < 0 ? Py_NewRef(Py_None)
                                     : PyFloat_FromDouble(static_cast<double>(microseconds) / 1e6));
  auto* self = event && seconds ? new (std::nothrow) waiting_thread{nullptr, first_, true, event.get()} : nullptr;
  if (!self) return (PyErr_Occurred() ? nullptr : PyErr_NoMemory()), end::failed;
  first_ = self;
  const bool waited = static_cast<bool>(call_method(event.get(), names::wait, seconds.get()));
  const bool woken = !remove(*self);
  delete self;
  if (!waited) return end::failed;
  return woken ? end::woken : end::timed_out;
}

// The locks are released without the GIL, so that the threads that wake find the GIL free: otherwise each would wake
// only to wait for it, and two threads that talk to each other would spend their time on that. A waiter is accessed
// only with the GIL.
void waiting_threads::wake_all() {
  while (first_) {
    if (first_->event) {
      const ref event = ref::borrow(std::exchange(first_, first_->next)->event);
      if (!call_method(event.get(), names::set)) PyErr_WriteUnraisable(event.get());
      continue;
    }
    std::array<PyThread_type_lock, 16> woken{};
    std::size_t count = 0;
    for (; first_ && !first_->event && count < woken.size(); first_ = first_->next) woken[count++] = first_->lock;
    // clang-format off
    Py_BEGIN_ALLOW_THREADS
    for (std::size_t i = 0; i < count; ++i) PyThread_release_lock(woken[i]);
    Py_END_ALLOW_THREADS
    // clang-format on
  }
}

bool rest_before_retrying() {
  if (patched_event) {
    const ref sleep = import_from("time", "sleep");
    const ref seconds(PyFloat_FromDouble(0.01));
    return sleep && seconds && call(sleep.get(), seconds.get());
  }
  // clang-format off
  Py_BEGIN_ALLOW_THREADS
  const timespec ten_milliseconds{0, 10'000'000};
  ::nanosleep(&ten_milliseconds, nullptr);
  Py_END_ALLOW_THREADS
      // clang-format on
      return true;
}

void use_patched_threads(PyObject* event) { Py_XSETREF(patched_event, Py_NewRef(event)); }
bool threads_are_patched() { return patched_event != nullptr; }

}  // namespace interloop::python
