// SPDX-License-Identifier: MIT
// libev as tests and benchmarks drive it: a struct ev_loop with interloop on it.
#pragma once

#include <interloop/adapters/libev.hpp>
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>

#include <ev.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace interloop::test {

class on_libev final : public testing::conformance::native_loop {
 public:
  /// \param flags  as for `ev_loop_new`: the method.
  explicit on_libev(unsigned flags = EVFLAG_AUTO) : native(ev_loop_new(flags)) {
    ev_timer_init(&tick_, [](struct ev_loop*, ev_timer*, int) {}, 0., 0.002);
    ev_check_init(&handlers_, &call_handlers);
    handlers_.data = this;
    ev_idle_init(&busy_, [](struct ev_loop*, ev_idle*, int) {});
    ev_idle_init(&wake_, &call_wake);
    wake_.data = this;
    ev_async opens;  // libev opens the descriptor for wake-ups with the first one, for good
    ev_async_init(&opens, [](struct ev_loop*, ev_async*, int) {});
    ev_async_start(native, &opens);
    ev_async_stop(native, &opens);
    try {
      owner_.emplace(native);
    } catch (...) {
      ev_loop_destroy(native);
      throw;
    }
  }
  ~on_libev() override {
    owner_.reset();
    ev_idle_stop(native, &busy_);
    ev_check_stop(native, &handlers_);
    queued_.clear();
    if (const unsigned left = ev_pending_count(native); left != 0) fail("something pending");
    if (ev_run(native, EVRUN_NOWAIT)) fail("references");
    ev_loop_destroy(native);
  }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace(native);
    return true;
  }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    const bool outermost = !ev_is_active(&tick_);
    if (outermost) ev_timer_again(native, &tick_);  // an iteration lasts no longer
    bool is_done = false;
    while (!(is_done = done()) && std::chrono::steady_clock::now() < end) ev_run(native, EVRUN_ONCE);
    if (outermost) ev_timer_stop(native, &tick_);
    return is_done;
  }

  // In an ev_check, which runs once an iteration; an ev_idle, which may starve, keeps libev from sleeping.
  void call_native(std::function<void()> fn) override {
    queued_.push_back(std::move(fn));
    ev_check_start(native, &handlers_);
    ev_idle_start(native, &busy_);
  }

  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    struct watch {
      ev_io io;
      std::function<void()> fn;
    };
    auto made = std::make_unique<watch>();
    made->fn = std::move(on_readable);
    ev_io_init(&made->io, [](struct ev_loop*, ev_io* io, int) { static_cast<watch*>(io->data)->fn(); }, fd, EV_READ);
    made->io.data = made.get();
    ev_io_start(native, &made->io);
    return {made.release(), [loop = native](watch* mine) {
              ev_io_stop(loop, &mine->io);
              delete mine;
            }};
  }

  // A loop with a reference left would run on.
  std::string left_behind() override { return ev_run(native, EVRUN_NOWAIT) ? "a reference" : ""; }

  /// For benchmarks: one native wake-up that calls `code(context)`, the least that libev has: an idle handler.
  void native_wake(void (*code)(void*), void* context) {
    wake_code_ = code;
    wake_context_ = context;
    ev_idle_start(native, &wake_);
  }
  /// For benchmarks: libev's own way to call something once, soon.
  void native_once(void (*code)(void*), void* context) {
    struct call {
      void (*code)(void*);
      void* context;
    };
    const auto call_once = [](int, void* what) {
      const std::unique_ptr<call> mine(static_cast<call*>(what));
      mine->code(mine->context);
    };
    ev_once(native, -1, 0, 0., call_once, new call{code, context});
  }
  /// For benchmarks: until nothing is left to do.
  void run() { ev_run(native, 0); }

  struct ev_loop* const native;

 private:
  static void call_handlers(struct ev_loop* native, ev_check* check, int) {
    auto& self = *static_cast<on_libev*>(check->data);
    std::deque<std::function<void()>> now;
    now.swap(self.queued_);
    for (auto& each : now) each();
    if (!self.queued_.empty()) return;
    ev_check_stop(native, check);
    ev_idle_stop(native, &self.busy_);
  }
  static void call_wake(struct ev_loop* native, ev_idle* idle, int) {
    auto& self = *static_cast<on_libev*>(idle->data);
    ev_idle_stop(native, idle);
    self.wake_code_(self.wake_context_);
  }
  static void fail(const char* what) {
    std::fprintf(stderr, "on_libev: interloop has left %s\n", what);
    std::abort();
  }

  ev_timer tick_;
  ev_check handlers_;
  ev_idle busy_;
  ev_idle wake_;
  void (*wake_code_)(void*) = nullptr;
  void* wake_context_ = nullptr;
  std::deque<std::function<void()>> queued_;
  std::optional<libev_loop> owner_;
};

/// The kinds that benchmarks run on, by name.
template <class Visit>
void visit_libev(Visit visit) {
  visit.template operator()<on_libev>("libev");
}

}  // namespace interloop::test
