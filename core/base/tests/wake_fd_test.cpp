// SPDX-License-Identifier: MIT
#include <interloop/error.hpp>
#include <interloop/poll_events.hpp>
#include <interloop/wake_fd.hpp>

#include "support/no_descriptors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace interloop::test {
namespace {

short seen_on(int fd, interest wanted = interest::read) {
  pollfd asked{fd, poll_events(wanted), 0};
  ::poll(&asked, 1, 0);
  return asked.revents;
}
bool readable(const wake_fd& of) { return ready_in(seen_on(of.get())) == interest::read; }

TEST(wake_fd_test, is_readable_from_a_signal_until_that_is_taken) {
  wake_fd waker("test");
  EXPECT_FALSE(readable(waker));
  EXPECT_FALSE(waker.signalled());
  waker.signal();
  waker.signal();
  EXPECT_TRUE(readable(waker));
  EXPECT_TRUE(waker.signalled());
  waker.take();
  EXPECT_FALSE(readable(waker));
  EXPECT_FALSE(waker.signalled());
  waker.take();
  waker.signal();
  EXPECT_TRUE(readable(waker));
}

TEST(wake_fd_test, no_signal_is_lost_while_others_are_taken) {
  wake_fd waker("test");
  std::atomic<int> written{0};
  constexpr int all = 20'000;
  std::thread other([&] {
    for (int i = 1; i <= all; ++i) {
      written.store(i, std::memory_order_relaxed);
      waker.signal();
    }
  });
  while (written.load(std::memory_order_relaxed) < all) {
    pollfd asked{waker.get(), POLLIN, 0};
    ::poll(&asked, 1, -1);  // hangs if a signal is lost
    waker.take();
  }
  other.join();
}

TEST(wake_fd_test, the_error_names_the_loop_and_what_to_do_if_no_descriptor_is_left) {
  const no_descriptors none;
  try {
    const wake_fd waker("some_loop");
    FAIL() << "there was a descriptor";
  } catch (const usage_error& why) {
    EXPECT_EQ(std::string(why.what()),
              "some_loop: no descriptor is left for wake-ups (Too many open files); close some, or raise the limit "
              "(ulimit -n)");
  }
}

TEST(wake_fd_test, a_childs_renewed_descriptor_leaves_the_parents_alone) {
  wake_fd waker("test");
  waker.signal();
  const int number = waker.get();
  const pid_t child = ::fork();
  if (child == 0) {
    waker.renew();
    const bool signalled = readable(waker) && waker.signalled() && waker.get() == number;
    waker.take();
    ::_exit(signalled && !readable(waker) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(readable(waker)) << "the child took it";
}

TEST(poll_events_test, directions_are_asked_for_and_reported) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_EQ(ready_in(seen_on(ends[0], interest::none)), interest::none);
  EXPECT_EQ(ready_in(seen_on(ends[0], interest::read)), interest::none);
  EXPECT_EQ(ready_in(seen_on(ends[0], interest::write)), interest::write);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  EXPECT_EQ(ready_in(seen_on(ends[0], interest::read)), interest::read);
  EXPECT_EQ(ready_in(seen_on(ends[0], interest::read_write)), interest::read_write);
  ::close(ends[1]);
  EXPECT_EQ(ready_in(seen_on(ends[0], interest::write)), interest::read_write) << "a hang-up is readiness of both";
  ::close(ends[0]);
  EXPECT_EQ(ready_in(POLLNVAL), interest::none);
}

TEST(poll_events_test, an_error_is_readiness_of_both_directions) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(ready_in(seen_on(ends[1], interest::none)), interest::read_write);
  ::close(ends[1]);
}

}  // namespace
}  // namespace interloop::test
