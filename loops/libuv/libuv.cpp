// SPDX-License-Identifier: MIT
//
// A timer for the alarm, a poll per descriptor, a prepare handle that checks new polls before libuv does, and two
// handles for wake-ups: in the loop's thread an idle handle, which costs no system call, from other threads an eventfd
// with its poll. libuv closes handles asynchronously, so they live in blocks of their own, freed by their close
// callbacks; the port may be destroyed before. A uv_async_t could replace the eventfd, but if the loop's thread is
// woken on the sender's processor, it spins for tens of microseconds until the sender has returned (uv__async_spin;
// seen in libuv 1.44).
#include <interloop/adapters/libuv.hpp>

#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/renew_epoll.hpp>
#include <interloop/require_descriptors.hpp>
#include <interloop/select.hpp>
#include <interloop/wake_fd.hpp>

#include <uv.h>

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

template <class Handle>
uv_handle_t* base(Handle& handle) {
  return reinterpret_cast<uv_handle_t*>(&handle);
}

void check(int code, const char* what) {
  if (code < 0) throw usage_error(std::string("libuv: ") + what + ": " + uv_strerror(code));
}

class libuv_port;

class libuv_watch final : public port_watch {
 public:
  libuv_watch(libuv_port& port, uv_loop_t* native, int fd, interest wanted, watched_fd& watched)
      : port_(port), watched_(watched), block_(new block{}) {
    if (const int code = uv_poll_init(native, &block_->poll, fd); code < 0) {
      delete block_;
      check(code, "cannot watch this descriptor");
    }
    block_->poll.data = block_;
    block_->watch = this;
    uv_unref(base(block_->poll));  // the core decides what keeps the loop running
    try {
      set_interest(wanted);
    } catch (...) {
      close();
      throw;
    }
  }
  ~libuv_watch() override { close(); }

  void set_interest(interest wanted) override {
    start(wanted);
    wanted_ = wanted;
  }
  void lost() noexcept override { lost_ = true; }

  /// Called just before libuv hands new polls to epoll: it would abort if epoll refused one.
  void settle() noexcept {
    unsettled_ = false;
    if (watched_.is_lost()) watched_.lost();
  }

 private:
  struct block {
    uv_poll_t poll;
    libuv_watch* watch;  // null once closed
  };

  void start(interest wanted);
  void close() noexcept;

  static void on_event(uv_poll_t* poll, int status, int events) {
    libuv_watch* self = static_cast<block*>(poll->data)->watch;
    if (!self) return;
    interest ready = self->wanted_;
    if (status >= 0) {
      ready = ((events & UV_READABLE) ? interest::read : interest::none) |
              ((events & UV_WRITABLE) ? interest::write : interest::none);
    } else {
      try {
        self->start(self->wanted_);  // libuv stops a poll that it reports an error for
      } catch (const std::exception&) {
        return self->watched_.lost();
      }
    }
    self->watched_.ready(ready);
  }

  libuv_port& port_;
  watched_fd& watched_;
  block* block_;
  interest wanted_ = interest::none;
  bool unsettled_ = false;  // in the port's list of watches that libuv has not yet handed to epoll
  bool lost_ = false;
};

class libuv_port final : public loop_port {
 public:
  explicit libuv_port(uv_loop_t* native) : native_(native), block_(new block{}) {
    if (const int code = uv_poll_init(native, &block_->waker, block_->event.get()); code < 0) {
      delete block_;
      check(code, "cannot create a handle for wake-ups");
    }
    uv_timer_init(native, &block_->timer);  // none of these can fail
    uv_idle_init(native, &block_->idle);
    uv_prepare_init(native, &block_->settling);
    uv_unref(base(block_->settling));
    uv_poll_start(&block_->waker, UV_READABLE, &on_wake);
    block_->waker.data = block_->idle.data = block_->timer.data = block_->settling.data = block_;
    block_->port = this;
    uv_unref(base(block_->timer));
    block_->event.signal();  // the first turn tells the core the thread; until then its handle keeps the loop running
  }
  ~libuv_port() override { close(nullptr); }

  std::string_view name() const noexcept override { return "libuv"; }

  void wake() noexcept override {
    if (ran_here()) {
      uv_idle_start(&block_->idle, &on_idle);  // also keeps uv_run from returning before the turn
    } else {
      block_->event.signal();
    }
  }

