// SPDX-License-Identifier: MIT
//
// Two events for wake-ups: a timeout of zero in the loop's thread, which costs no system call, and from other threads an
// eventfd, because event_active() works from there only if the application has enabled threads before it made the base.
// One event for the alarm, two per descriptor, of which one is added.
//
// All are internal in libevent's sense, as its own event for notifications is: the base does not count them, so they do
// not keep it running, and although they are in the most urgent class, less urgent events run beside them. What counts
// instead is an event without a descriptor, `keeper_`, while something is pending, and one that is made active by each
// handler, `counted_`: without it, EVLOOP_ONCE would not take notice of what has run.
#include <interloop/adapters/libevent.hpp>

#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/renew_epoll.hpp>
#include <interloop/require_descriptors.hpp>
#include <interloop/select.hpp>
#include <interloop/wake_fd.hpp>

#include <dirent.h>
#include <dlfcn.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace interloop {
namespace {

timeval to_timeval(std::chrono::microseconds span) {
  return {span.count() / 1'000'000, static_cast<suseconds_t>(span.count() % 1'000'000)};
}
std::chrono::microseconds to_microseconds(const timeval& span) {
  return std::chrono::seconds(span.tv_sec) + std::chrono::microseconds(span.tv_usec);
}

void assign(::event& made, event_base* native, int fd, short what, event_callback_fn code, void* context) {
  event_assign(&made, native, fd, what, code, context);
  made.ev_evcallback.evcb_flags |= EVLIST_INTERNAL;
  event_priority_set(&made, 0);
}

void drop(::event& made) noexcept {
  event_del(&made);
  event_debug_unassign(&made);
}

usage_error refused(int code) {
  return usage_error(std::string("libevent: cannot watch this descriptor: ") + std::strerror(code));
}

// For a base with a changelist: it would hear only from epoll, in its next iteration, and drop the error.
void require_epoll_takes(int fd) {
  const int trial = ::epoll_create1(EPOLL_CLOEXEC);
  if (trial < 0) return;
  ::epoll_event none{};
  const int code = ::epoll_ctl(trial, EPOLL_CTL_ADD, fd, &none) == 0 ? 0 : errno;
  ::close(trial);
  if (code != 0) throw refused(code);
}

// For a closed descriptor that epoll may still report. libevent does not tell which epoll instance a base has, and
// event_reinit() is for processes with one thread: it closes the base's signal descriptors twice.
void renew_epoll_that_has(int member) noexcept {
  const std::unique_ptr<::DIR, int (*)(::DIR*)> all(::opendir("/proc/self/fd"), &::closedir);
  if (!all) return;
  while (const ::dirent* each = ::readdir(all.get())) {
    const int fd = std::atoi(each->d_name);
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> list(std::fopen(path, "re"), &std::fclose);
    char line[256];
    int watched = -1;
    while (list && std::fgets(line, sizeof line, list.get()))
      if (std::sscanf(line, " tfd: %d", &watched) == 1 && watched == member) return renew_epoll(fd);
  }
}

class libevent_port;

class libevent_watch final : public port_watch {
 public:
  libevent_watch(libevent_port& port, int fd, interest wanted, watched_fd& watched);
  ~libevent_watch() override;

  void set_interest(interest wanted) override;
  void lost() noexcept override { lost_ = true; }

 private:
  static void on_event(int fd, short what, void* watch);

  libevent_port& port_;
  watched_fd& watched_;
  int fd_;
  ::event events_[2]{};  // to change the directions, the other one is added before this one is deleted
  int current_ = 0;
  interest wanted_ = interest::none;
  bool lost_ = false;
};

class libevent_port final : public loop_port {
 public:
  explicit libevent_port(event_base* native) : native_(native) {
    assign(waker_, native, wakeups_.get(), EV_READ | EV_PERSIST, &on_wake, this);
    assign(soon_, native, -1, 0, &on_soon, this);
    assign(alarm_, native, -1, 0, &on_alarm, this);
    event_assign(&keeper_, native, -1, EV_READ, &on_nothing, nullptr);  // nothing is readable there
    event_assign(&counted_, native, -1, 0, &on_nothing, nullptr);
    if (event_add(&waker_, nullptr) < 0) throw usage_error("libevent: cannot add an event for wake-ups");
    wakeups_.signal();  // the first turn tells the core the thread; until then the base is kept running
    keep();
  }
  ~libevent_port() override { close(nullptr); }

