// SPDX-License-Identifier: MIT
//
// hiredis asks for readiness through hooks that it calls many times for one effect: each command asks for writability.
// Nearly always the socket is writable, so asking the native loop would cost two of its system calls and one more
// round. Here the first such call queues one attempt, behind the callbacks that are ready now and so behind the
// commands that they are going to send; the loop is asked only if the socket did not take everything.
#include <interloop/redis/attach.hpp>

#include <interloop/idle_timeout.hpp>

#include <hiredis/async.h>

#include <memory>
#include <utility>

namespace interloop::redis {
namespace {

class attachment {
 public:
  attachment(const api& loop, redisAsyncContext& context)
      : loop_(loop), context_(&context), deadline_(loop, [this] { on_deadline(); }) {}

  /// Called once. From here on hiredis owns this, until `cleanup`.
  static void hand_over(std::shared_ptr<attachment> made) {
    attachment& self = *made;
    self.watch_ =
        self.loop_.watch(self.context_->c.fd, interest::none, [&self](interest ready) { self.on_ready(ready); });
    auto& ev = self.context_->ev;
    ev.addRead = [](void* data) noexcept { of(data).want(interest::read); };
    ev.delRead = [](void* data) noexcept { of(data).forgo(interest::read); };
    ev.addWrite = [](void* data) noexcept { of(data).write_soon(); };
    ev.delWrite = [](void* data) noexcept { of(data).forgo(interest::write); };
    ev.cleanup = [](void* data) noexcept { of(data).cleanup(); };
#if HIREDIS_MAJOR >= 1
    ev.scheduleTimer = [](void* data, timeval delay) noexcept { of(data).schedule(delay); };
#endif
    ev.data = &self;
    self.self_ = std::move(made);
  }

 private:
  // C code calls the hooks, and no exception may pass through it: they are noexcept, so lack of memory ends the process
  // there.
  static attachment& of(void* data) noexcept { return *static_cast<attachment*>(data); }

  void want(interest direction) { watch_.set_interest(wanted_ = wanted_ | direction); }

  void forgo(interest direction) {
    watch_.set_interest(wanted_ = wanted_ & (direction == interest::read ? interest::write : interest::read));
  }

  void write_soon() {
    // While connecting, writability means that the connection exists. `writing_`: the socket did not take everything.
    if (writing_ || has(wanted_, interest::write) || !(context_->c.flags & REDIS_CONNECTED)) {
      want(interest::write);
    } else if (!std::exchange(write_queued_, true)) {
      loop_.call_soon([self = self_] { self->write(); });
    }
  }

  void write() {
    write_queued_ = false;
    if (!context_) return;
    writing_ = true;
    redisAsyncHandleWrite(context_);  // may free the context
    writing_ = false;
  }

  void on_ready(interest ready) {
    const std::shared_ptr<attachment> keep = self_;
    if (has(ready, interest::read)) redisAsyncHandleRead(context_);  // may free the context
    if (context_ && has(ready, interest::write)) redisAsyncHandleWrite(context_);
  }

  void cleanup() {
    context_ = nullptr;
    watch_.stop();  // hiredis closes the socket next
    deadline_.cancel();
    self_.reset();  // last: may destroy this
  }

  // hiredis asks for it with each command and each answer.
  void schedule(timeval delay) {
    deadline_.restart(std::chrono::seconds(delay.tv_sec) + std::chrono::microseconds(delay.tv_usec));
  }

  void on_deadline() {
#if HIREDIS_MAJOR >= 1
    const std::shared_ptr<attachment> keep = self_;
    redisAsyncHandleTimeout(context_);  // may free the context
#endif
  }

  api loop_;
  redisAsyncContext* context_;  // null once hiredis has released it
  fd_watch watch_;
  interest wanted_ = interest::none;
  bool write_queued_ = false;
  bool writing_ = false;
  idle_timeout deadline_;  // hiredis' own; old versions have none
  std::shared_ptr<attachment> self_;
};

}  // namespace

void attach(const api& loop, redisAsyncContext& context) {
  if (context.ev.data) throw usage_error("attach: this redisAsyncContext is already attached to a loop");
  attachment::hand_over(std::make_shared<attachment>(loop, context));
}

}  // namespace interloop::redis
