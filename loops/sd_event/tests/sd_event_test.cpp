// SPDX-License-Identifier: MIT
// Behaviour that only sd-event has. The class is called interloop::sd_event_loop here, because libsystemd has a function
// of that name.
#include "support/no_descriptors.hpp"
#include "support/owners.hpp"

#include <interloop/adapters/sd_event.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

class sd_event_test : public ::testing::Test {
 protected:
  sd_event_test() {
    sd_event_new(&native_);
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_) != 0) throw std::runtime_error("no sockets");
  }
  ~sd_event_test() override {
    sd_event_unref(native_);
    for (const int fd : fds_)
      if (fd >= 0) ::close(fd);
  }

  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!done() && std::chrono::steady_clock::now() < end) ASSERT_GE(sd_event_run(native_, 2000), 0);
    EXPECT_TRUE(done());
  }

  /// A source of the application's for a descriptor; null if sd-event refuses it.
  std::shared_ptr<sd_event_source> add_io(int fd, std::function<void()>& fn) {
    sd_event_source* made = nullptr;
    const sd_event_io_handler_t call = [](sd_event_source*, int, std::uint32_t, void* data) {
      (*static_cast<std::function<void()>*>(data))();
      return 0;
    };
    if (sd_event_add_io(native_, &made, fd, EPOLLIN, call, &fn) < 0) return nullptr;
    return {made, &sd_event_source_unref};
  }
  /// Calls it once, in a source of the application's.
  std::shared_ptr<sd_event_source> add_defer(std::function<void()>& fn) {
    sd_event_source* made = nullptr;
    const sd_event_handler_t call = [](sd_event_source*, void* data) {
      (*static_cast<std::function<void()>*>(data))();
      return 0;
    };
    sd_event_add_defer(native_, &made, call, &fn);
    return {made, &sd_event_source_unref};
  }

  sd_event* native_ = nullptr;
  int fds_[2] = {-1, -1};
};

TEST_F(sd_event_test, the_application_s_run_serves_it_until_sd_event_exit) {
  interloop::sd_event_loop owner(native_);
  int ran = 0;
  owner->call_later(1ms, [&] {
    ++ran;
    owner->call_soon([&] { sd_event_exit(native_, 7); });
  });
  EXPECT_EQ(::sd_event_loop(native_), 7);
  EXPECT_EQ(ran, 1);
}

TEST_F(sd_event_test, sd_event_exit_closes_the_loop_after_the_application_s_exit_sources) {
  interloop::sd_event_loop owner(native_);
  bool open_at_exit = false;
  sd_event_source* at_exit = nullptr;
  std::function<void()> look = [&] { open_at_exit = !owner->closed(); };
  const sd_event_handler_t call = [](sd_event_source*, void* data) {
    (*static_cast<std::function<void()>*>(data))();
    return 0;
  };
  sd_event_add_exit(native_, &at_exit, call, &look);
  sd_event_source_set_priority(at_exit, SD_EVENT_PRIORITY_IDLE);
  auto held = std::make_shared<int>();
  owner->call_later(1h, [held] {});
  const fd_watch watching = owner->watch(fds_[0], interest::read, [](interest) {});
  sd_event_exit(native_, 0);
  EXPECT_EQ(::sd_event_loop(native_), 0);
  EXPECT_TRUE(open_at_exit);
  EXPECT_TRUE(owner->closed());
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(watching.active());
  owner->close();
  sd_event_source_unref(at_exit);
}

TEST_F(sd_event_test, sd_event_exit_ends_a_run_of_the_loop) {
  interloop::sd_event_loop owner(native_);
  owner->call_soon([&] { sd_event_exit(native_, 0); });
  owner->run();
  EXPECT_TRUE(owner->closed());
  EXPECT_THROW(interloop::sd_event_loop{native_}, usage_error) << "it cannot run again";
}

