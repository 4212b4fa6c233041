// SPDX-License-Identifier: MIT
#include <interloop/testing/manual_loop.hpp>

#include <interloop/loop_port.hpp>
#include <interloop/poll_events.hpp>
#include <interloop/wake_fd.hpp>

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace interloop::testing {
namespace {

constexpr int most_turns = 100'000;

class manual_port;

class manual_watch final : public port_watch {
 public:
  manual_watch(manual_port& port, int fd, interest wanted, watched_fd& watched);
  ~manual_watch() override;
  void set_interest(interest wanted) override { wanted_ = wanted; }

 private:
  friend class manual_port;
  manual_port* port_;
  int fd_;
  interest wanted_;
  watched_fd& watched_;
};

class manual_port final : public loop_port {
 public:
  // For manual_loop's own functions.
  static manual_port& of(const loop& core) noexcept { return static_cast<manual_port&>(port_of(core)); }
  using loop_port::kept;
  using loop_port::notice_fork;

  ~manual_port() override {
    for (manual_watch* each : watches_) each->port_ = nullptr;
  }

  std::string_view name() const noexcept override { return "manual"; }

  void wake() noexcept override { waker_.signal(); }

  void set_alarm(time_point when) override { alarm_ = when; }
  void clear_alarm() noexcept override { alarm_ = never; }
  time_point now() const noexcept override { return now_; }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    return std::make_unique<manual_watch>(*this, fd, wanted, watched);
  }

  void keep_alive(bool pending) noexcept override { kept_alive_ = pending; }

  void run() override {
    stopped_ = false;
    std::uint64_t turns = 0;  // since the clock moved
    while (!stopped_ && !core().closed()) {
      if ((++turns < most_turns || alarm_ == never) && step()) continue;
      turns = 0;
      if (alarm_ != never) {
        ring(alarm_);
      } else if (kept_alive_) {
        look(-1);
      } else {
        return;
      }
    }
  }
  void stop() noexcept override { stopped_ = true; }

  void forked() noexcept override { waker_.renew(); }

  void close(function<void()> released) noexcept override {
    alarm_ = never;
    waker_.take();
    stopped_ = true;
    if (released) released();
  }

  bool step() {
    const bool turned = waker_.signalled() || needs_turn();  // the second matters in a nested run
    if (turned) take_wake();
    return look(0) || turned;
  }

  void run_ready() {
    for (int turns = 0; step(); ++turns)
      if (turns == most_turns)
        throw usage_error("manual_loop: still busy after " + std::to_string(most_turns) +
                          " turns; callbacks queue each other without end, or a watched descriptor is never read");
  }

  void advance(duration span) {
    const time_point target = core().after(span);
    for (;;) {
      run_ready();
      if (alarm_ == never || alarm_ > target) break;
      ring(alarm_);
    }
    now_ = std::max(now_, target);
  }

  bool step_to_alarm() {
    if (alarm_ == never) return false;
    ring(alarm_);
    return true;
  }

  time_point next_alarm() const noexcept { return alarm_; }

 private:
  friend class manual_watch;
  static constexpr time_point never = (time_point::max)();

  void take_wake() {
    waker_.take();
    turn();
  }

  void ring(time_point at) {
    now_ = std::max(now_, at);
    alarm_ = never;
    alarm();
  }

  // Waits for a wake-up or a descriptor, and reports ready descriptors. Returns whether there was one.
  bool look(int timeout_ms) {
    if (watches_.empty() && timeout_ms == 0) return false;
    std::vector<pollfd> polled{{waker_.get(), POLLIN, 0}};
    const std::vector<manual_watch*> asked = watches_;  // reporting may change the list
    for (const manual_watch* each : asked)
      polled.push_back({each->wanted_ == interest::none || each->watched_.running() ? -1 : each->fd_,
                        poll_events(each->wanted_), 0});
    if (const int count = ::poll(polled.data(), polled.size(), timeout_ms); count <= 0) {
      if (count < 0 && errno != EINTR) throw error(std::string("manual_loop: poll: ") + std::strerror(errno));
      return false;
    }
    if (polled[0].revents != 0 && !waker_.signalled()) take_wake();  // written after its wake-up was handled
    bool any = false;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const short seen = polled[i + 1].revents;
      if (seen == 0 || std::find(watches_.begin(), watches_.end(), asked[i]) == watches_.end()) continue;
      any = true;
      if (seen & POLLNVAL) {
        asked[i]->watched_.lost();
        continue;
      }
      asked[i]->watched_.ready(ready_in(seen));
    }
    return any;
  }

  time_point now_{std::chrono::hours(1000)};
  time_point alarm_ = never;
  wake_fd waker_{"manual_loop"};
  bool kept_alive_ = false;
  bool stopped_ = false;
  std::vector<manual_watch*> watches_;
};

manual_watch::manual_watch(manual_port& port, int fd, interest wanted, watched_fd& watched)
    : port_(&port), fd_(fd), wanted_(wanted), watched_(watched) {
  port.watches_.push_back(this);
}
manual_watch::~manual_watch() {
  if (port_) std::erase(port_->watches_, this);
}

// Keeps the port while it is used: a callback may destroy the loop.
class port_use {
 public:
  explicit port_use(const loop& core) noexcept : port_(manual_port::of(core)), kept_(port_) { port_.notice_fork(); }
  manual_port* operator->() const noexcept { return &port_; }

 private:
  manual_port& port_;
  manual_port::kept kept_;
};

}  // namespace

manual_loop::manual_loop() : loop_owner(std::make_unique<manual_port>()) {}

void manual_loop::advance(duration span) {
  if (span < duration::zero())
    throw usage_error("advance: " + std::to_string(span.count()) + " ns; a clock cannot be moved backwards");
  port_use(**this)->advance(span);
}
void manual_loop::run_ready() { port_use(**this)->run_ready(); }
bool manual_loop::step() { return port_use(**this)->step(); }
bool manual_loop::step_to_alarm() { return port_use(**this)->step_to_alarm(); }
time_point manual_loop::next_alarm() const noexcept { return port_use(**this)->next_alarm(); }

}  // namespace interloop::testing
