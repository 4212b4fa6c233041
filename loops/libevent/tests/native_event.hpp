// SPDX-License-Identifier: MIT
// What an application has on libevent beside interloop.
#pragma once

#include <event2/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace libevent_test {

using base_ptr = std::unique_ptr<event_base, void (*)(event_base*)>;
inline base_ptr make_base() { return {event_base_new(), &event_base_free}; }

/// An event of the application's.
class native_event {
 public:
  native_event(const base_ptr& base, std::function<void()> fn, int fd = -1, short what = 0)
      : fn_(std::move(fn)),
        event_(event_new(
            base.get(), fd, what, [](int, short, void* self) { static_cast<native_event*>(self)->fn_(); }, this)) {}
  native_event(const native_event&) = delete;
  native_event& operator=(const native_event&) = delete;
  ~native_event() { event_free(event_); }

  void add() { event_add(event_, nullptr); }
  void add(std::chrono::microseconds delay) {
    const timeval after{delay.count() / 1'000'000, static_cast<suseconds_t>(delay.count() % 1'000'000)};
    event_add(event_, &after);
  }
  event* get() const { return event_; }

 private:
  std::function<void()> fn_;
  event* event_;
};

class an_eventfd {
 public:
  an_eventfd() = default;
  an_eventfd(const an_eventfd&) = delete;
  an_eventfd& operator=(const an_eventfd&) = delete;
  ~an_eventfd() { close(); }
  void close() { ::close(std::exchange(fd_, -1)); }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);  // it stays readable
};

}  // namespace libevent_test
