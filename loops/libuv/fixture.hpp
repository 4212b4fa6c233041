// SPDX-License-Identifier: MIT
// libuv as tests and benchmarks drive it: a uv_loop_t with interloop on it.
#pragma once

#include <interloop/adapters/libuv.hpp>
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>

#include <uv.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace interloop::test {

class on_libuv final : public testing::conformance::native_loop {
 public:
  on_libuv() {
    uv_loop_init(&native);
    uv_timer_init(&native, &tick_);
    uv_unref(handle(tick_));
    uv_check_init(&native, &handlers_);
    handlers_.data = this;
    uv_idle_init(&native, &busy_);
    uv_idle_init(&native, &idle_);
    idle_.data = this;
    uv_unref(handle(idle_));
    try {
      owner_.emplace(&native);
    } catch (...) {
      close_native();
      throw;
    }
  }
  ~on_libuv() override {
    owner_.reset();
    queued_.clear();
    close_native();
  }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace(&native);
    return true;
  }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    uv_timer_start(&tick_, [](uv_timer_t*) {}, 2, 2);  // an iteration lasts no longer
    uv_ref(handle(tick_));
    bool is_done = false;
    while (!(is_done = done()) && std::chrono::steady_clock::now() < end) uv_run(&native, UV_RUN_ONCE);
    uv_timer_stop(&tick_);
    uv_unref(handle(tick_));
    return is_done;
  }

  // In a check handler, which runs once an iteration, after the descriptors; an idle handler keeps libuv from sleeping.
  void call_native(std::function<void()> fn) override {
    queued_.push_back(std::move(fn));
    uv_idle_start(&busy_, [](uv_idle_t*) {});
    uv_check_start(&handlers_, [](uv_check_t* check) {
      auto& self = *static_cast<on_libuv*>(check->data);
      std::deque<std::function<void()>> now;
      now.swap(self.queued_);
      for (auto& each : now) each();
      if (!self.queued_.empty()) return;
      uv_check_stop(check);
      uv_idle_stop(&self.busy_);
    });
  }

  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    struct watch {
      uv_poll_t poll{};
      std::function<void()> fn;
    };
    auto made = std::make_unique<watch>();
    if (const int code = uv_poll_init(&native, &made->poll, fd); code < 0) throw std::runtime_error(uv_strerror(code));
    made->fn = std::move(on_readable);
    made->poll.data = made.get();
    uv_poll_start(&made->poll, UV_READABLE, [](uv_poll_t* poll, int, int) { static_cast<watch*>(poll->data)->fn(); });
    return {made.release(), [](watch* mine) {
              uv_close(handle(mine->poll), [](uv_handle_t* closed) { delete static_cast<watch*>(closed->data); });
            }};
  }

  std::string left_behind() override {
    std::string left;
    uv_walk(
        &native,
        [](uv_handle_t* each, void* all) {
          *static_cast<std::string*>(all) += std::string(" a ") + uv_handle_type_name(each->type) + " handle";
        },
        &left);
    const std::string mine = " a timer handle a check handle a idle handle a idle handle";  // listed as they were made
    return left.starts_with(mine) ? left.substr(mine.size()) : left;
  }

  /// For benchmarks: one native wake-up that calls `code(context)`. libuv has no post; the least that it can be woken
  /// with from its own thread is an idle handle, started and stopped.
  void native_wake(void (*code)(void*), void* context) {
    wake_code_ = code;
    wake_context_ = context;
    uv_idle_start(&idle_, [](uv_idle_t* self) {
      auto& on = *static_cast<on_libuv*>(self->data);
      uv_idle_stop(self);
      uv_unref(handle(*self));
      on.wake_code_(on.wake_context_);
    });
    uv_ref(handle(idle_));
  }
  /// For benchmarks: calls something once, soon, by a handle of its own, as libuv has no post.
  void native_once(void (*code)(void*), void* context) {
    struct call {
      void (*code)(void*);
      void* context;
      uv_idle_t once{};
    };
    auto* const made = new call{code, context};
    made->once.data = made;
    uv_idle_init(&native, &made->once);
    uv_idle_start(&made->once, [](uv_idle_t* self) {
      auto* const mine = static_cast<call*>(self->data);
      uv_close(handle(*self), [](uv_handle_t* closed) { delete static_cast<call*>(closed->data); });
      mine->code(mine->context);
    });
  }
  /// For benchmarks: until nothing is left to do.
  void run() { uv_run(&native, UV_RUN_DEFAULT); }

  uv_loop_t native{};

 private:
  template <class Handle>
  static uv_handle_t* handle(Handle& of) {
    return reinterpret_cast<uv_handle_t*>(&of);
  }

  void close_native() {
    uv_close(handle(tick_), nullptr);
    uv_close(handle(handlers_), nullptr);
    uv_close(handle(idle_), nullptr);
    uv_close(handle(busy_), nullptr);
    uv_run(&native, UV_RUN_DEFAULT);
    if (uv_loop_close(&native) == 0) return;
    std::fputs("on_libuv: interloop has left handles open\n", stderr);
    std::abort();
  }

  uv_timer_t tick_{};
  uv_check_t handlers_{};
  uv_idle_t busy_{};
  uv_idle_t idle_{};
  void (*wake_code_)(void*) = nullptr;
  void* wake_context_ = nullptr;
  std::deque<std::function<void()>> queued_;
  std::optional<libuv_loop> owner_;
};

/// The kinds that benchmarks run on, by name.
template <class Visit>
void visit_libuv(Visit visit) {
  visit.template operator()<on_libuv>("libuv");
}

}  // namespace interloop::test
