// SPDX-License-Identifier: MIT
// Behaviour that only libev has.
#include "support/no_descriptors.hpp"
#include "support/owners.hpp"

#include <interloop/adapters/libev.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <ev.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

/// A native loop, which must be as it was at the end.
class libev_test : public ::testing::Test {
 protected:
  explicit libev_test(unsigned flags = EVFLAG_AUTO) : native_(ev_loop_new(flags)) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds_), 0);
  }
  ~libev_test() override {
    EXPECT_EQ(ev_pending_count(native_), 0U);
    EXPECT_FALSE(ev_run(native_, EVRUN_NOWAIT)) << "a reference was left";
    ev_ref(native_);
    EXPECT_TRUE(ev_run(native_, EVRUN_NOWAIT)) << "too many references were given up";
    ev_unref(native_);
    ev_loop_destroy(native_);
    for (const int each : fds_)
      if (each >= 0) ::close(each);
  }
  void close_end(int& fd) { ::close(std::exchange(fd, -1)); }

  struct ev_loop* native_;
  int fds_[2] = {-1, -1};
};
class libev_poll_test : public libev_test {
 protected:
  libev_poll_test() : libev_test(EVBACKEND_POLL) {}
};
class libev_select_test : public libev_test {
 protected:
  libev_select_test() : libev_test(EVBACKEND_SELECT) {}
};

/// A watcher of the application that calls a function.
template <class Watcher>
struct calls {
  Watcher watcher{};
  std::function<void()> fn;

  explicit calls(std::function<void()> called) : fn(std::move(called)) {
    ev_init(&watcher, [](struct ev_loop*, Watcher* self, int) { static_cast<calls*>(self->data)->fn(); });
    watcher.data = this;
  }
};

TEST_F(libev_test, ev_run_ends_when_interloop_is_idle) {
  libev_loop owner(native_);
  EXPECT_FALSE(ev_run(native_, 0));
  bool ran = false;
  owner->post([&] { ran = true; });
  EXPECT_FALSE(ev_run(native_, 0));
  EXPECT_TRUE(ran);
}

TEST_F(libev_test, ev_run_ends_when_interloop_and_a_watcher_of_the_user_are_through) {
  int native_seen = 0;
  int ours = 0;
  calls<ev_timer> timer([&] {
    if (++native_seen == 5) ev_timer_stop(native_, &timer.watcher);
  });
  timer.watcher.repeat = 0.001;
  ev_timer_again(native_, &timer.watcher);
  libev_loop owner(native_);
  std::function<void()> again = [&] {
    if (++ours < 5) owner->call_later(1ms, std::ref(again));
  };
  again();
  EXPECT_FALSE(ev_run(native_, 0));
  EXPECT_EQ(native_seen, 5);
  EXPECT_EQ(ours, 5);
}

TEST_F(libev_test, a_post_in_a_handler_of_the_users_last_watcher_is_run) {
  libev_loop owner(native_);
  ev_run(native_, 0);
  bool ran = false;
  calls<ev_timer> timer([&] { owner->post([&] { ran = true; }); });  // one-shot: nothing else is left
  ev_timer_start(native_, &timer.watcher);
  EXPECT_FALSE(ev_run(native_, 0));
  EXPECT_TRUE(ran);
}

TEST_F(libev_test, closing_leaves_nothing_in_the_native_loop) {
  for (const bool inside : {false, true}) {
    std::optional<libev_loop> owner(native_);
    const fd_watch watching = (*owner)->watch(fds_[0], interest::write, [](interest) {});
    (*owner)->call_later(1h, [] {});
    int released = 0;
    const auto end = [&] {
      (*owner)->close([&] { ++released; });
      EXPECT_EQ(released, 1) << "libev stops watchers at once";
    };
    if (inside) (*owner)->call_soon(end);
    EXPECT_EQ(ev_run(native_, EVRUN_NOWAIT), !inside);
    if (!inside) end();
    EXPECT_FALSE(ev_run(native_, EVRUN_NOWAIT));
  }
}

TEST_F(libev_test, two_loops_on_one_native_loop_do_not_disturb_each_other) {
  libev_loop one(native_);
  libev_loop two(native_);
  int ran = 0;
  one->call_later(1ms, [&] { two->call_soon([&] { ++ran; }); });
  two->call_later(1ms, [&] { one->post([&] { ++ran; }); });
  EXPECT_FALSE(ev_run(native_, 0));
  EXPECT_EQ(ran, 2);
}

