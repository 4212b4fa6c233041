// SPDX-License-Identifier: MIT
// The end of the QCoreApplication. Qt then delivers no events in any thread: an event loop would run on without hearing
// of anything, not even of a stop. So the end of the application ends the runs in other threads.
#pragma once

class QThread;

namespace interloop::qt {

/// Any thread.
bool has_application();

/// In a thread that has an application: its end will be noticed.
void notice_end_of_application();

/// Exists while this thread runs an event loop, which the end of the application ends, as `QThread::exit` does.
class run_of_thread {
 public:
  run_of_thread();
  run_of_thread(const run_of_thread&) = delete;
  run_of_thread& operator=(const run_of_thread&) = delete;
  ~run_of_thread();

  /// Whether the application has ended. Call it before the event loop is run, and after.
  [[nodiscard]] bool over() const;

 private:
  friend void end_runs();

  QThread* thread_;
  run_of_thread* next_;
};

}  // namespace interloop::qt
