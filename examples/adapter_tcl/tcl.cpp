// SPDX-License-Identifier: MIT
//
// An event source, asked before and after each sleep of Tcl's, queues an event for the turn. A file handler is for a
// duplicate of its descriptor: Tcl has at most one handler for each, and a second one silently replaces the first, which
// may be the application's. Tcl's timers follow the wall clock.
#include "tcl.hpp"

#include <interloop/error.hpp>
#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>

#include <fcntl.h>
#include <sys/select.h>
#include <tcl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace example {
namespace {
using namespace interloop;

class tcl_watch final : public port_watch {
 public:
  tcl_watch(int fd, interest wanted, watched_fd& watched) : watched_(watched), fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 0)) {
    if (fd_ < 0) throw usage_error(std::string("tcl: cannot watch this descriptor: ") + std::strerror(errno));
    if (fd_ >= FD_SETSIZE) {
      ::close(fd_);
      throw usage_error("tcl: cannot watch this descriptor: its notifier is for those below 1024; close some");
    }
    set_interest(wanted);
  }
  ~tcl_watch() override {
    Tcl_DeleteFileHandler(fd_);
    ::close(fd_);
    if (gone_) *gone_ = true;
  }
  void set_interest(interest wanted) override {
    wanted_ = wanted;
    if (gone_) return;  // its callback is running
    const int mask =
        (has(wanted, interest::read) ? TCL_READABLE : 0) | (has(wanted, interest::write) ? TCL_WRITABLE : 0);
    if (mask == 0) return Tcl_DeleteFileHandler(fd_);
    Tcl_CreateFileHandler(fd_, mask, &on_ready, this);
  }

 private:
  static void on_ready(void* watch, int mask) {
    auto& self = *static_cast<tcl_watch*>(watch);
    if (self.watched_.is_lost()) return self.watched_.lost();  // the duplicate keeps the file open
    bool gone = false;
    self.gone_ = &gone;
    Tcl_DeleteFileHandler(self.fd_);  // a nested run sleeps although the descriptor is ready
    self.watched_.ready(((mask & TCL_READABLE) ? interest::read : interest::none) |
                        ((mask & TCL_WRITABLE) ? interest::write : interest::none));
    if (gone) return;
    self.gone_ = nullptr;
    self.set_interest(self.wanted_);
  }
  watched_fd& watched_;
  int fd_;
  interest wanted_ = interest::none;
  bool* gone_ = nullptr;  // while its callback runs: set by the destructor
};

class tcl_port final : public loop_port {
 public:
  tcl_port() { Tcl_CreateEventSource(&before_sleep, &after_sleep, this); }
  ~tcl_port() override { close(nullptr); }
  std::string_view name() const noexcept override { return "tcl"; }
  bool in_loop_thread() const noexcept override { return Tcl_GetCurrentThread() == thread_; }
  thread_knowledge knowledge() const noexcept override { return thread_knowledge::exact; }
  void wake() noexcept override {
    if (!woken_.exchange(true, std::memory_order_acq_rel) && !in_loop_thread()) Tcl_ThreadAlert(thread_);
  }
  void set_alarm(time_point when) override {
    clear_alarm();
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(when - now()).count();  // a week at most
    timer_ = Tcl_CreateTimerHandler(std::max(static_cast<int>(wait), 0), &on_alarm, this);
  }
  void clear_alarm() noexcept override { Tcl_DeleteTimerHandler(std::exchange(timer_, nullptr)); }
  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    return std::make_unique<tcl_watch>(fd, wanted, watched);
  }
  void run() override {
    for (stopped_ = false; !stopped_;) Tcl_DoOneEvent(TCL_ALL_EVENTS);
  }
  void stop() noexcept override { stopped_ = true; }
  void close(function<void()> released) noexcept override {
    if (std::exchange(closed_, true)) return;
    clear_alarm();
    Tcl_DeleteEventSource(&before_sleep, &after_sleep, this);
    Tcl_DeleteEvents(&is_for, this);
    if (released) released();
  }

 private:
  struct turn_event : Tcl_Event {
    tcl_port* port;
  };
  static int is_for(Tcl_Event* event, void* port) {
    return event->proc == &on_turn && static_cast<turn_event*>(event)->port == port ? 1 : 0;
  }

  // True throughout a turn too, so that a nested run of Tcl serves what the interrupted one has left.
  [[nodiscard]] bool has_turn() const noexcept { return woken_.load(std::memory_order_acquire) || needs_turn(); }
  static void before_sleep(void* port, int flags) {
    const Tcl_Time none{0, 0};
    if ((flags & TCL_FILE_EVENTS) && static_cast<tcl_port*>(port)->has_turn()) Tcl_SetMaxBlockTime(&none);
  }
  static void after_sleep(void* port, int flags) {
    auto& self = *static_cast<tcl_port*>(port);
    if (!(flags & TCL_FILE_EVENTS) || self.queued_ || !self.has_turn()) return;
    self.queued_ = true;
    auto* made = reinterpret_cast<turn_event*>(Tcl_Alloc(sizeof(turn_event)));  // Tcl releases it
    made->proc = &on_turn;
    made->port = &self;
    Tcl_QueueEvent(made, TCL_QUEUE_TAIL);
  }
  static int on_turn(Tcl_Event* event, int flags) {
    if (!(flags & TCL_FILE_EVENTS)) return 0;  // later
    auto& self = *static_cast<turn_event*>(event)->port;
    self.queued_ = false;
    self.woken_.exchange(false, std::memory_order_acq_rel);
    self.turn();
    return 1;
  }
  static void on_alarm(void* port) {
    auto& self = *static_cast<tcl_port*>(port);
    self.timer_ = nullptr;
    self.alarm();
  }
  const Tcl_ThreadId thread_ = Tcl_GetCurrentThread();
  std::atomic<bool> woken_ = false;
  Tcl_TimerToken timer_ = nullptr;
  bool queued_ = false;  // a turn_event
  bool stopped_ = false;
  bool closed_ = false;
};

}  // namespace

tcl_loop::tcl_loop() : loop_owner(std::make_unique<tcl_port>()) {}

}  // namespace example