TEST_F(libev_test, a_descriptor_that_the_user_watches_is_watched_twice) {
  int native_seen = 0;
  calls<ev_io> io([&] { ++native_seen; });
  ev_io_set(&io.watcher, fds_[0], EV_READ);
  ev_io_start(native_, &io.watcher);
  ASSERT_EQ(::write(fds_[1], "x", 1), 1);
  {
    libev_loop owner(native_);
    int ours = 0;
    const fd_watch watching = owner->watch(fds_[0], interest::read, [&](interest) { ++ours; });
    while (ours < 3 || native_seen < 3) ev_run(native_, EVRUN_ONCE);
  }
  native_seen = 0;
  ev_run(native_, EVRUN_ONCE);
  EXPECT_EQ(native_seen, 1) << "the end of interloop's watch leaves the user's";
  ev_io_stop(native_, &io.watcher);
}

TEST_F(libev_test, a_timer_that_is_set_after_long_work_rings_once) {
  libev_loop owner(native_);
  unsigned iterations = 0;
  owner->call_soon([&] {
    std::this_thread::sleep_for(30ms);  // libev's time is old now
    iterations = ev_iteration(native_);
    owner->call_later(10ms, [&] { iterations = ev_iteration(native_) - iterations; });
  });
  ev_run(native_, 0);
  EXPECT_EQ(iterations, 1U) << "libev's timer was early";
}

TEST_F(libev_test, a_watch_that_a_more_urgent_watcher_ends_is_not_called) {
  libev_loop owner(native_);
  fd_watch watching = owner->watch(fds_[0], interest::write, [](interest) { FAIL() << "it was stopped"; });
  bool called = false;
  calls<ev_io> urgent([&] {
    called = true;
    watching.stop();  // libev has queued its event already
    ev_io_stop(native_, &urgent.watcher);
  });
  ev_set_priority(&urgent.watcher, EV_MAXPRI);
  ev_io_set(&urgent.watcher, fds_[1], EV_WRITE);
  ev_io_start(native_, &urgent.watcher);
  ev_run(native_, 0);
  EXPECT_TRUE(called);
}

TEST_F(libev_test, an_alarm_that_is_due_when_the_loop_is_closed_does_not_ring) {
  libev_loop owner(native_);
  owner->call_later(1ms, [] { FAIL() << "the loop was closed"; });
  ev_run(native_, EVRUN_NOWAIT);
  calls<ev_timer> urgent([&] { owner->close(); });
  ev_set_priority(&urgent.watcher, EV_MAXPRI);
  ev_timer_set(&urgent.watcher, 0.002, 0.);
  ev_timer_start(native_, &urgent.watcher);
  std::this_thread::sleep_for(5ms);  // both are due
  EXPECT_FALSE(ev_run(native_, 0));
}

TEST_F(libev_test, the_end_of_a_run_waits_for_a_run_of_the_users_that_is_nested_in_it) {
  libev_loop owner(native_);
  const loop_hold hold = owner->hold();
  std::string seen;
  calls<ev_timer> later([&] {
    seen += " later";
    ev_break(native_, EVBREAK_ONE);
  });
  owner->call_soon([&] {
    owner->stop();
    ev_timer_set(&later.watcher, 0.001, 0.);
    ev_timer_start(native_, &later.watcher);
    ev_run(native_, 0);
    seen += " nested";
  });
  owner->call_soon([&] { owner->stop(); });
  owner->run();
  EXPECT_EQ(seen, " later nested");
}

TEST_F(libev_test, a_stop_inside_a_nested_run_ends_the_run_around_it) {
  libev_loop owner(native_);
  const loop_hold hold = owner->hold();
  bool nested = false;
  owner->call_soon([&] {
    owner->call_soon([&] {
      owner->stop();
      ev_break(native_, EVBREAK_ONE);
    });
    ev_run(native_, 0);
    nested = true;
  });
  owner->run();
  EXPECT_TRUE(nested);
}

TEST_F(libev_test, closing_inside_a_nested_run_ends_the_run_around_it) {
  calls<ev_timer> busy([] {});  // would keep libev running
  busy.watcher.repeat = 0.001;
  ev_timer_again(native_, &busy.watcher);
  libev_loop owner(native_);
  bool nested = false;
  owner->call_soon([&] {
    owner->call_soon([&] {
      owner->close();
      ev_break(native_, EVBREAK_ONE);
    });
    ev_run(native_, 0);
    nested = true;
  });
  owner->run();
  EXPECT_TRUE(nested);
  ev_timer_stop(native_, &busy.watcher);
}

