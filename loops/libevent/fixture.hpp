// SPDX-License-Identifier: MIT
// libevent as tests and benchmarks drive it: an event_base with interloop on it. libevent's EV_READ is not libev's: include
// this in a source of its own.
#pragma once

#include <interloop/adapters/libevent.hpp>
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>

#include <event2/event.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace interloop::test {

class on_libevent final : public testing::conformance::native_loop {
 public:
  on_libevent() : owner_(std::in_place, native) {}
  ~on_libevent() override {
    owner_.reset();
    for (event* each : {tick_, handlers_, wake_}) event_free(each);
  }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace(native);
    return true;
  }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    const timeval pause{0, 2000};  // an iteration lasts no longer
    event_add(tick_, &pause);
    bool is_done = false;
    while (!(is_done = done()) && std::chrono::steady_clock::now() < end) event_base_loop(native, EVLOOP_ONCE);
    event_del(tick_);
    return is_done;
  }

  void call_native(std::function<void()> fn) override {
    queued_.push_back(std::move(fn));
    const timeval at_once{};
    event_add(handlers_, &at_once);
  }

  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    struct watch {
      event* native = nullptr;
      std::function<void()> fn;
      ~watch() {
        if (native) event_free(native);
      }
    };
    auto made = std::make_shared<watch>();
    made->fn = std::move(on_readable);
    made->native = event_new(
        native, fd, EV_READ | EV_PERSIST, [](int, short, void* self) { static_cast<watch*>(self)->fn(); }, made.get());
    if (event_add(made->native, nullptr) < 0) throw std::runtime_error("event_add() refuses");
    return made;
  }

  std::string left_behind() override {
    const int left = known() - before_;
    const int counted = event_base_get_num_events(native, EVENT_BASE_COUNT_ACTIVE | EVENT_BASE_COUNT_ADDED) -
                        (event_pending(handlers_, EV_TIMEOUT, nullptr) != 0 ? 1 : 0);
    if (left == 0 && counted == 0) return {};
    return std::to_string(left) + " events, and " + std::to_string(counted) + " that keep the base running";
  }

  /// For benchmarks: one native wake-up that calls `code(context)`, the least that libevent can be woken with from its own
  /// thread.
  void native_wake(void (*code)(void*), void* context) {
    wake_code_ = code;
    wake_context_ = context;
    const timeval at_once{};
    event_add(wake_, &at_once);
  }
  /// For benchmarks: libevent's own way to call something once, soon.
  void native_once(void (*code)(void*), void* context) {
    const timeval at_once{};
    event_base_once(native, -1, EV_TIMEOUT, &call_once, new call{code, context}, &at_once);
  }
  /// For benchmarks: until nothing is left to do.
  void run() { event_base_dispatch(native); }

 private:
  struct call {
    void (*code)(void*);
    void* context;
  };
  static void call_once(int, short, void* what) {
    const std::unique_ptr<call> mine(static_cast<call*>(what));
    mine->code(mine->context);
  }

  std::unique_ptr<event_base, void (*)(event_base*)> kept_{event_base_new(), &event_base_free};

 public:
  event_base* const native = kept_.get();

 private:
  static int count(const event_base*, const event* each, void* self) {
    auto& on = *static_cast<on_libevent*>(self);
    if (each != on.tick_ && each != on.handlers_ && each != on.wake_) ++on.seen_;
    return 0;
  }
  int known() {
    seen_ = 0;
    event_base_foreach_event(native, &count, this);
    return seen_;
  }

  event* timer(event_callback_fn code, short what = 0) { return event_new(native, -1, what, code, this); }

  event* tick_ = timer([](int, short, void*) {}, EV_PERSIST);
  event* handlers_ = timer([](int, short, void* self) {
    std::deque<std::function<void()>> now;
    now.swap(static_cast<on_libevent*>(self)->queued_);
    for (auto& each : now) each();
  });
  event* wake_ = timer([](int, short, void* self) {
    auto& on = *static_cast<on_libevent*>(self);
    on.wake_code_(on.wake_context_);
  });
  void (*wake_code_)(void*) = nullptr;
  void* wake_context_ = nullptr;
  std::deque<std::function<void()>> queued_;
  int seen_ = 0;
  int before_ = known();  // libevent's own
  std::optional<libevent_loop> owner_;
};

/// The kinds that benchmarks run on, by name.
template <class Visit>
void visit_libevent(Visit visit) {
  visit.template operator()<on_libevent>("libevent");
}

}  // namespace interloop::test