  void set_alarm(time_point when) override {
    const auto delay = std::chrono::ceil<std::chrono::milliseconds>(when - now()).count();
    rings_ = delay <= 0;
    if (rings_) {
      uv_timer_stop(&block_->timer);
      wake();
      return;
    }
    // libuv's cached time may be old, which would make the timer early. Not inside a timer, though: before it looks at
    // descriptors again, libuv runs all timers that are due by then, in 1.44 even those without delay, forever.
    if (!in_alarm_) uv_update_time(native_);
    uv_timer_start(&block_->timer, &on_alarm, static_cast<std::uint64_t>(delay), 0);
  }
  void clear_alarm() noexcept override {
    rings_ = false;
    uv_timer_stop(&block_->timer);
  }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    return std::make_unique<libuv_watch>(*this, native_, fd, wanted, watched);
  }
  void settle_before_the_poll(libuv_watch& watch) {
    unsettled_.push_back(&watch);
    if (block_) uv_prepare_start(&block_->settling, &on_settling);
  }
  void forget(const libuv_watch& watch) noexcept { std::erase(unsettled_, &watch); }

  void keep_alive(bool pending) noexcept override {
    kept_alive_ = pending;
    if (pending || fresh_) {
      uv_ref(base(block_->waker));
    } else {
      uv_unref(base(block_->waker));
    }
  }

  void run() override { uv_run(native_, UV_RUN_DEFAULT); }
  void stop() noexcept override { uv_stop(native_); }

  // A child shares its parent's epoll instance and eventfd.
  void forked() noexcept override {
    if (!block_) return;
    block_->event.renew();
    uv_loop_fork(native_);  // gives up the epoll instance even if it fails
  }

  void close(function<void()> released) noexcept override {
    block* mine = std::exchange(block_, nullptr);
    if (!mine) return;
    mine->port = nullptr;
    mine->released = std::move(released);
    uv_close(base(mine->waker), &on_closed);
    uv_close(base(mine->idle), &on_closed);
    uv_close(base(mine->timer), &on_closed);
    uv_close(base(mine->settling), &on_closed);
  }

 private:
  struct block {
    uv_poll_t waker;
    wake_fd event{"libuv_loop"};
    uv_idle_t idle;
    uv_timer_t timer;
    uv_prepare_t settling;
    libuv_port* port;  // null once closed
    int closed = 0;
    function<void()> released;
  };

  static void on_wake(uv_poll_t* waker, int, int) {
    block& mine = *static_cast<block*>(waker->data);
    libuv_port* self = mine.port;
    if (!self) return;
    self->notice_fork();
    mine.event.take();
    self->woken();
  }
  static void on_idle(uv_idle_t* idle) {
    uv_idle_stop(idle);
    if (libuv_port* self = static_cast<block*>(idle->data)->port) self->woken();
  }
  void woken() noexcept {
    if (std::exchange(fresh_, false)) keep_alive(kept_alive_);
    if (std::exchange(rings_, false)) {
      alarm();
    } else {
      turn();
    }
  }
  static void on_alarm(uv_timer_t* timer) {
    libuv_port* self = static_cast<block*>(timer->data)->port;
    if (!self) return;
    const kept here(*self);  // handles may go if a callback closes the loop and runs libuv nested
    self->in_alarm_ = true;
    self->alarm();
    self->in_alarm_ = false;
  }
  static void on_settling(uv_prepare_t* settling) {
    uv_prepare_stop(settling);
    libuv_port* self = static_cast<block*>(settling->data)->port;
    if (!self) return;
    const kept here(*self);
    while (!self->unsettled_.empty()) {
      libuv_watch* next = self->unsettled_.back();
      self->unsettled_.pop_back();
      next->settle();  // may destroy it, and others
    }
  }
  static void on_closed(uv_handle_t* handle) {
    auto* mine = static_cast<block*>(handle->data);
    if (++mine->closed < 4) return;
    function<void()> released = std::move(mine->released);
    delete mine;
    if (released) released();
  }

  uv_loop_t* native_;
  block* block_;
  bool fresh_ = true;  // no turn has run yet
  bool kept_alive_ = false;
  bool in_alarm_ = false;
  bool rings_ = false;  // the alarm is due: the next wake-up delivers it
  std::vector<libuv_watch*> unsettled_;
};

void libuv_watch::start(interest wanted) {
  const int events = (has(wanted, interest::read) ? UV_READABLE : 0) | (has(wanted, interest::write) ? UV_WRITABLE : 0);
  check(events == 0 ? uv_poll_stop(&block_->poll) : uv_poll_start(&block_->poll, events, &on_event),
        "cannot watch this descriptor");
  if (unsettled_ || events == 0) return;
  port_.settle_before_the_poll(*this);
  unsettled_ = true;
}

void libuv_watch::close() noexcept {
  if (unsettled_) port_.forget(*this);
  uv_loop_t* native = block_->poll.loop;
  block_->watch = nullptr;
  uv_poll_stop(&block_->poll);
  uv_close(base(block_->poll), [](uv_handle_t* handle) { delete static_cast<block*>(handle->data); });
  if (lost_) renew_epoll(uv_backend_fd(native));
}

uv_loop_t* require(uv_loop_t* native) {
  if (!native) throw usage_error("libuv: the uv_loop_t is null; pass an initialised one, e.g. uv_default_loop()");
  return native;
}

std::shared_ptr<uv_loop_t> make_native() {
  // The first loop of a process opens eight (libuv 1.44), and libuv aborts if it cannot.
  require_descriptors(10, "libuv: cannot create a loop");
  auto native = std::make_unique<uv_loop_t>();
  check(uv_loop_init(native.get()), "cannot create a loop");
  return {native.release(), [](uv_loop_t* mine) {
            if (uv_backend_fd(mine) >= 0) uv_run(mine, UV_RUN_DEFAULT);  // runs the close callbacks of the handles
            uv_loop_close(mine);
            delete mine;
          }};
}

riding own() {
  std::shared_ptr<uv_loop_t> native = make_native();
  auto port = std::make_unique<libuv_port>(native.get());
  return {std::move(port), std::move(native)};
}

}  // namespace

libuv_loop::libuv_loop() : loop_owner(own()) {}

libuv_loop::libuv_loop(uv_loop_t* native) : loop_owner(std::make_unique<libuv_port>(require(native))) {}

loop& use_libuv(uv_loop_t* native) {
  return select_loop("libuv", require(native), [native] { return loop_owner(libuv_loop(native)); });
}

bool using_libuv() noexcept { return loop_selected("libuv"); }

}  // namespace interloop
