// SPDX-License-Identifier: MIT
#include "waiting_threads.hpp"

#include <array>
#include <cstddef>

namespace interloop::python {
namespace {

// A lock that this thread holds; kept for its next wait. Null: no memory.
struct thread_lock {
  PyThread_type_lock lock = nullptr;
  PyThread_type_lock get() {
    if (!lock && (lock = PyThread_allocate_lock())) PyThread_acquire_lock(lock, WAIT_LOCK);
    return lock;
  }
  ~thread_lock() {
    if (!lock) return;
    PyThread_release_lock(lock);
    PyThread_free_lock(lock);
  }
};

}  // namespace

bool waiting_threads::remove(waiter& which) {
  for (waiter** each = &first_; *each; each = &(*each)->next) {
    if (*each != &which) continue;
    *each = which.next;
    return true;
  }
  return false;
}

waiting_threads::end waiting_threads::wait(PY_TIMEOUT_T microseconds) {
  thread_local thread_lock own;
  waiter self{own.get(), first_};
  if (!self.lock) return end::no_memory;
  first_ = &self;
  PyLockStatus status{};
  // clang-format off
  Py_BEGIN_ALLOW_THREADS
  status = PyThread_acquire_lock_timed(self.lock, microseconds, 1);
  Py_END_ALLOW_THREADS
      // clang-format on
      const bool woken = !remove(self);
  if (woken && status != PY_LOCK_ACQUIRED)
    PyThread_acquire_lock(self.lock, WAIT_LOCK);  // released since: hold it again
  if (status == PY_LOCK_INTR) return end::interrupted;
  return woken ? end::woken : end::timed_out;
}

// The locks are released without the GIL, so that those who wake find it free: with it, each would wake only to wait for
// that, and two threads that talk to each other would spend their time there. A waiter is looked at with the GIL only.
void waiting_threads::wake_all() {
  while (first_) {
    std::array<PyThread_type_lock, 16> woken{};
    std::size_t count = 0;
    for (; first_ && count < woken.size(); first_ = first_->next) woken[count++] = first_->lock;
    // clang-format off
    Py_BEGIN_ALLOW_THREADS
    for (std::size_t i = 0; i < count; ++i) PyThread_release_lock(woken[i]);
    Py_END_ALLOW_THREADS
    // clang-format on
  }
}

}  // namespace interloop::python
