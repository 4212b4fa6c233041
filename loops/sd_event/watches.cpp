// SPDX-License-Identifier: MIT
#include "watches.hpp"

#include "crowd.hpp"

#include <interloop/poll_events.hpp>
#include <interloop/renew_epoll.hpp>
#include <interloop/watched_fd.hpp>

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace interloop::sd_event_adapter {
namespace {

class lone_watch final : public port_watch {
 public:
  lone_watch(sd_event* native, int fd, interest wanted, watched_fd& watched, std::shared_ptr<int> count)
      : watched_(watched), count_(std::move(count)) {
    sd_event_source* made = nullptr;
    check(sd_event_add_io(native, &made, fd, events_of(wanted), &on_event, this), "cannot watch this descriptor");
    source_.reset(made);
    sd_event_source_set_description(made, "interloop watch");
    ++*count_;
  }
  ~lone_watch() override {
    --*count_;
    if (lost_) release_lost();
  }

  void set_interest(interest wanted) override {
    if (wanted == interest::none) {  // without events, epoll would still report hang-ups
      sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
      return;
    }
    const char* what = "cannot change the directions of a watch";
    check(sd_event_source_set_io_events(source_.get(), events_of(wanted)), what);
    check(sd_event_source_set_enabled(source_.get(), SD_EVENT_ON), what);
  }
  void lost() noexcept override { lost_ = true; }

 private:
  static std::uint32_t events_of(interest wanted) { return static_cast<std::uint32_t>(poll_events(wanted)); }

  static int on_event(sd_event_source*, int, std::uint32_t events, void* self) {
    static_cast<lone_watch*>(self)->watched_.ready(ready_in(static_cast<int>(events)));  // may destroy the watch
    return 0;
  }

  // sd-event removes a source from the epoll instance by its number. That may belong to another source by now, which
  // would become deaf, and it does not remove a closed file, for which epoll would go on to report the freed source.
  // So it removes the number from an empty instance.
  void release_lost() noexcept {
    const int instance = sd_event_get_fd(sd_event_source_get_event(source_.get()));
    if (instance < 0) return;  // a forked child
    const int kept = ::fcntl(instance, F_DUPFD_CLOEXEC, 0);
    const int empty = ::epoll_create1(EPOLL_CLOEXEC);
    if (kept >= 0 && empty >= 0) ::dup3(empty, instance, O_CLOEXEC);
    source_.reset();
    if (kept >= 0 && empty >= 0) ::dup3(kept, instance, O_CLOEXEC);
    if (kept >= 0) ::close(kept);
    if (empty >= 0) ::close(empty);
    renew_epoll(instance);
  }

  watched_fd& watched_;
  const std::shared_ptr<int> count_;
  source source_;
  bool lost_ = false;
};

}  // namespace

std::unique_ptr<port_watch> watches::watch(int fd, interest wanted, watched_fd& watched) {
  const interest asked = wanted == interest::none ? interest::read : wanted;  // to have it refused here, if at all
  std::unique_ptr<port_watch> made;
  if (*alone_ < most_alone) {
    made = std::make_unique<lone_watch>(native_, fd, asked, watched, alone_);
  } else {
    if (!crowd_) crowd_ = std::make_shared<crowd>(native_);
    made = crowd_->watch(fd, asked, watched);
  }
  if (wanted == interest::none) made->set_interest(wanted);
  return made;
}

void watches::forked() noexcept {
  if (crowd_) crowd_->forked();
}

void watches::close() noexcept {
  if (crowd_) crowd_->close();
}

}  // namespace interloop::sd_event_adapter
