// SPDX-License-Identifier: MIT
//
// An ev_async for wake-ups, which costs no system call in the loop's thread; a repeating ev_timer for the alarm; an ev_io
// per descriptor; an ev_prepare, which is called before each sleep, for nested runs and forked children; and an ev_fork.
// None of them keeps ev_run going: each gives up its reference (ev_unref) when it is started and takes it back when it is
// stopped. libev never touches a watcher that was stopped, so they live in the port and its watches.
//
// libev ends the process if it hands a closed descriptor to epoll_ctl, or poll finds one. So the ev_prepare looks first
// at the watches that libev is about to hand over: the new ones, and all of them in a forked child, when libev makes its
// epoll instance anew (it calls the ev_fork then), and each time for poll.
#include <interloop/adapters/libev.hpp>

#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/require_descriptors.hpp>
#include <interloop/select.hpp>

#include <ev.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace interloop {
namespace {

class libev_port;

class libev_watch final : public port_watch {
 public:
  libev_watch(libev_port& port, struct ev_loop* native, int fd, interest wanted, watched_fd& watched);
  ~libev_watch() override;

  void set_interest(interest wanted) override {
    stop();
    start(wanted);
  }

  /// Called just before libev hands the descriptor to the kernel.
  void settle() noexcept {
    if (started_ && watched_.is_lost()) watched_.lost();
  }

 private:
  friend class libev_port;

  void start(interest wanted) noexcept;
  void stop() noexcept {
    if (!std::exchange(started_, false)) return;
    ev_ref(native_);  // also if libev has stopped it because of an error
    ev_io_stop(native_, &io_);
  }

  static void on_event(struct ev_loop*, ev_io* io, int events) {
    auto* self = static_cast<libev_watch*>(io->data);
    if (events & EV_ERROR) return self->watched_.lost();
    if (self->watched_.running()) {  // in a nested run, which would not sleep while the descriptor is ready
      self->stop();
      self->resting_ = true;
      return;
    }
    bool gone = false;
    self->gone_ = &gone;
    self->watched_.ready(((events & EV_READ) ? interest::read : interest::none) |
                         ((events & EV_WRITE) ? interest::write : interest::none));
    if (gone) return;
    self->gone_ = nullptr;
    if (self->resting_) self->start(self->wanted_);
  }

  libev_port& port_;
  struct ev_loop* native_;
  int fd_;
  watched_fd& watched_;
  ev_io io_;
  interest wanted_ = interest::none;
  bool started_ = false;
  bool resting_ = false;  // stopped until its callback has returned
  bool* gone_ = nullptr;  // during `ready`: set by the destructor
  std::size_t index_;     // in the port's list
  bool unsettled_ = false;
};

class libev_port final : public loop_port {
 public:
  explicit libev_port(struct ev_loop* native) : native_(native) {
    // libev ends the process if it cannot get the descriptor for its first ev_async.
    require_descriptors(1, "libev: cannot create a watcher for wake-ups");
    ev_async_init(&waker_, &on_wake);
    ev_init(&timer_, &on_alarm);
    ev_prepare_init(&before_sleep_, &on_prepare);
    ev_set_priority(&before_sleep_, EV_MINPRI);  // after the application's
    ev_fork_init(&renewal_, &on_renewal);
    waker_.data = timer_.data = before_sleep_.data = renewal_.data = this;
    ev_prepare_start(native_, &before_sleep_);
    ev_fork_start(native_, &renewal_);
    ev_unref(native_);
    ev_unref(native_);
    ev_async_start(native_, &waker_);
    ev_async_send(native_, &waker_);  // the first turn tells the core the thread; until then ev_run goes on
  }
  ~libev_port() override { close(nullptr); }

  std::string_view name() const noexcept override { return "libev"; }

  void wake() noexcept override {
    if (ran_here()) {
      called_ = true;
      settle_reference();
    }
    ev_async_send(native_, &waker_);
  }

  void set_alarm(time_point when) override {
    const double delay = std::chrono::duration<double>(when - now()).count();
    ev_now_update(native_);  // libev counts from its cached time, which may be old
    timer_.repeat = std::max(delay, 1e-9);
    ev_timer_again(native_, &timer_);
    if (!std::exchange(armed_, true)) ev_unref(native_);
  }
  void clear_alarm() noexcept override {
    if (!std::exchange(armed_, false)) return;
    ev_ref(native_);
    ev_timer_stop(native_, &timer_);
  }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    return std::make_unique<libev_watch>(*this, native_, fd, wanted, watched);
  }
  void add(libev_watch& watch) {
    if (watches_.size() == watches_.capacity()) watches_.reserve(2 * watches_.size() + 8);
    unsettled_.reserve(watches_.capacity());  // so that no later change has to allocate
    watch.index_ = watches_.size();
    watches_.push_back(&watch);
  }
  void remove(const libev_watch& watch) noexcept {
    if (watch.unsettled_) std::erase(unsettled_, &watch);
    watches_.back()->index_ = watch.index_;
    watches_[watch.index_] = watches_.back();
    watches_.pop_back();
  }
  void settle_before_the_poll(libev_watch& watch) noexcept {
    if (!std::exchange(watch.unsettled_, true)) unsettled_.push_back(&watch);
  }

  void keep_alive(bool pending) noexcept override {
    pending_ = pending;
    settle_reference();
  }
  void busy() noexcept override { interrupted_ = true; }

  void run() override {
    run_depth_ = ev_depth(native_) + 1;
    stopped_ = false;
    ev_run(native_, 0);
    run_depth_ = 0;
    if (closed_) stop_preparing();
  }
  void stop() noexcept override {
    stopped_ = true;
    end_run();
  }

