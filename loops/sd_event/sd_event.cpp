// SPDX-License-Identifier: MIT
//
// An I/O source for an eventfd, which wakes the loop; a time source for the alarm; an I/O source per descriptor; and an
// exit source. sd-event frees a source that its own callback releases only after the callback, and never calls a
// released one, so the sources may refer to the port and to the watches. A defer source would be cheaper for wake-ups
// from the loop's own thread, but one that is enabled again counts as pending since it was made, so that it precedes
// all others of its priority, and starves them.
#include <interloop/adapters/sd_event.hpp>

#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/poll_events.hpp>
#include <interloop/renew_epoll.hpp>
#include <interloop/select.hpp>
#include <interloop/wake_fd.hpp>

#include <fcntl.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <unistd.h>

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

std::string reason(const char* what, int code) {
  switch (-code) {
    case ECHILD:
      return std::string("sd_event: ") + what + ": after fork, an sd_event works in the parent only";
    case ESTALE:
      return std::string("sd_event: ") + what + ": sd_event_exit has ended this sd_event for good";
    case EEXIST:
      return std::string("sd_event: ") + what + ": another source of this sd_event has it";
    default:
      return std::string("sd_event: ") + what + ": " + std::strerror(-code);
  }
}
void check(int code, const char* what) {
  if (code < 0) throw usage_error(reason(what, code));
}

struct unref {
  void operator()(sd_event* of) const noexcept { sd_event_unref(of); }
  void operator()(sd_event_source* of) const noexcept { sd_event_source_unref(of); }
};
using event = std::unique_ptr<sd_event, unref>;
using source = std::unique_ptr<sd_event_source, unref>;

class sd_event_watch final : public port_watch {
 public:
  sd_event_watch(sd_event* native, int fd, interest wanted, watched_fd& watched) : watched_(watched) {
    sd_event_source* made = nullptr;
    const interest asked = wanted == interest::none ? interest::read : wanted;  // to have it refused here, if at all
    check(sd_event_add_io(native, &made, fd, events_of(asked), &on_event, this), "cannot watch this descriptor");
    source_.reset(made);
    sd_event_source_set_description(made, "interloop watch");
    if (wanted == interest::none) set_interest(wanted);
  }
  ~sd_event_watch() override {
    if (lost_) release_lost();
  }

  void set_interest(interest wanted) override {
    if (wanted == interest::none) {  // without events, epoll would still report hang-ups
      sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
      return;
    }
    const char* what = "cannot change the directions of a watch";
    check(sd_event_source_set_io_events(source_.get(), events_of(wanted)), what);
    check(sd_event_source_set_enabled(source_.get(), SD_EVENT_ON), what);
  }
  void lost() noexcept override { lost_ = true; }

 private:
  static std::uint32_t events_of(interest wanted) { return static_cast<std::uint32_t>(poll_events(wanted)); }

  static int on_event(sd_event_source*, int, std::uint32_t events, void* self) {
    static_cast<sd_event_watch*>(self)->watched_.ready(ready_in(static_cast<int>(events)));  // may destroy the watch
    return 0;
  }

  // sd-event removes a source from the epoll instance by its number. That may belong to another source by now, which
  // would become deaf, and it does not remove a closed file, for which epoll would go on to report the freed source.
  // So it removes the number from an empty instance.
  void release_lost() noexcept {
    const int instance = sd_event_get_fd(sd_event_source_get_event(source_.get()));
    if (instance < 0) return;  // a forked child
    const int kept = ::fcntl(instance, F_DUPFD_CLOEXEC, 0);
    const int empty = ::epoll_create1(EPOLL_CLOEXEC);
    if (kept >= 0 && empty >= 0) ::dup3(empty, instance, O_CLOEXEC);
    source_.reset();
    if (kept >= 0 && empty >= 0) ::dup3(kept, instance, O_CLOEXEC);
    if (kept >= 0) ::close(kept);
    if (empty >= 0) ::close(empty);
    renew_epoll(instance);
  }

  watched_fd& watched_;
  source source_;
  bool lost_ = false;
};

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
    return std::make_unique<sd_event_watch>(native_.get(), fd, wanted, watched);
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
    if (released) released();
  }

  // An sd_event refuses to run in a child, and a source that is released there does not change the parent's epoll
  // instance. What is left is the eventfd.
  void forked() noexcept override { waker_.renew(); }

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
