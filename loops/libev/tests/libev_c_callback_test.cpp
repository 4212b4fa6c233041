// SPDX-License-Identifier: MIT
// ev_once, which calls back once with a void*, as a future.
#include <interloop/adapters/libev.hpp>
#include <interloop/c_callback.hpp>
#include <interloop/interloop.hpp>

#include <ev.h>
#include <unistd.h>

#include <memory>

namespace {

using namespace interloop;

// [once]
/// What is ready first: EV_READ, or EV_TIMER if that takes longer than `seconds`.
interloop::future<int> first_of(interloop::loop& loop, struct ev_loop* native, int fd, double seconds) {
  auto [events, callback, data] = interloop::c_callback<void (*)(int events, void* data)>(loop);
  ev_once(native, fd, EV_READ, seconds, callback, data);
  return events;
}
// [/once]

class libev_c_callback_test : public ::testing::Test {
 protected:
  libev_c_callback_test() { EXPECT_EQ(::pipe(fds), 0); }
  ~libev_c_callback_test() override {
    for (const int each : fds) ::close(each);
  }

  int fds[2] = {-1, -1};
  std::unique_ptr<struct ev_loop, void (*)(struct ev_loop*)> native{ev_loop_new(EVFLAG_AUTO), &ev_loop_destroy};
  libev_loop owner{native.get()};
};

TEST_F(libev_c_callback_test, a_descriptor_that_is_ready_completes_the_future) {
  const auto ready = first_of(*owner, native.get(), fds[0], 60.);
  ASSERT_EQ(::write(fds[1], "x", 1), 1);
  ev_run(native.get(), 0);
  EXPECT_EQ(ready.value(), EV_READ);
}

TEST_F(libev_c_callback_test, a_timeout_completes_the_future) {
  const auto late = first_of(*owner, native.get(), fds[0], 0.001);
  ev_run(native.get(), 0);
  EXPECT_EQ(late.value(), EV_TIMER);
}

TEST_F(libev_c_callback_test, libev_may_call_back_after_the_loop_was_closed) {
  const auto pending = first_of(*owner, native.get(), fds[0], 0.001);
  owner->close();
  EXPECT_TRUE(pending.get_failure()->is<loop_closed>());
  EXPECT_FALSE(ev_run(native.get(), 0));
}

}  // namespace
