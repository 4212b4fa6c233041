// SPDX-License-Identifier: MIT
//
// Qt has one object of ours, a QSocketNotifier for an epoll instance, which contains an eventfd for wake-ups, a timerfd
// for the alarm, and all watched descriptors. A notifier for each descriptor would silence one of the application's for
// the same descriptor, or be silenced by it, would not hear of hang-ups while it waits for writing (with GLib's
// dispatcher), and would have to be replaced after a fork. Qt's timers may have to wait for everything else.
#include <interloop/adapters/qt.hpp>

#include "application.hpp"

#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/poll_events.hpp>
#include <interloop/renew_epoll.hpp>
#include <interloop/require_descriptors.hpp>
#include <interloop/select.hpp>
#include <interloop/wake_fd.hpp>

#define QT_NO_KEYWORDS
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <QAbstractEventDispatcher>
#include <QEvent>
#include <QEventLoop>
#include <QSocketNotifier>
#include <QThread>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

namespace interloop {
namespace {

constexpr std::uint64_t waker_number = 0;
constexpr std::uint64_t alarm_number = 1;

constexpr int rounds = 4;  // of looking at descriptors, which is cheaper than Qt's, before Qt sees to the application's

/// A descriptor that this owns.
class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {
    if (fd < 0)
      throw usage_error(std::string("qt_loop: no descriptor is left for it (") + std::strerror(errno) +
                        "); close some, or raise the limit (ulimit -n)");
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { ::close(fd_); }

  [[nodiscard]] int get() const noexcept { return fd_; }

  /// Gives the number another file, unless that could not be opened. Returns whether it could.
  bool replace(int fresh) noexcept {
    if (fresh < 0) return false;
    ::dup3(fresh, fd_, O_CLOEXEC);
    ::close(fresh);
    return true;
  }

