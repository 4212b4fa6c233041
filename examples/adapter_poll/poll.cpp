// SPDX-License-Identifier: MIT
#include <interloop/adapters/poll.hpp>

#include <interloop/error.hpp>
#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/poll_events.hpp>
#include <interloop/select.hpp>
#include <interloop/wake_fd.hpp>

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace interloop {

namespace {

class poll_port;

// [watch]
class poll_watch final : public port_watch {
 public:
  poll_watch(poll_port& port, int fd, interest wanted, watched_fd& watched);
  ~poll_watch() override;

  void set_interest(interest wanted) override { wanted_ = wanted; }

  [[nodiscard]] pollfd asks() const {
    return {wanted_ == interest::none || watched_.running() ? -1 : fd_, poll_events(wanted_), 0};  // poll skips -1
  }
  void report(short seen) {
    if (seen & POLLNVAL) return watched_.lost();  // closed: no event can come
    watched_.ready(ready_in(seen));               // may destroy this object: nothing after it
  }

 private:
  poll_port& port_;
  int fd_;
  interest wanted_;
  watched_fd& watched_;
};
// [/watch]

class poll_port final : public loop_port {
 public:
  // [wake]
  std::string_view name() const noexcept override { return "poll"; }

  void wake() noexcept override { waker_.signal(); }
  // [/wake]

  // [alarm]
  void set_alarm(time_point when) override { alarm_ = when; }
  void clear_alarm() noexcept override { alarm_ = never; }
  // [/alarm]

  // [watch_made]
  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    return std::make_unique<poll_watch>(*this, fd, wanted, watched);
  }
  // [/watch_made]

  // [run]
  void keep_alive(bool pending) noexcept override { pending_ = pending; }

  void run() override {
    stopped_ = false;
    while (!stopped_ && (pending_ || waker_.signalled())) wait_once(duration::max());
  }
  void stop() noexcept override { stopped_ = true; }
  // [/run]

  // [forked]
  void forked() noexcept override { waker_.renew(); }
  // [/forked]

  // [close]
  void close(function<void()> released) noexcept override {
    stopped_ = true;           // a run ends
    alarm_ = never;            // it may be armed
    if (released) released();  // nothing is released later
  }
  // [/close]

  // [wait]
  void wait_once(duration at_most) {
    if (core().closed()) return;
    const bool nested = needs_turn();                 // an interrupted turn has left something
    const std::vector<poll_watch*> asked = watches_;  // callbacks may change the list
    std::vector<pollfd> polled{{waker_.get(), POLLIN, 0}};
    for (const poll_watch* each : asked) polled.push_back(each->asks());
    if (::poll(polled.data(), polled.size(), nested ? 0 : timeout(at_most)) < 0) {
      if (errno == EINTR) return;  // a signal arrived
      throw error(std::string("poll_loop: poll: ") + std::strerror(errno));
    }

    if (polled[0].revents != 0) waker_.take();  // before the turn: later wake-ups count again
    if (polled[0].revents != 0 || nested) turn();
    if (alarm_ <= now()) {
      alarm_ = never;  // before the turn, which may set it
      alarm();
    }
    for (std::size_t i = 0; i < asked.size(); ++i)
      if (polled[i + 1].revents != 0 && std::find(watches_.begin(), watches_.end(), asked[i]) != watches_.end())
        asked[i]->report(polled[i + 1].revents);
  }

  [[nodiscard]] int timeout(duration at_most) const {
    if (alarm_ != never) at_most = std::min<duration>(at_most, alarm_ - now());
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(at_most).count();  // rounded up
    return static_cast<int>(std::clamp<decltype(wait)>(wait, 0, INT_MAX));
  }
  // [/wait]

  // [step]
  static poll_port& of(const loop& core) noexcept { return static_cast<poll_port&>(port_of(core)); }

  void step(duration at_most) {
    const kept here(*this);  // a callback may destroy the loop's owner
    notice_fork();           // the wake-ups of a forked child's parent are not the child's
    wait_once(at_most);
  }
  // [/step]

 private:
  friend class poll_watch;
  static constexpr time_point never = (time_point::max)();

  wake_fd waker_{"poll_loop"};
  time_point alarm_ = never;
  bool pending_ = false;
  bool stopped_ = false;
  std::vector<poll_watch*> watches_;
};

poll_watch::poll_watch(poll_port& port, int fd, interest wanted, watched_fd& watched)
    : port_(port), fd_(fd), wanted_(wanted), watched_(watched) {
  port.watches_.push_back(this);
}
poll_watch::~poll_watch() { std::erase(port_.watches_, this); }

}  // namespace

// [owner]
poll_loop::poll_loop() : loop_owner(std::make_unique<poll_port>()) {}

void poll_loop::step(duration at_most) { poll_port::of(**this).step(at_most); }

loop& use_poll() {
  return select_loop("poll", nullptr, [] { return loop_owner(poll_loop()); });
}

bool using_poll() noexcept { return loop_selected("poll"); }
// [/owner]

}  // namespace interloop