  std::string_view name() const noexcept override { return "libevent"; }

  void wake() noexcept override {
    if (!ran_here()) return wakeups_.signal();
    if (soon_set_) return;
    const timeval at_once{};
    soon_set_ = event_add(&soon_, &at_once) == 0;
    if (!soon_set_) return wakeups_.signal();  // no memory was left
    keep();
  }

  void set_alarm(time_point when) override {
    // A timeout counts from libevent's cached time, which may be old, by libevent's clock, which may be behind by a tick
    // of the kernel (CLOCK_MONOTONIC_COARSE).
    timeval theirs{};
    event_gettime_monotonic(native_, &theirs);
    const time_point present = now();
    const duration behind =
        std::clamp<duration>(present.time_since_epoch() - to_microseconds(theirs), {}, std::chrono::milliseconds(20));
    event_base_update_cache_time(native_);
    const timeval delay = to_timeval(
        std::max(std::chrono::ceil<std::chrono::microseconds>(when - present + behind), std::chrono::microseconds()));
    if (event_add(&alarm_, &delay) < 0) throw std::bad_alloc();
  }
  void clear_alarm() noexcept override { event_del(&alarm_); }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    if (method().ends_with("(with changelist)")) require_epoll_takes(fd);
    return std::make_unique<libevent_watch>(*this, fd, wanted, watched);
  }

  void keep_alive(bool pending) noexcept override {
    pending_ = pending;
    keep();
  }

  void run() override {
    if (event_base_loop(native_, 0) < 0)
      throw usage_error(
          "libevent: event_base_loop() fails; it cannot run inside itself, nor after an exception has passed through "
          "it, "
          "nor, on select, while a descriptor is watched that was closed");
  }
  void stop() noexcept override { event_base_loopbreak(native_); }

  // A child shares its parent's epoll instance and eventfd.
  void forked() noexcept override {
    if (!native_) return;
    wakeups_.renew();
    event_reinit(native_);
  }

  void close(function<void()> released) noexcept override {
    if (!native_) return;
    for (::event* each : {&waker_, &soon_, &alarm_, &keeper_, &counted_}) drop(*each);
    native_ = nullptr;
    if (released) released();
  }

  // For watches.

  [[nodiscard]] event_base* native() const noexcept { return native_; }
  [[nodiscard]] bool on_epoll() const noexcept { return method().starts_with("epoll"); }

  void renew_epoll_instance() const noexcept { renew_epoll_that_has(wakeups_.get()); }

  /// Called by each handler before the core is.
  void counts() noexcept {
    // With the least urgent ones: this one does count, so those after it have to wait.
    event_priority_set(&counted_, event_base_get_npriorities(native_) - 1);
    event_active(&counted_, EV_TIMEOUT, 0);
  }

 private:
  [[nodiscard]] std::string_view method() const noexcept { return event_base_get_method(native_); }

  void keep() noexcept {
    if (pending_ || soon_set_ || fresh_) {
      event_add(&keeper_, nullptr);
    } else {
      event_del(&keeper_);
    }
  }

  void woken() noexcept {
    counts();
    if (fresh_ || soon_set_) {
      fresh_ = soon_set_ = false;
      event_del(&soon_);
      keep();
    }
    turn();
  }

  static void on_wake(int, short, void* port) {
    auto& self = *static_cast<libevent_port*>(port);
    self.notice_fork();
    self.wakeups_.take();
    self.woken();
  }
  static void on_soon(int, short, void* port) { static_cast<libevent_port*>(port)->woken(); }
  static void on_alarm(int, short, void* port) {
    auto& self = *static_cast<libevent_port*>(port);
    self.counts();
    self.alarm();
  }
  static void on_nothing(int, short, void*) {}

