// SPDX-License-Identifier: MIT
//
// libwayland watches a duplicate of each descriptor, so neither it nor the peer notices that the original is closed. It
// does not call a source that was removed, but it may call a timer that was disarmed. A forked child shares its epoll
// instance, so it must not run it, and leaves its sources as they are.
#include "wayland.hpp"

#include <interloop/error.hpp>
#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/wake_fd.hpp>

#include <wayland-server-core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace example {
namespace {

using namespace interloop;

usage_error failed(std::string what) {
  return usage_error("wayland: " + std::move(what) + ": " + std::strerror(errno));
}

struct native_loop {
  wl_event_loop* loop;
  bool child = false;  // a forked one

  void require_parent() const {
    if (child) throw usage_error("wayland: a forked child cannot use its parent's wl_event_loop; make another");
  }
  void remove(wl_event_source*& source) const noexcept {
    wl_event_source* removed = std::exchange(source, nullptr);
    if (removed && !child) wl_event_source_remove(removed);
  }
};

class wayland_watch final : public port_watch {
 public:
  wayland_watch(const native_loop& native, int fd, interest wanted, watched_fd& watched)
      : native_(native), fd_(fd), watched_(watched) {
    set_interest(wanted);
  }
  ~wayland_watch() override { native_.remove(source_); }
  void set_interest(interest wanted) override {
    native_.require_parent();
    const uint32_t mask = (has(wanted, interest::read) ? 1U * WL_EVENT_READABLE : 0U) |
                          (has(wanted, interest::write) ? 1U * WL_EVENT_WRITABLE : 0U);
    // Without directions hang-ups would still be reported, so a pause is no source.
    wl_event_source* next = mask == 0 ? nullptr : wl_event_loop_add_fd(native_.loop, fd_, mask, &on_ready, this);
    if (mask != 0 && !next) throw failed("cannot watch this descriptor");
    native_.remove(source_);
    source_ = next;
  }

 private:
  static int on_ready(int, uint32_t mask, void* watch) {
    watched_fd& watched = static_cast<wayland_watch*>(watch)->watched_;
    if (mask & (WL_EVENT_HANGUP | WL_EVENT_ERROR)) mask |= WL_EVENT_READABLE | WL_EVENT_WRITABLE;
    const interest seen = ((mask & WL_EVENT_READABLE) ? interest::read : interest::none) |
                          ((mask & WL_EVENT_WRITABLE) ? interest::write : interest::none);
    watched.is_lost() ? watched.lost() : watched.ready(seen);
    return 0;
  }
  const native_loop& native_;
  int fd_;
  watched_fd& watched_;
  wl_event_source* source_ = nullptr;
};

class wayland_port final : public loop_port {
 public:
  explicit wayland_port(wl_event_loop* native) : native_{native} {
    timer_ = wl_event_loop_add_timer(native, &on_alarm, this);
    woken_ = wl_event_loop_add_fd(native, waker_.get(), WL_EVENT_READABLE, &on_wake, this);
    end_.port = this;
    end_.notify = [](wl_listener* end, void*) { static_cast<listener*>(end)->port->close_core(); };
    wl_event_loop_add_destroy_listener(native, &end_);
    if (timer_ && woken_) return;
    close(nullptr);
    throw failed("cannot add sources");
  }
  ~wayland_port() override { close(nullptr); }
  std::string_view name() const noexcept override { return "wayland"; }
  void wake() noexcept override { waker_.signal(); }
  void set_alarm(time_point when) override {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(when - now()).count();  // a week at most
    armed_ = true;
    wl_event_source_timer_update(timer_, std::max(static_cast<int>(wait), 1));  // 0 disarms
  }
  void clear_alarm() noexcept override {
    armed_ = false;
    if (!native_.child) wl_event_source_timer_update(timer_, 0);
  }
  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    return std::make_unique<wayland_watch>(native_, fd, wanted, watched);
  }
  void run() override {
    native_.require_parent();
    for (stopped_ = false; !stopped_;)
      if (wl_event_loop_dispatch(native_.loop, -1) < 0 && errno != EINTR) throw failed("wl_event_loop_dispatch");
  }
  void stop() noexcept override { stopped_ = true; }
  void forked() noexcept override { native_.child = true; }

  void close(function<void()> released) noexcept override {
    if (!timer_ && !woken_) return;
    wl_list_remove(&end_.link);
    native_.remove(woken_);
    native_.remove(timer_);
    if (released) released();
  }

 private:
  struct listener : wl_listener {
    wayland_port* port;
  };
  static int on_wake(int, uint32_t, void* port) {
    auto& self = *static_cast<wayland_port*>(port);
    self.waker_.take();
    self.turn();
    return 0;
  }
  static int on_alarm(void* port) {
    auto& self = *static_cast<wayland_port*>(port);
    if (std::exchange(self.armed_, false)) self.alarm();
    return 0;
  }

  native_loop native_;
  wake_fd waker_{"wayland_loop"};
  wl_event_source* woken_;  // both are null once closed
  wl_event_source* timer_;
  listener end_{};
  bool armed_ = false;
  bool stopped_ = false;
};

}  // namespace

wayland_loop::wayland_loop(wl_event_loop* native) : loop_owner(std::make_unique<wayland_port>(native)) {}

}  // namespace example
