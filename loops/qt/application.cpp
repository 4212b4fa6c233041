// SPDX-License-Identifier: MIT
#include "application.hpp"

#define QT_NO_KEYWORDS
#include <QCoreApplication>
#include <QThread>

#include <mutex>

namespace interloop::qt {
namespace {

constinit std::mutex mutex;
constinit run_of_thread* first = nullptr;
constinit bool noticed = false;  // Qt will call end_runs
constinit bool ended = false;

}  // namespace

// Called by Qt, once for each qAddPostRoutine, while the application still delivers events.
void end_runs() {
  const std::lock_guard lock(mutex);
  noticed = false;
  ended = true;
  for (run_of_thread* each = first; each; each = each->next_) each->thread_->exit();
}

// QCoreApplication::instance() is inline, and does not work in a program that is compiled without -fPIC.
bool has_application() { return !QCoreApplication::startingUp(); }

void notice_end_of_application() {
  const std::lock_guard lock(mutex);
  if (noticed) return;
  qAddPostRoutine(&end_runs);
  noticed = true;
  ended = false;
}

run_of_thread::run_of_thread() : thread_(QThread::currentThread()) {
  const std::lock_guard lock(mutex);
  next_ = first;
  first = this;
}
run_of_thread::~run_of_thread() {
  const std::lock_guard lock(mutex);
  run_of_thread** place = &first;
  while (*place != this) place = &(*place)->next_;
  *place = next_;
}

bool run_of_thread::over() const {
  const std::lock_guard lock(mutex);
  return ended;
}

}  // namespace interloop::qt