  event_base* native_;  // null once closed
  wake_fd wakeups_{"libevent_loop"};
  ::event waker_{};
  ::event soon_{};
  ::event alarm_{};
  ::event keeper_{};
  ::event counted_{};
  bool fresh_ = true;  // no turn has run yet
  bool soon_set_ = false;
  bool pending_ = false;
};

libevent_watch::libevent_watch(libevent_port& port, int fd, interest wanted, watched_fd& watched)
    : port_(port), watched_(watched), fd_(fd) {
  for (::event& each : events_) assign(each, port.native(), fd, EV_PERSIST, &on_event, this);
  set_interest(wanted);
}

libevent_watch::~libevent_watch() {
  for (::event& each : events_) drop(each);
  if (lost_ && port_.on_epoll()) port_.renew_epoll_instance();
}

void libevent_watch::set_interest(interest wanted) {
  if (wanted == wanted_) return;
  ::event& before = events_[current_];
  if (wanted != interest::none) {
    ::event& next = events_[1 - current_];
    const int what = (has(wanted, interest::read) ? EV_READ : 0) | (has(wanted, interest::write) ? EV_WRITE : 0);
    assign(next, port_.native(), fd_, static_cast<short>(what | EV_PERSIST), &on_event, this);
    errno = 0;
    if (event_add(&next, nullptr) < 0) throw refused(errno);
    current_ = 1 - current_;
  }
  event_del(&before);
  wanted_ = wanted;
}

void libevent_watch::on_event(int, short what, void* watch) {
  auto& self = *static_cast<libevent_watch*>(watch);
  self.port_.counts();
  if (!self.port_.on_epoll() && self.watched_.is_lost())
    return self.watched_.lost();  // poll reports it again and again
  self.watched_.ready(((what & EV_READ) ? interest::read : interest::none) |
                      ((what & EV_WRITE) ? interest::write : interest::none));
}

// libev exports functions of these names, for programs that were written for libevent. In a program that has both, the
// first of the libraries serves all, libevent itself too, whose structures libev's functions do not understand.
// event_get_version_number() is the one of these two that only libevent has.
void require_own_functions() {
  const ev_uint32_t number = event_get_version_number();
  char expected[32];
  std::snprintf(expected, sizeof expected, "%u.%u.%u", number >> 24, (number >> 16) & 0xff, (number >> 8) & 0xff);
  const std::string_view version = event_get_version();
  if (version.starts_with(expected)) return;
  ::Dl_info where{};
  const bool known = ::dladdr(reinterpret_cast<void*>(&event_get_version), &where) != 0 && where.dli_fname;
  throw usage_error(std::string("libevent: event_add() and others are another library's in this process, ") +
                    (known ? where.dli_fname : "whose file is not known") + ", version " + std::string(version) +
                    "; libev exports functions of libevent's names: link libevent before it");
}

event_base* require(event_base* native) {
  require_own_functions();
  if (!native) throw usage_error("libevent: the event_base is null; pass one, made with event_base_new()");
  return native;
}

// Threads are not enabled for it: nobody else can reach it, wake-ups do not need that, and evthread_use_pthreads() changes
// all of libevent, while other threads may be using it.
std::shared_ptr<event_base> make_native() {
  require_own_functions();
  // libevent ends the process if it can open too few.
  require_descriptors(6, "libevent: cannot make a base");
  const std::unique_ptr<event_config, void (*)(event_config*)> config(event_config_new(), &event_config_free);
  if (!config) throw std::bad_alloc();
  event_config_set_flag(config.get(), EVENT_BASE_FLAG_PRECISE_TIMER);
  return {require(event_base_new_with_config(config.get())), &event_base_free};
}

riding own() {
  std::shared_ptr<event_base> native = make_native();
  auto port = std::make_unique<libevent_port>(native.get());
  return {std::move(port), std::move(native)};
}

}  // namespace

libevent_loop::libevent_loop() : loop_owner(own()) {}

libevent_loop::libevent_loop(event_base* native) : loop_owner(std::make_unique<libevent_port>(require(native))) {}

loop& use_libevent(event_base* native) {
  return select_loop("libevent", require(native), [native] { return loop_owner(libevent_loop(native)); });
}

bool using_libevent() noexcept { return loop_selected("libevent"); }

}  // namespace interloop