TEST_F(libev_test, a_nested_run_in_a_watch_sleeps_although_its_descriptor_is_ready) {
  libev_loop owner(native_);
  unsigned iterations = 0;
  bool ran = false;
  fd_watch watching = owner->watch(fds_[0], interest::write, [&](interest) {
    owner->call_later(20ms, [&] { ev_break(native_, EVBREAK_ONE); });
    const unsigned before = ev_iteration(native_);
    ev_run(native_, 0);
    iterations = ev_iteration(native_) - before;
    if (std::exchange(ran, true)) watching.stop();  // it is called again after its callback has returned
  });
  ev_run(native_, 0);
  EXPECT_LT(iterations, 10U);
}

TEST_F(libev_test, a_watch_whose_descriptor_is_closed_before_libev_knows_of_it_ends) {
  libev_loop owner(native_);
  int reports = 0;
  owner->set_exception_handler([&](std::string_view, const failure&) { ++reports; });
  const fd_watch fresh = owner->watch(fds_[0], interest::read, [](interest) {});
  fd_watch changed = owner->watch(fds_[1], interest::none, [](interest) {});
  close_end(fds_[0]);
  ev_run(native_, EVRUN_NOWAIT);
  EXPECT_EQ(reports, 1);
  EXPECT_FALSE(fresh.active());
  changed.set_interest(interest::read);
  close_end(fds_[1]);
  ev_run(native_, EVRUN_NOWAIT);
  EXPECT_EQ(reports, 2);
  EXPECT_FALSE(changed.active());
}

TEST_F(libev_test, a_watch_whose_descriptor_is_closed_ends_when_libev_makes_its_epoll_instance_anew) {
  libev_loop owner(native_);
  int reports = 0;
  owner->set_exception_handler([&](std::string_view, const failure&) { ++reports; });
  const fd_watch watching = owner->watch(fds_[0], interest::read, [](interest) {});
  ev_run(native_, EVRUN_NOWAIT);
  close_end(fds_[0]);
  ev_loop_fork(native_);
  ev_run(native_, EVRUN_NOWAIT);
  EXPECT_EQ(reports, 1);
  EXPECT_FALSE(watching.active());
}

TEST_F(libev_test, a_watch_of_a_reused_number_works_while_a_duplicate_of_the_old_file_is_ready) {
  libev_loop owner(native_);
  int reports = 0;
  owner->set_exception_handler([&](std::string_view, const failure&) { ++reports; });
  const fd_watch other = owner->watch(fds_[1], interest::read, [](interest) {});
  const fd_watch old = owner->watch(fds_[0], interest::read, [](interest) {});
  ev_run(native_, EVRUN_NOWAIT);
  const int duplicate = ::dup(fds_[0]);
  int fresh[2];
  ASSERT_EQ(::pipe(fresh), 0);
  ::dup2(fresh[0], fds_[0]);  // closes the old one, which epoll goes on reporting
  ASSERT_EQ(::write(fds_[1], "x", 1), 1);
  bool readable = false;
  const fd_watch watching = owner->watch(fds_[0], interest::read, [&](interest) { readable = true; });
  for (int i = 0; i < 5; ++i) ev_run(native_, EVRUN_NOWAIT);
  EXPECT_EQ(reports, 1) << "of the old watch";
  EXPECT_FALSE(readable) << "the old file's event";
  ASSERT_EQ(::write(fresh[1], "x", 1), 1);
  while (!readable) ev_run(native_, EVRUN_ONCE);
  for (const int each : {duplicate, fresh[0], fresh[1]}) ::close(each);
}

TEST_F(libev_poll_test, a_watch_whose_descriptor_is_closed_later_ends) {
  libev_loop owner(native_);
  int reports = 0;
  owner->set_exception_handler([&](std::string_view, const failure&) { ++reports; });
  const fd_watch watching = owner->watch(fds_[0], interest::read, [](interest) {});
  ev_run(native_, EVRUN_NOWAIT);
  close_end(fds_[0]);
  ev_run(native_, EVRUN_NOWAIT);
  EXPECT_EQ(reports, 1);
}

TEST_F(libev_select_test, a_watch_whose_descriptor_is_closed_later_ends_and_leaves_the_references_right) {
  libev_loop owner(native_);
  int reports = 0;
  owner->set_exception_handler([&](std::string_view, const failure&) { ++reports; });
  const fd_watch watching = owner->watch(fds_[0], interest::read, [](interest) {});
  ev_run(native_, EVRUN_NOWAIT);
  close_end(fds_[0]);
  ev_run(native_, EVRUN_NOWAIT);
  EXPECT_EQ(reports, 1);
}

