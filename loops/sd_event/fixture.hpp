// SPDX-License-Identifier: MIT
// sd-event as tests and benchmarks drive it: an sd_event with interloop on it.
#pragma once

#include <interloop/adapters/sd_event.hpp>
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>
#include <interloop/wake_fd.hpp>

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop::test {

/// A new sd_event, which is not the thread's default one.
inline sd_event* new_sd_event() {
  sd_event* made = nullptr;
  if (const int code = sd_event_new(&made); code < 0) throw std::runtime_error(std::strerror(-code));
  return made;
}

class on_sd_event final : public testing::conformance::native_loop {
 public:
  /// \param event    taken over.
  /// \param crowded  whether so many descriptors are watched already that further ones share a source.
  explicit on_sd_event(sd_event* event = new_sd_event(), bool crowded = false) : native(event), crowded_(crowded) {
    // sd-event opens a descriptor with its first timer, for good: before any case counts them.
    sd_event_source* timer = nullptr;
    sd_event_add_time(native, &timer, CLOCK_MONOTONIC, UINT64_MAX, 1, nullptr, nullptr);
    timer_.reset(timer);
    watched_at_first_ = watched_by_epoll();
    make_owner();
  }
  ~on_sd_event() override { owner_.reset(); }

  loop& core() override { return **owner_; }
  void drop_owner() override {
    quiet_.clear();
    owner_.reset();
  }
  bool make_owner() override {
    owner_.emplace(native);
    while (crowded_ && quiet_.size() < 9) {
      const wake_fd& added = quiet_fds_.emplace_back("quiet");
      quiet_.push_back(core().watch(added.get(), interest::read, [](interest) {}));
    }
    return true;
  }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      if (const int code = sd_event_run(native, 2000); code < 0) throw std::runtime_error(std::strerror(-code));
    }
    return true;
  }

  void call_native(std::function<void()> fn) override {
    native_call& made = calls_.emplace_back(native_call{this, std::move(fn), nullptr, {}});
    made.self = std::prev(calls_.end());
    sd_event_source* added = nullptr;
    sd_event_add_defer(native, &added, &native_call::run, &made);
    made.from.reset(added);
  }

  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    struct watch {
      std::function<void()> fn;
      source from;
    };
    auto made = std::make_shared<watch>(watch{std::move(on_readable), nullptr});
    sd_event_source* added = nullptr;
    const sd_event_io_handler_t call = [](sd_event_source*, int, std::uint32_t, void* self) {
      static_cast<watch*>(self)->fn();
      return 0;
    };
    if (const int code = sd_event_add_io(native, &added, fd, EPOLLIN, call, made.get()); code < 0)
      throw std::runtime_error(std::strerror(-code));
    made->from.reset(added);
    return made;
  }

  std::string left_behind() override {
    const int more = watched_by_epoll() - watched_at_first_;
    return more == 0 ? std::string() : std::to_string(more) + " descriptors in the epoll instance";
  }

  /// For benchmarks: one native wake-up that calls `code(context)`: a defer source that is enabled once.
  void native_wake(void (*code)(void*), void* context) {
    wake_code_ = code;
    wake_context_ = context;
    if (!wake_) {
      sd_event_source* added = nullptr;
      const sd_event_handler_t call = [](sd_event_source*, void* self) {
        auto& on = *static_cast<on_sd_event*>(self);
        on.wake_code_(on.wake_context_);
        return 0;
      };
      sd_event_add_defer(native, &added, call, this);
      wake_.reset(added);
    }
    sd_event_source_set_enabled(wake_.get(), SD_EVENT_ONESHOT);
  }
  /// For benchmarks: sd-event's own way to call something once, soon: a defer source for each.
  void native_once(void (*code)(void*), void* context) {
    struct call {
      void (*code)(void*);
      void* context;
      source from;
    };
    const sd_event_handler_t call_once = [](sd_event_source*, void* what) {
      const std::unique_ptr<call> mine(static_cast<call*>(what));
      mine->code(mine->context);
      return 0;
    };
    auto made = std::make_unique<call>(call{code, context, nullptr});
    sd_event_source* added = nullptr;
    if (sd_event_add_defer(native, &added, call_once, made.get()) < 0) throw std::bad_alloc();
    made.release()->from.reset(added);
  }
  /// For benchmarks: until nothing is left to do.
  void run() {
    while (sd_event_run(native, 0) > 0) continue;
  }

  sd_event* const native;

 private:
  struct unref {
    void operator()(sd_event* of) const { sd_event_unref(of); }
    void operator()(sd_event_source* of) const { sd_event_source_unref(of); }
  };
  using source = std::unique_ptr<sd_event_source, unref>;

  struct native_call {
    on_sd_event* on;
    std::function<void()> fn;
    source from;
    std::list<native_call>::iterator self;

    static int run(sd_event_source*, void* data) {
      auto& mine = *static_cast<native_call*>(data);
      mine.fn();
      mine.on->calls_.erase(mine.self);
      return 0;
    }
  };

  int watched_by_epoll() const {
    std::ifstream list("/proc/self/fdinfo/" + std::to_string(sd_event_get_fd(native)));
    int count = 0;
    for (std::string line; std::getline(list, line);)
      if (line.starts_with("tfd:")) ++count;
    return count;
  }

  std::unique_ptr<sd_event, unref> kept_{native};
  source timer_;
  int watched_at_first_ = 0;
  std::list<native_call> calls_;
  source wake_;
  void (*wake_code_)(void*) = nullptr;
  void* wake_context_ = nullptr;
  const bool crowded_;
  std::list<wake_fd> quiet_fds_;
  std::optional<sd_event_loop> owner_;
  std::vector<fd_watch> quiet_;
};

/// The kinds that benchmarks run on, by name.
template <class Visit>
void visit_sd_event(Visit visit) {
  visit.template operator()<on_sd_event>("sd_event");
}

}  // namespace interloop::test
