// SPDX-License-Identifier: MIT
//
// An I/O source for an eventfd, which wakes the loop; a time source for the alarm; an exit source; and I/O sources for
// descriptors, see watches.hpp. sd-event frees a source that its own callback releases only after the callback, and
// never calls a released one, so the sources may refer to the port and to the watches. A defer source would be cheaper
// for wake-ups from the loop's own thread, but one that is enabled again counts as pending since it was made, so that it
// precedes all others of its priority, and starves them.
#include <interloop/adapters/sd_event.hpp>

#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/select.hpp>
#include <interloop/wake_fd.hpp>

#include "handles.hpp"
#include "watches.hpp"

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace interloop {
namespace {

using namespace sd_event_adapter;

class sd_event_port final : public loop_port {
 public:
  explicit sd_event_port(sd_event* native) : native_(sd_event_ref(native)) {
    sd_event_source* made = nullptr;
    const char* what = "cannot add interloop's sources";
    check(sd_event_add_io(native, &made, waker_.get(), EPOLLIN, &on_wake, this), what);
    wakes_.reset(made);
    sd_event_source_set_description(made, "interloop wake-ups");
    // An accuracy of 0 would mean 250 ms.
    check(sd_event_add_time(native, &made, CLOCK_MONOTONIC, never, 1, &on_alarm, this), what);
    alarm_.reset(made);
    sd_event_source_set_description(made, "interloop timer");
    check(sd_event_add_exit(native, &made, &on_exit, this), what);
    exit_.reset(made);
    sd_event_source_set_description(made, "interloop exit");
    sd_event_source_set_priority(made, INT64_MAX);  // after the application's
    if (pid_t tid = 0; sd_event_get_tid(native, &tid) >= 0 && tid == ::gettid()) thread_ = std::this_thread::get_id();
    waker_.signal();  // the first turn tells the core the thread
  }
  ~sd_event_port() override { close(nullptr); }

  std::string_view name() const noexcept override { return "sd_event"; }

  void wake() noexcept override { waker_.signal(); }

  void set_alarm(time_point when) override {
    const auto at = std::chrono::ceil<std::chrono::microseconds>(when.time_since_epoch()).count();
    const char* what = "cannot set a timer";
    check(sd_event_source_set_time(alarm_.get(), static_cast<std::uint64_t>(std::max<decltype(at)>(at, 0))), what);
    check(sd_event_source_set_enabled(alarm_.get(), SD_EVENT_ONESHOT), what);
  }
  void clear_alarm() noexcept override { sd_event_source_set_enabled(alarm_.get(), SD_EVENT_OFF); }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    return watches_.watch(fd, wanted, watched);
  }

  bool in_loop_thread() const noexcept override { return thread_ == std::this_thread::get_id(); }
  thread_knowledge knowledge() const noexcept override {
    return thread_ == std::thread::id() ? thread_knowledge::none : thread_knowledge::exact;
  }

  // Not by ::sd_event_loop: only sd_event_exit ends that, for good.
  void run() override {
    if (const int state = sd_event_get_state(native_.get()); state == SD_EVENT_FINISHED) {
      check(-ESTALE, "cannot run");
    } else if (state != SD_EVENT_INITIAL) {
      check(state < 0 ? state : -EBUSY, "cannot run");
    }
    stopped_ = false;
    // After sd_event_exit, exit sources are still to be called, although one of them ends the run.
    int result = 0;
    while (sd_event_get_state(native_.get()) != SD_EVENT_FINISHED &&
           (!stopped_ || sd_event_get_exit_code(native_.get(), &result) >= 0))
      if (const int code = sd_event_run(native_.get(), never); code < 0) throw error(reason("cannot run", code));
  }
  void stop() noexcept override { stopped_ = true; }

  void close(function<void()> released) noexcept override {
    wakes_.reset();
    alarm_.reset();
    exit_.reset();
    watches_.close();
    if (released) released();
  }

  // An sd_event refuses to run in a child, and a source that is released there does not change the parent's epoll
  // instance. What is left is the eventfd and what the watches share.
  void forked() noexcept override {
    waker_.renew();
    watches_.forked();
  }

 private:
  static constexpr std::uint64_t never = UINT64_MAX;

  static int on_wake(sd_event_source*, int, std::uint32_t, void* data) {
    auto* self = static_cast<sd_event_port*>(data);
    self->waker_.take();
    self->turn();
    return 0;
  }
  static int on_alarm(sd_event_source*, std::uint64_t, void* self) {
    static_cast<sd_event_port*>(self)->alarm();
    return 0;
  }
  static int on_exit(sd_event_source*, void* self) {
    static_cast<sd_event_port*>(self)->close_core();
    return 0;
  }

  event native_;
  wake_fd waker_{"sd_event_loop"};
  source wakes_;  // the sources before their event and descriptor
  source alarm_;
  source exit_;
  watches watches_{native_.get()};
  std::thread::id thread_;  // of a default sd_event
  bool stopped_ = false;
};

sd_event* require(sd_event* native) {
  if (!native) throw usage_error("sd_event: the sd_event is null; pass one, e.g. from sd_event_default()");
  return native;
}

riding own() {
  sd_event* made = nullptr;
  check(sd_event_new(&made), "cannot make an sd_event");
  event native(made);
  auto port = std::make_unique<sd_event_port>(made);
  return {std::move(port), std::shared_ptr<sd_event>(std::move(native))};
}

}  // namespace

sd_event_loop::sd_event_loop() : loop_owner(own()) {}

sd_event_loop::sd_event_loop(sd_event* native) : loop_owner(std::make_unique<sd_event_port>(require(native))) {}

loop& use_sd_event(sd_event* native) {
  return select_loop("sd_event", require(native), [native] { return loop_owner(sd_event_loop(native)); });
}

bool using_sd_event() noexcept { return loop_selected("sd_event"); }

}  // namespace interloop