  // A child shares its parent's epoll instance and eventfd. libev replaces both after the next ev_prepare.
  void forked() noexcept override {
    if (closed_) return;
    ev_loop_fork(native_);
    settle_all();
  }

  void close(function<void()> released) noexcept override {
    if (std::exchange(closed_, true)) return;
    clear_alarm();
    fresh_ = pending_ = called_ = false;
    settle_reference();
    ev_ref(native_);
    ev_async_stop(native_, &waker_);
    ev_ref(native_);
    ev_fork_stop(native_, &renewal_);
    if (run_depth_ == 0) stop_preparing();  // otherwise it may still have to end the run
    if (released) released();
  }

 private:
  static void on_wake(struct ev_loop*, ev_async* waker, int) {
    auto* self = static_cast<libev_port*>(waker->data);
    self->fresh_ = self->called_ = false;
    self->settle_reference();
    self->turn();
  }
  static void on_alarm(struct ev_loop*, ev_timer* timer, int) {
    auto* self = static_cast<libev_port*>(timer->data);
    self->clear_alarm();
    self->alarm();
  }
  static void on_prepare(struct ev_loop* native, ev_prepare* prepare, int) {
    auto* self = static_cast<libev_port*>(prepare->data);
    self->end_run();
    if (self->closed_) return;
    self->notice_fork();
    // In a nested run there was no wake-up for what the interrupted turn still has queued, or for its alarm.
    const kept here(*self);
    if (std::exchange(self->interrupted_, false) && self->needs_turn()) self->turn();
    if (ev_backend(native) == EVBACKEND_POLL) self->settle_all();
    while (!self->unsettled_.empty()) {
      libev_watch* next = self->unsettled_.back();
      self->unsettled_.pop_back();
      next->unsettled_ = false;
      next->settle();  // may destroy it, and others
    }
  }
  static void on_renewal(struct ev_loop*, ev_fork* renewal, int) {
    static_cast<libev_port*>(renewal->data)->settle_all();
  }
  void settle_all() noexcept {
    for (libev_watch* each : watches_) settle_before_the_poll(*each);
  }

  /// Ends `run`, but not a run of the application's that is nested in it: that one is left to end first.
  void end_run() noexcept {
    if (stopped_ && ev_depth(native_) == run_depth_) ev_break(native_, EVBREAK_ONE);
  }
  void stop_preparing() noexcept {
    ev_ref(native_);
    ev_prepare_stop(native_, &before_sleep_);
  }

  /// Lets the ev_async keep ev_run going while something is pending.
  void settle_reference() noexcept {
    const bool wanted = fresh_ || pending_ || called_;
    if (wanted == counts_) return;
    counts_ = wanted;
    if (wanted) {
      ev_ref(native_);
    } else {
      ev_unref(native_);
    }
  }

  struct ev_loop* native_;
  ev_async waker_;
  ev_timer timer_;
  ev_prepare before_sleep_;
  ev_fork renewal_;
  std::vector<libev_watch*> watches_;
  std::vector<libev_watch*> unsettled_;  // libev is about to hand them to the kernel
  bool counts_ = true;                   // the ev_async has its reference
  bool fresh_ = true;                    // no turn has run yet
  bool pending_ = false;                 // the core has work
  bool called_ = false;                  // woken by the loop's own thread
  bool armed_ = false;                   // the ev_timer is started
  bool interrupted_ = false;             // callables wait behind one that may run the loop nested
  bool closed_ = false;
  bool stopped_ = false;    // `run` is to end
  unsigned run_depth_ = 0;  // `ev_depth` in `run`; 0 outside
};

libev_watch::libev_watch(libev_port& port, struct ev_loop* native, int fd, interest wanted, watched_fd& watched)
    : port_(port), native_(native), fd_(fd), watched_(watched) {
  ev_init(&io_, &on_event);
  io_.data = this;
  port.add(*this);
  start(wanted);
}

libev_watch::~libev_watch() {
  stop();
  port_.remove(*this);
  if (gone_) *gone_ = true;
}

void libev_watch::start(interest wanted) noexcept {
  wanted_ = wanted;
  resting_ = false;
  const int events = (has(wanted, interest::read) ? EV_READ : 0) | (has(wanted, interest::write) ? EV_WRITE : 0);
  if (events == 0) return;
  ev_io_set(&io_, fd_, events);  // each time: libev then tells the kernel, and finds out that the file is another one
  ev_io_start(native_, &io_);
  ev_unref(native_);
  started_ = true;
  port_.settle_before_the_poll(*this);
}

struct ev_loop* require(struct ev_loop* native) {
  if (!native) throw usage_error("libev: the struct ev_loop is null; pass one, e.g. ev_loop_new(EVFLAG_AUTO)");
  return native;
}

riding own() {
  require_descriptors(2, "libev: cannot create a loop");  // libev would do without epoll, or end the process
  struct ev_loop* made = ev_loop_new(EVFLAG_AUTO);
  if (!made) throw usage_error("libev: cannot create a loop; does LIBEV_FLAGS name a method that works here?");
  std::shared_ptr<struct ev_loop> native(made, &ev_loop_destroy);
  auto port = std::make_unique<libev_port>(made);
  return {std::move(port), std::move(native)};
}

}  // namespace

libev_loop::libev_loop() : loop_owner(own()) {}

libev_loop::libev_loop(struct ev_loop* native) : loop_owner(std::make_unique<libev_port>(require(native))) {}

loop& use_libev(struct ev_loop* native) {
  return select_loop("libev", require(native), [native] { return loop_owner(libev_loop(native)); });
}

bool using_libev() noexcept { return loop_selected("libev"); }

}  // namespace interloop