TEST_F(sd_event_test, a_run_that_was_stopped_may_be_repeated_and_the_application_may_go_on) {
  interloop::sd_event_loop owner(native_);
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    owner->call_later(1us, [&] {
      ++ran;
      owner->stop();
    });
    owner->run();
  }
  EXPECT_EQ(ran, 3);
  owner->call_soon([&] { sd_event_exit(native_, 0); });
  EXPECT_EQ(::sd_event_loop(native_), 0);
}

TEST_F(sd_event_test, a_run_inside_a_callback_of_the_application_is_refused) {
  interloop::sd_event_loop owner(native_);
  bool refused = false;
  std::function<void()> nested = [&] {
    try {
      owner->run();
    } catch (const usage_error&) {
      refused = true;
    }
  };
  const auto source = add_defer(nested);
  run_until([&] { return refused; });
}

TEST_F(sd_event_test, in_a_forked_child_a_run_and_a_watch_are_refused) {
  interloop::sd_event_loop owner(native_);
  run_until([] { return true; });
  const ::pid_t child = ::fork();
  if (child == 0) {
    int refused = 0;
    try {
      owner->run();
    } catch (const usage_error&) {
      ++refused;
    }
    try {
      static_cast<void>(owner->watch(fds_[0], interest::read, [](interest) {}));
    } catch (const usage_error&) {
      ++refused;
    }
    ::_exit(refused);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

TEST_F(sd_event_test, a_descriptor_that_the_application_watches_is_refused) {
  std::function<void()> nothing = [] {};
  const auto theirs = add_io(fds_[0], nothing);
  interloop::sd_event_loop owner(native_);
  EXPECT_THROW(static_cast<void>(owner->watch(fds_[0], interest::read, [](interest) {})), usage_error);
  EXPECT_THROW(static_cast<void>(owner->watch(fds_[0], interest::none, [](interest) {})), usage_error);
}

TEST_F(sd_event_test, a_watch_of_a_closed_descriptor_does_not_end_the_application_s_watch_of_its_number) {
  interloop::sd_event_loop owner(native_);
  fd_watch lost = owner->watch(fds_[0], interest::read, [](interest) {});
  int more[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, more), 0);
  const int duplicate = ::dup(fds_[0]);          // keeps the old file in the epoll instance
  ASSERT_EQ(::dup2(more[0], fds_[0]), fds_[0]);  // closes it, and gives its number to another file
  int read = 0;
  std::function<void()> on_readable = [&] {
    char byte = 0;
    if (::read(fds_[0], &byte, 1) == 1) ++read;
  };
  const auto theirs = add_io(fds_[0], on_readable);
  ASSERT_NE(theirs, nullptr);
  lost.stop();
  ASSERT_EQ(::write(more[1], "x", 1), 1);
  ASSERT_EQ(::write(fds_[1], "x", 1), 1);  // to the old file, which nobody waits for any more
  run_until([&] { return read == 1; });
  for (const int fd : {more[0], more[1], duplicate}) ::close(fd);
}

TEST_F(sd_event_test, a_paused_watch_of_a_closed_peer_does_not_keep_the_processor_busy) {
  interloop::sd_event_loop owner(native_);
  const fd_watch watching = owner->watch(fds_[0], interest::none, [](interest) { FAIL() << "it is paused"; });
  ::close(std::exchange(fds_[1], -1));
  while (sd_event_run(native_, 0) > 0) continue;
  EXPECT_EQ(sd_event_run(native_, 1000), 0) << "epoll reports hang-ups unasked";
}

TEST_F(sd_event_test, two_loops_on_one_native_loop_do_not_disturb_each_other) {
  interloop::sd_event_loop one(native_);
  interloop::sd_event_loop two(native_);
  int ran = 0;
  one->call_later(1ms, [&] { two->call_soon([&] { ++ran; }); });
  two->call_later(1ms, [&] { one->post([&] { ++ran; }); });
  run_until([&] { return ran == 2; });
}

TEST_F(sd_event_test, a_source_of_the_application_that_is_always_ready_does_not_starve_the_loop) {
  interloop::sd_event_loop owner(native_);
  int busy = 0;
  std::function<void()> leave_it = [&] { ++busy; };
  const auto theirs = add_io(fds_[0], leave_it);
  ASSERT_EQ(::write(fds_[1], "x", 1), 1);
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns < 100) owner->call_soon(std::ref(again));
  };
  owner->call_soon(std::ref(again));
  run_until([&] { return turns == 100; });
  EXPECT_GT(busy, 0);
}