 private:
  int fd_;
};

int new_epoll() noexcept { return ::epoll_create1(EPOLL_CLOEXEC); }
int new_timer() noexcept { return ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

// steady_clock is CLOCK_MONOTONIC.
void set_timer(int timer, time_point when) noexcept {
  const auto at = std::max<std::int64_t>(1, when.time_since_epoch() / std::chrono::nanoseconds(1));  // 0 disarms
  ::itimerspec spec{};
  spec.it_value.tv_sec = static_cast<::time_t>(at / 1'000'000'000);
  spec.it_value.tv_nsec = static_cast<long>(at % 1'000'000'000);
  ::timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, nullptr);
}

bool control(int epoll, int what, int fd, interest wanted, std::uint64_t number) noexcept {
  ::epoll_event event{};
  event.events = static_cast<std::uint32_t>(poll_events(wanted));
  event.data.u64 = number;
  return ::epoll_ctl(epoll, what, fd, &event) == 0;
}

class qt_port;

class qt_watch final : public port_watch {
 public:
  qt_watch(qt_port& port, int fd, interest wanted, watched_fd& watched);
  ~qt_watch() override;

  void set_interest(interest wanted) override;
  void lost() noexcept override;

  /// May destroy this.
  void report(interest ready) noexcept;
  /// Ends the pause that a nested run has begun because the callback was running.
  void resume() noexcept;
  /// Into an epoll instance that is new.
  void enter(int epoll) const noexcept {
    if (in_epoll_) control(epoll, EPOLL_CTL_ADD, fd_, wanted_, number_);
  }

 private:
  void remove() noexcept;

  qt_port& port_;
  watched_fd& watched_;
  int fd_;
  std::uint64_t number_;
  interest wanted_ = interest::none;
  bool in_epoll_ = false;
  bool suspended_ = false;  // a nested run has found it ready while its callback runs
};

/// A child of its dispatcher, which so tells the port of its end.
class notifier final : public QSocketNotifier {
 public:
  notifier(int epoll, qt_port& port)
      : QSocketNotifier(epoll, QSocketNotifier::Read, QAbstractEventDispatcher::instance()), port_(&port) {}
  ~notifier() override;

  /// Calls the port no more. Qt forbids deleting an object inside its own event.
  void retire(bool inside_its_event) noexcept {
    port_ = nullptr;
    setEnabled(false);
    if (!inside_its_event) {
      delete this;
      return;
    }
    try {
      deleteLater();
    } catch (const std::bad_alloc&) {  // the dispatcher will delete it
    }
  }

 protected:
  bool event(QEvent* event) override;

 private:
  qt_port* port_;
};

class qt_port final : public loop_port {
 public:
  qt_port() : epoll_(new_epoll()), timer_(new_timer()), notifier_(new notifier(epoll_.get(), *this)) { fill_epoll(); }
  ~qt_port() override { close(nullptr); }

  std::string_view name() const noexcept override { return "qt"; }

  void wake() noexcept override { waker_.signal(); }
  void busy() noexcept override { wake(); }  // for a nested run

  void set_alarm(time_point when) override {
    alarm_ = when;
    set_timer(timer_.get(), when);
  }
  void clear_alarm() noexcept override {
    alarm_ = time_point::max();
    const ::itimerspec none{};
    ::timerfd_settime(timer_.get(), 0, &none, nullptr);
  }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    return std::make_unique<qt_watch>(*this, fd, wanted, watched);
  }

  bool in_loop_thread() const noexcept override { return thread_ == std::this_thread::get_id(); }
  thread_knowledge knowledge() const noexcept override { return thread_knowledge::exact; }

  void run() override {
    if (!in_loop_thread()) throw usage_error("qt_loop: run() must be called in the thread that made the loop");
    const qt::run_of_thread here;
    QEventLoop running;
    running_ = &running;
    if (!here.over()) running.exec();
    running_ = nullptr;
    if (here.over()) close_core();
  }
  void stop() noexcept override {
    stop_asked_ = true;
    if (running_) running_->quit();
  }

  void close(function<void()> released) noexcept override {
    if (std::exchange(closed_, true)) return;
    stop();
    clear_alarm();
    if (notifier_) std::exchange(notifier_, nullptr)->retire(dispatching_ > 0);
    if (released) released();
  }
  void dispatcher_ended() noexcept {
    notifier_ = nullptr;
    close_core();
  }

  // A child shares its parent's files.
  void forked() noexcept override {
    waker_.renew();
    if (timer_.replace(new_timer()) && alarm_ != time_point::max()) set_timer(timer_.get(), alarm_);
    if (epoll_.replace(new_epoll())) fill_epoll();
  }

  void on_ready() noexcept {
    const kept here(*this);
    notice_fork();
    ++dispatching_;
    stop_asked_ = false;
    for (int i = 0; i < rounds && serve_batch() && !stop_asked_; ++i) continue;
    --dispatching_;
  }

  [[nodiscard]] int epoll() const noexcept { return epoll_.get(); }
  std::uint64_t add(qt_watch& watch) {
    watches_.emplace(++last_number_, &watch);
    return last_number_;
  }
  void forget(std::uint64_t number) noexcept { watches_.erase(number); }

 private:
  void fill_epoll() noexcept {
    control(epoll_.get(), EPOLL_CTL_ADD, waker_.get(), interest::read, waker_number);
    control(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), interest::read, alarm_number);
    for (const auto& [number, watch] : watches_) watch->enter(epoll_.get());
  }

  /// Returns whether to look again at once: descriptors were ready, and what they caused may have made others ready.
  bool serve_batch() noexcept {
    std::array<::epoll_event, 64> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    // A nested run makes the rest of the events old; what is still ready will be reported again.
    const std::uint64_t batch = ++batches_;
    bool descriptors = false;
    for (int i = 0; i < count && notifier_ && batch == batches_; ++i) {
      const ::epoll_event& event = events[static_cast<std::size_t>(i)];
      descriptors = descriptors || event.data.u64 > alarm_number;
      serve(event);
    }
    return descriptors && notifier_ && batch == batches_;
  }

  void serve(const ::epoll_event& event) noexcept {
    const std::uint64_t number = event.data.u64;
    if (number == waker_number) {
      waker_.take();
      turn();
    } else if (number == alarm_number) {
      std::uint64_t times = 0;
      if (::read(timer_.get(), &times, sizeof times) != sizeof times) return;  // set anew by an earlier event
      alarm_ = time_point::max();
      alarm();
    } else if (const auto found = watches_.find(number); found != watches_.end()) {
      found->second->report(ready_in(static_cast<int>(event.events)));
      if (const auto left = watches_.find(number); left != watches_.end()) left->second->resume();
    }
  }

  const std::thread::id thread_ = std::this_thread::get_id();
  wake_fd waker_{"qt_loop"};
  descriptor epoll_;
  descriptor timer_;
  time_point alarm_ = time_point::max();
  std::unordered_map<std::uint64_t, qt_watch*> watches_;  // by number: an event may be for one that another has ended
  std::uint64_t last_number_ = alarm_number;
  std::uint64_t batches_ = 0;
  int dispatching_ = 0;
  bool stop_asked_ = false;  // since Qt told of the epoll instance
  bool closed_ = false;
  QEventLoop* running_ = nullptr;
  notifier* notifier_;  // null once closed
};

notifier::~notifier() {
  if (port_) port_->dispatcher_ended();
}

bool notifier::event(QEvent* event) {
  if (event->type() != QEvent::SockAct) return QSocketNotifier::event(event);
  if (port_) port_->on_ready();
  return true;
}

qt_watch::qt_watch(qt_port& port, int fd, interest wanted, watched_fd& watched)
    : port_(port), watched_(watched), fd_(fd), number_(port.add(*this)) {
  try {
    set_interest(wanted);
  } catch (...) {
    port_.forget(number_);
    throw;
  }
}

qt_watch::~qt_watch() {
  port_.forget(number_);
  remove();
}

void qt_watch::set_interest(interest wanted) {
  if (wanted == interest::none) {  // epoll would still report hang-ups
    remove();
  } else if (!suspended_) {
    if (!control(port_.epoll(), in_epoll_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd_, wanted, number_))
      throw usage_error("qt: cannot watch descriptor " + std::to_string(fd_) + ": " + std::strerror(errno));
    in_epoll_ = true;
  }
  wanted_ = wanted;
}

void qt_watch::lost() noexcept {
  in_epoll_ = false;
  renew_epoll(port_.epoll());
}

void qt_watch::report(interest ready) noexcept {
  if (!watched_.running()) return watched_.ready(ready);
  suspended_ = true;
  remove();
}

void qt_watch::resume() noexcept {
  if (!suspended_ || watched_.running()) return;
  suspended_ = false;
  if (watched_.is_lost()) return watched_.lost();
  try {
    set_interest(wanted_);
  } catch (const std::exception&) {
    watched_.lost();
  }
}

void qt_watch::remove() noexcept {
  if (std::exchange(in_epoll_, false)) ::epoll_ctl(port_.epoll(), EPOLL_CTL_DEL, fd_, nullptr);
}

// What the loop is made on: a dispatcher of this thread.
std::unique_ptr<loop_port> make_port() {
  if (!qt::has_application())
    throw usage_error(
        "qt_loop: there is no QCoreApplication, without which Qt delivers no events; make one first, in the main "
        "thread");
  constexpr const char* failed = "qt_loop: cannot create a loop";
  if (!QAbstractEventDispatcher::instance()) {
    require_descriptors(2, failed);  // Qt and GLib end the process if they cannot get them
    const QEventLoop gives_the_thread_a_dispatcher;
  }
  require_descriptors(3, failed);
  qt::notice_end_of_application();
  return std::make_unique<qt_port>();
}

}  // namespace

qt_loop::qt_loop() : loop_owner(make_port()) {}

loop& use_qt() {
  // Qt takes the first thread that asks it anything for the main one.
  const void* thread = qt::has_application() ? QThread::currentThread() : nullptr;
  return select_loop("qt", thread, [] { return loop_owner(qt_loop()); });
}

bool using_qt() noexcept { return loop_selected("qt"); }

}  // namespace interloop
