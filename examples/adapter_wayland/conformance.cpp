// SPDX-License-Identifier: MIT
// The conformance suite on libwayland's event loop, and its destruction before interloop's.
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>

#include <sys/eventfd.h>
#include <unistd.h>
#include <wayland-server-core.h>

#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "wayland.hpp"

namespace {

namespace conformance = interloop::testing::conformance;
using conformance::ability;

struct native_watch {
  std::function<void()> fn;
  wl_event_source* source;

  native_watch(wl_event_loop* native, int fd, std::function<void()> called) : fn(std::move(called)) {
    const auto code = [](int, uint32_t, void* self) {
      static_cast<native_watch*>(self)->fn();
      return 0;
    };
    source = wl_event_loop_add_fd(native, fd, WL_EVENT_READABLE, code, this);
  }
  native_watch(const native_watch&) = delete;
  native_watch& operator=(const native_watch&) = delete;
  ~native_watch() { wl_event_source_remove(source); }
};

class on_wayland final : public conformance::native_loop {
 public:
  on_wayland() {
    // libwayland opens a descriptor with the first timer, for good: before any case counts them.
    wl_event_source* timer = wl_event_loop_add_timer(native_, [](void*) { return 0; }, nullptr);
    wl_event_source_timer_update(timer, 1);
    wl_event_source_remove(timer);
    owner_.emplace(native_);
  }
  ~on_wayland() override {
    owner_.reset();
    handlers_.reset();
    ::close(ready_);
    wl_event_loop_destroy(native_);
  }

  interloop::loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace(native_);
    return true;
  }

  bool run_until(const std::function<bool()>& done, interloop::duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      wl_event_loop_dispatch(native_, 2);
    }
    return true;
  }

  // An idle source would be called again and again, before anything else, if it made another.
  void call_native(std::function<void()> fn) override {
    if (!handlers_) handlers_.emplace(native_, ready_, [this] { call_handlers(); });
    queued_.push_back(std::move(fn));
    ::eventfd_write(ready_, 1);
  }

  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    return std::make_shared<native_watch>(native_, fd, std::move(on_readable));
  }

 private:
  void call_handlers() {
    eventfd_t taken = 0;
    ::eventfd_read(ready_, &taken);
    std::deque<std::function<void()>> now;
    now.swap(queued_);
    for (auto& each : now) each();
  }

  wl_event_loop* native_ = wl_event_loop_create();
  int ready_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::deque<std::function<void()>> queued_;
  std::optional<native_watch> handlers_;
  std::optional<example::wayland_loop> owner_;
};

/// A display that goes first takes its event loop with it.
bool is_closed_by_the_display() {
  wl_display* display = wl_display_create();
  const example::wayland_loop owner(wl_display_get_event_loop(display));
  owner->call_later(std::chrono::hours(1), [] {});
  wl_display_destroy(display);
  std::printf("destroying the display closes the loop: %s\n", owner->closed() ? "yes" : "no");
  return owner->closed();
}

}  // namespace

int main(int argc, char** argv) {
  if (!is_closed_by_the_display()) return 1;
  return conformance::run_all(
      {.name = "wayland",
       .make = [] { return std::make_unique<on_wayland>(); },
       .lacks = {{ability::nests, "a nested dispatch frees removed sources that the outer one still has in its batch"},
                 {ability::ends_when_idle, "a wl_event_loop is dispatched until its user has enough"},
                 {ability::runs_in_child, "a wl_event_loop shares its epoll instance with the parent"}}},
      argc, argv);
}
