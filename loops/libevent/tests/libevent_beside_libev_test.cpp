// SPDX-License-Identifier: MIT
// libev exports functions of libevent's names, and its header redefines EV_READ. Both loops are in this program, which
// names libev first when it is linked.
#include <interloop/adapters/libev.hpp>
#include <interloop/adapters/libevent.hpp>
#include <interloop/interloop.hpp>

#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

/// A callable, a timer, a post and both directions of a watch.
void expect_to_work(loop& core) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  std::string seen;
  fd_watch watching = core.watch(fds[0], interest::write, [&](interest directions) {
    if (has(directions, interest::write)) {
      seen += " writable";
      EXPECT_EQ(::write(fds[1], "x", 1), 1);
      return watching.set_interest(interest::read);
    }
    seen += " readable";
    watching.stop();
    core.call_later(1ms, [&] { seen += " timer"; });
  });
  core.run();
  loop_hold hold = core.hold();
  std::thread other([&, remote = core.remote()] {
    remote.post([&] {
      seen += " post";
      hold.release();
    });
  });
  core.run();
  other.join();
  EXPECT_EQ(seen, " writable readable timer post");
  for (const int fd : fds) ::close(fd);
}

TEST(LibeventBesideLibevTest, BothWorkInOneProcess) {
  event_base* base = event_base_new();
  {
    libevent_loop one(base);
    libev_loop other;
    for (int i = 0; i < 2; ++i) {
      expect_to_work(*one);
      expect_to_work(*other);
    }
  }
  event_base_free(base);
}

TEST(LibeventBesideLibevTest, OneMayBeRunInsideACallbackOfTheOther) {
  libevent_loop one;
  libev_loop other;
  int ran = 0;
  one->call_soon([&] {
    other->call_later(1ms, [&] { ++ran; });
    other->run();
    EXPECT_EQ(ran, 1);
  });
  one->run();
  other->call_soon([&] {
    one->call_later(1ms, [&] { ++ran; });
    one->run();
    EXPECT_EQ(ran, 2);
  });
  other->run();
  EXPECT_EQ(ran, 2);
}

}  // namespace