TEST_F(libev_test, a_forked_child_may_go_on_with_plain_ev_run) {
  libev_loop owner(native_);
  int seen = 0;
  const fd_watch watching = owner->watch(fds_[0], interest::read, [&](interest) {
    char byte;
    seen += static_cast<int>(::read(fds_[0], &byte, 1));
  });
  const loop_remote remote = owner->remote();
  ev_run(native_, EVRUN_NOWAIT);
  remote.post([&] { ++seen; });
  const pid_t child = ::fork();
  if (child == 0) {
    // No ev_loop_fork here: interloop makes the call.
    while (seen < 1) ev_run(native_, EVRUN_NOWAIT);
    ::_exit(seen == 1 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(seen, 0);
  ASSERT_EQ(::write(fds_[1], "x", 1), 1);
  while (seen < 2) ev_run(native_, EVRUN_ONCE);
}

TEST_F(libev_test, a_post_from_the_thread_that_made_the_loop_wakes_the_thread_that_runs_it) {
  auto owner = std::make_unique<libev_loop>(native_);
  std::atomic<bool> prepared = false;
  calls<ev_prepare> prepare([&] { prepared = true; });
  ev_prepare_start(native_, &prepare.watcher);
  calls<ev_timer> limit([&] { ev_break(native_, EVBREAK_ONE); });
  ev_timer_set(&limit.watcher, 10., 0.);
  ev_timer_start(native_, &limit.watcher);
  bool ran = false;
  std::thread runner([&] { ev_run(native_, 0); });
  while (!prepared) std::this_thread::yield();
  std::this_thread::sleep_for(5ms);  // most likely it sleeps now
  (*owner)->post([&] {
    ran = true;
    ev_break(native_, EVBREAK_ONE);
  });
  runner.join();
  EXPECT_TRUE(ran) << "libev slept until another watcher woke it";
  owner.reset();
  ev_prepare_stop(native_, &prepare.watcher);
  ev_timer_stop(native_, &limit.watcher);
}

TEST_F(libev_test, selecting_twice_is_allowed_for_the_same_loop_only) {
  struct ev_loop* other = ev_loop_new(EVFLAG_AUTO);
  loop& first = use_libev(native_);
  EXPECT_TRUE(using_libev());
  EXPECT_EQ(&use_libev(native_), &first);
  EXPECT_THROW(use_libev(other), usage_error);
  EXPECT_THROW(use_libev(nullptr), usage_error);
  first.close();
  EXPECT_FALSE(using_libev());
  loop& second = use_libev(other);
  EXPECT_NE(config().loop, nullptr);
  second.close();
  config().loop = nullptr;
  ev_loop_destroy(other);
}

TEST_F(libev_test, selecting_it_while_another_loop_is_selected_is_refused) {
  interloop::testing::manual_loop other;
  const auto selected = interloop::testing::replace_loop(*other);
  EXPECT_THROW(use_libev(native_), usage_error);
}

TEST(libev_own_test, the_default_loop_is_not_made_behind_the_users_back) {
  libev_loop owner;
  owner->run();
  struct sigaction now{};
  ASSERT_EQ(::sigaction(SIGCHLD, nullptr, &now), 0);
  EXPECT_EQ(now.sa_handler, SIG_DFL) << "libev's default loop handles SIGCHLD";
}

TEST(libev_own_test, with_too_few_descriptors_a_loop_is_refused) {
  libev_loop{};  // see no_descriptors.hpp
  for (const unsigned left : {0U, 1U}) {
    const interloop::test::no_descriptors but(left);
    EXPECT_THROW(libev_loop{}, usage_error) << left;
  }
  struct ev_loop* native = ev_loop_new(EVFLAG_AUTO);
  {
    const interloop::test::no_descriptors none;
    EXPECT_THROW(libev_loop{native}, usage_error);
  }
  ev_loop_destroy(native);
  bool worked = false;
  for (unsigned left = 2; !worked; ++left) {
    const interloop::test::no_descriptors but(left);
    try {
      libev_loop enough;  // libev ends the process if it was not refused and they are too few
      enough->run();
      worked = true;
    } catch (const usage_error&) {
    }
  }
}

TEST(libev_own_test, no_loop_is_refused) { EXPECT_THROW(libev_loop{nullptr}, usage_error); }

TEST(libev_own_test, a_callback_may_destroy_the_owner_of_the_native_loop_that_runs) {
  owners::a_callback_may_destroy_the_owner_of_the_native_loop_that_runs<libev_loop>();
}

TEST(libev_own_test, an_owner_may_be_assigned_another) { owners::an_owner_may_be_assigned_another<libev_loop>(); }

}  // namespace
