// SPDX-License-Identifier: MIT
// The conformance suite on Tcl's notifier.
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>

#include <tcl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "tcl.hpp"

namespace {

namespace conformance = interloop::testing::conformance;
using conformance::ability;

/// A timer that rings every 2 ms, so that Tcl_DoOneEvent returns.
class ticking {
 public:
  ticking() { arm(this); }
  ticking(const ticking&) = delete;
  ticking& operator=(const ticking&) = delete;
  ~ticking() { Tcl_DeleteTimerHandler(next_); }

 private:
  static void arm(void* self) { static_cast<ticking*>(self)->next_ = Tcl_CreateTimerHandler(2, &arm, self); }

  Tcl_TimerToken next_ = nullptr;
};

class on_tcl final : public conformance::native_loop {
 public:
  on_tcl() {
    // Tcl starts its thread, which has a pipe, with the first sleep, for good: before any case counts descriptors.
    const ticking once;
    Tcl_DoOneEvent(TCL_ALL_EVENTS);
    owner_.emplace();
  }

  interloop::loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace();
    return true;
  }

  bool run_until(const std::function<bool()>& done, interloop::duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    const ticking returns;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      Tcl_DoOneEvent(TCL_ALL_EVENTS);
    }
    return true;
  }

  void call_native(std::function<void()> fn) override {
    const auto call = [](void* made) {
      const std::unique_ptr<std::function<void()>> mine(static_cast<std::function<void()>*>(made));
      (*mine)();
    };
    Tcl_CreateTimerHandler(0, call, new std::function<void()>(std::move(fn)));
  }

  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    auto* made = new std::function<void()>(std::move(on_readable));
    Tcl_CreateFileHandler(
        fd, TCL_READABLE, [](void* mine, int) { (*static_cast<std::function<void()>*>(mine))(); }, made);
    return {made, [fd](std::function<void()>* mine) {
              Tcl_DeleteFileHandler(fd);
              delete mine;
            }};
  }

 private:
  std::optional<example::tcl_loop> owner_;
};

}  // namespace

int main(int argc, char** argv) {
  Tcl_FindExecutable(argv[0]);
  conformance::harness on{.name = "tcl",
                          .make = [] { return std::make_unique<on_tcl>(); },
                          .lacks = {{ability::ends_when_idle, "Tcl_DoOneEvent waits until something happens"}}};
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  on.lacks[ability::runs_in_child] = "Tcl starts its thread in the child, and ThreadSanitizer ends the process there";
#endif
#endif
  return conformance::run_all(on, argc, argv);
}