TEST_F(sd_event_test, an_event_outlives_its_users_while_the_loop_needs_it) {
  interloop::sd_event_loop owner(native_);
  native_ = sd_event_unref(native_);
  bool rang = false;
  owner->call_later(1ms, [&] {
    rang = true;
    owner->stop();
  });
  owner->run();
  EXPECT_TRUE(rang);
}

TEST_F(sd_event_test, a_loop_in_another_loop_s_epoll_instance_is_reported_there) {
  interloop::sd_event_loop owner(native_);
  bool ran = false;
  run_until([] { return true; });
  owner->call_later(1ms, [&] { owner->call_soon([&] { ran = true; }); });
  const int outer = ::epoll_create1(EPOLL_CLOEXEC);
  ::epoll_event event{};
  event.events = EPOLLIN;
  ASSERT_EQ(::epoll_ctl(outer, EPOLL_CTL_ADD, sd_event_get_fd(native_), &event), 0);
  while (!ran) {
    if (sd_event_prepare(native_) == 0) {
      ASSERT_EQ(::epoll_wait(outer, &event, 1, 10'000), 1) << "nothing is reported";
      if (sd_event_wait(native_, 0) <= 0) continue;
    }
    sd_event_dispatch(native_);
  }
  ::close(outer);
}

TEST_F(sd_event_test, a_post_from_the_thread_that_made_the_loop_wakes_the_thread_that_runs_it) {
  interloop::sd_event_loop owner(native_);
  bool ran = false;
  std::thread runner([&] { ::sd_event_loop(native_); });
  owner->post([&] {
    ran = true;
    sd_event_exit(native_, 0);
  });
  runner.join();
  EXPECT_TRUE(ran);
}

TEST_F(sd_event_test, selecting_twice_is_allowed_for_the_same_event_only) {
  sd_event* other = nullptr;
  sd_event_new(&other);
  loop& first = use_sd_event(native_);
  EXPECT_TRUE(using_sd_event());
  EXPECT_EQ(&use_sd_event(native_), &first);
  EXPECT_THROW(use_sd_event(other), usage_error);
  EXPECT_THROW(use_sd_event(nullptr), usage_error);
  first.close();
  EXPECT_FALSE(using_sd_event());
  use_sd_event(other).close();
  config().loop = nullptr;
  sd_event_unref(other);
}

TEST_F(sd_event_test, selecting_it_while_another_loop_is_selected_is_refused) {
  interloop::testing::manual_loop other;
  const auto selected = interloop::testing::replace_loop(*other);
  EXPECT_THROW(use_sd_event(native_), usage_error);
}

TEST(sd_event, with_too_few_descriptors_a_loop_is_refused) {
  interloop::sd_event_loop{};  // see no_descriptors.hpp
  for (const unsigned left : {0U, 1U, 2U}) {
    const interloop::test::no_descriptors but(left);
    EXPECT_THROW(interloop::sd_event_loop{}, usage_error) << left;
  }
  EXPECT_NO_THROW(interloop::sd_event_loop{});
}

TEST(sd_event, no_event_is_refused) { EXPECT_THROW(interloop::sd_event_loop{nullptr}, usage_error); }

TEST(sd_event, a_callback_may_destroy_the_owner_of_the_native_loop_that_runs) {
  owners::a_callback_may_destroy_the_owner_of_the_native_loop_that_runs<interloop::sd_event_loop>();
}

TEST(sd_event, an_owner_may_be_assigned_another) {
  owners::an_owner_may_be_assigned_another<interloop::sd_event_loop>();
}

}  // namespace
