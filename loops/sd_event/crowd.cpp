// SPDX-License-Identifier: MIT
#include "crowd.hpp"

#include <interloop/poll_events.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace interloop::sd_event_adapter {

class crowd::member final : public port_watch {
 public:
  member(std::shared_ptr<crowd> of, int fd, watched_fd& watched)
      : crowd_(std::move(of)), watched_(watched), number_(++crowd_->last_number_), fd_(fd) {
    crowd_->members_.emplace(number_, this);
  }
  ~member() override {
    if (!lost_) leave();
    crowd_->members_.erase(number_);
    for (std::size_t i = crowd_->next_; i < crowd_->end_; ++i)
      if (crowd_->batch_[i].data.u64 == number_) crowd_->batch_[i].data.u64 = 0;
    if (lost_ && polled_) crowd_->renew();
  }

  void set_interest(interest wanted) override {
    if (wanted == interest::none) return leave();  // without events, epoll would still report hang-ups
    check(crowd_->instance_ < 0 ? -ECHILD : enter(crowd_->instance_, polled_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, wanted),
          "cannot watch this descriptor");
    polled_ = true;
    wanted_ = wanted;
  }
  void lost() noexcept override { lost_ = true; }

  /// Adds it to an instance, or changes it there. Returns 0 or a negative errno.
  int enter(int instance, int operation, interest wanted) const noexcept {
    ::epoll_event asked{};
    asked.events = static_cast<std::uint32_t>(poll_events(wanted));
    asked.data.u64 = number_;
    return ::epoll_ctl(instance, operation, fd_, &asked) < 0 ? -errno : 0;
  }
  /// Enters an instance that takes the place of the old one.
  void move_to(int instance) noexcept {
    if (polled_ && !lost_) enter(instance, EPOLL_CTL_ADD, wanted_);
  }
  void report(std::uint32_t events) noexcept { watched_.ready(ready_in(static_cast<int>(events))); }

 private:
  void leave() noexcept {
    if (std::exchange(polled_, false) && crowd_->instance_ >= 0)
      ::epoll_ctl(crowd_->instance_, EPOLL_CTL_DEL, fd_, nullptr);
  }

  const std::shared_ptr<crowd> crowd_;
  watched_fd& watched_;
  const std::uint64_t number_;
  const int fd_;
  interest wanted_ = interest::none;
  bool polled_ = false;  // it is in the instance
  bool lost_ = false;    // its descriptor was closed
};

crowd::crowd(sd_event* native) : instance_(::epoll_create1(EPOLL_CLOEXEC)) {
  check(instance_ < 0 ? -errno : 0, "cannot watch more descriptors");
  sd_event_source* made = nullptr;
  if (const int code = sd_event_add_io(native, &made, instance_, EPOLLIN, &on_ready, this); code < 0) {
    ::close(instance_);
    check(code, "cannot watch more descriptors");
  }
  source_.reset(made);
  sd_event_source_set_description(made, "interloop watches");
}

crowd::~crowd() {
  source_.reset();
  if (instance_ >= 0) ::close(instance_);
}

std::unique_ptr<port_watch> crowd::watch(int fd, interest wanted, watched_fd& watched) {
  auto made = std::make_unique<member>(shared_from_this(), fd, watched);
  made->set_interest(wanted);
  return made;
}

void crowd::forked() noexcept {
  next_ = end_ = 0;  // the batch that runs is the parent's
  if (const int shared = std::exchange(instance_, -1); shared >= 0) ::close(shared);
}

void crowd::close() noexcept { source_.reset(); }

int crowd::on_ready(sd_event_source*, int, std::uint32_t, void* self) noexcept {
  static_cast<crowd*>(self)->dispatch();
  return 0;
}

void crowd::dispatch() noexcept {
  const auto keep = shared_from_this();
  const int count = ::epoll_wait(instance_, batch_.data(), static_cast<int>(batch_.size()), 0);
  end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  bool stale = false;
  for (next_ = 0; next_ < end_;) {
    const ::epoll_event got = batch_[next_++];
    const std::uint64_t number = got.data.u64;  // packed: no reference may be bound to it
    if (number == 0) continue;
    if (const auto found = members_.find(number); found != members_.end()) {
      found->second->report(got.events);  // may destroy it
    } else {
      stale = true;
    }
  }
  next_ = end_ = 0;
  if (stale) renew();
}

void crowd::renew() noexcept {
  if (instance_ < 0 || !source_) return;
  const int fresh = ::epoll_create1(EPOLL_CLOEXEC);
  if (fresh < 0) return;
  for (const auto& [number, each] : members_) each->move_to(fresh);
  // Under the same number, because that of the closed descriptor is the user's to take.
  sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
  ::dup3(fresh, instance_, O_CLOEXEC);
  ::close(fresh);
  sd_event_source_set_enabled(source_.get(), SD_EVENT_ON);
}

}  // namespace interloop::sd_event_adapter
