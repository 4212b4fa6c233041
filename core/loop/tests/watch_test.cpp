// SPDX-License-Identifier: MIT
// Misuse and lifetimes of watches. The conformance suite tests readiness on every loop.
#include <interloop/watch.hpp>

#include "support/loop_test.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

namespace interloop {
namespace {

using test::counted;
using ::testing::HasSubstr;
using ::testing::Throws;
using ::testing::ThrowsMessage;

class watch_test : public test::loop_test {
 protected:
  watch_test() {
    if (::pipe2(pipe_.data(), O_NONBLOCK) != 0) throw std::runtime_error("pipe");
  }
  ~watch_test() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  void send() { ASSERT_EQ(::write(pipe_[1], "x", 1), 1); }
  void receive() {
    char c = 0;
    ASSERT_EQ(::read(pipe_[0], &c, 1), 1);
  }
  [[nodiscard]] int reader() const { return pipe_[0]; }
  [[nodiscard]] int writer() const { return pipe_[1]; }

 private:
  std::array<int, 2> pipe_{};
};

TEST_F(watch_test, reports_readiness_until_it_is_dropped) {
  int seen = 0;
  {
    const fd_watch w = io.watch(reader(), interest::read, [&](interest ready) {
      EXPECT_EQ(ready, interest::read);
      ++seen;
      receive();
    });
    manual.run_ready();
    EXPECT_EQ(seen, 0);
    send();
    manual.run_ready();
    EXPECT_EQ(seen, 1);
    send();
  }
  manual.run_ready();
  EXPECT_EQ(seen, 1);
}

TEST_F(watch_test, a_descriptor_that_is_not_open_is_refused_by_name) {
  const int closed = ::dup(reader());
  ::close(closed);
  EXPECT_THAT([&] { static_cast<void>(io.watch(closed, interest::read, [](interest) {})); },
              ThrowsMessage<usage_error>(HasSubstr("descriptor " + std::to_string(closed) + " is not open")));
  EXPECT_THAT([&] { static_cast<void>(io.watch(-1, interest::read, [](interest) {})); }, Throws<usage_error>());
}

TEST_F(watch_test, a_regular_file_or_folder_is_refused) {
  for (const char* path : {"/proc/self/exe", "/"}) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    EXPECT_THAT([&] { static_cast<void>(io.watch(fd, interest::read, [](interest) {})); },
                ThrowsMessage<usage_error>(HasSubstr("regular file or directory")));
    ::close(fd);
  }
}

TEST_F(watch_test, an_empty_callback_is_refused) {
  EXPECT_THAT([&] { static_cast<void>(io.watch(reader(), interest::read, nullptr)); },
              ThrowsMessage<usage_error>(HasSubstr("the callback is empty")));
}

TEST_F(watch_test, a_second_watch_of_one_descriptor_is_refused_until_the_first_has_ended) {
  fd_watch first = io.watch(reader(), interest::read, [](interest) {});
  EXPECT_THAT([&] { static_cast<void>(io.watch(reader(), interest::write, [](interest) {})); },
              ThrowsMessage<usage_error>(HasSubstr("is already watched")));
  first.stop();
  const fd_watch second = io.watch(reader(), interest::read, [](interest) {});
  EXPECT_TRUE(second.active());
}

TEST_F(watch_test, stopping_is_idempotent_and_destroys_the_callback) {
  fd_watch w = io.watch(reader(), interest::read, [held = counted()](interest) {});
  EXPECT_TRUE(w.active());
  w.stop();
  w.stop();
  EXPECT_FALSE(w.active());
  EXPECT_EQ(counted::alive(), 0);
  w.set_interest(interest::write);
  fd_watch().stop();
  EXPECT_FALSE(fd_watch().active());
}

TEST_F(watch_test, moving_the_handle_moves_the_watch) {
  fd_watch a = io.watch(reader(), interest::read, [held = counted()](interest) {});
  fd_watch b = std::move(a);
  EXPECT_FALSE(a.active());  // NOLINT(bugprone-use-after-move): the promise is that it is empty
  EXPECT_TRUE(b.active());
  a = std::move(b);
  EXPECT_TRUE(a.active());
  a = fd_watch();
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(watch_test, stopping_inside_the_callback_lets_it_run_to_its_end) {
  fd_watch w;
  int seen = 0;
  w = io.watch(reader(), interest::read, [&, held = counted(3)](interest) {
    w = fd_watch();
    EXPECT_EQ(held.value, 3);
    ++seen;
  });
  send();
  manual.run_ready();
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(watch_test, closing_the_loop_inside_the_callback_lets_it_run_to_its_end) {
  int seen = 0;
  const fd_watch w = io.watch(reader(), interest::read, [&, held = counted(3)](interest) {
    manual->close();
    seen += held.value;
  });
  send();
  manual.step();
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(counted::alive(), 0);
  EXPECT_FALSE(w.active());
}

TEST_F(watch_test, stopping_may_destroy_the_handle_itself) {
  struct object {
    fd_watch mine;
    counted held;
  };
  {
    auto owner = std::make_shared<object>();
    object& it = *owner;
    it.mine = io.watch(reader(), interest::read, [keeps = std::move(owner)](interest) {});
    it.mine.stop();
  }
  EXPECT_EQ(counted::alive(), 0);
  auto owner = std::make_shared<object>();
  object& it = *owner;
  it.mine = io.watch(reader(), interest::read,
                     [keeps = std::move(owner), pad = std::array<char, 99>{}](interest) { static_cast<void>(pad); });
  const fd_watch ends = std::move(it.mine);
}

TEST_F(watch_test, a_callback_that_throws_is_reported_and_the_watch_continues) {
  int seen = 0;
  const fd_watch w = io.watch(reader(), interest::read, [&](interest) {
    receive();
    ++seen;
    throw std::runtime_error("watch");
  });
  send();
  manual.run_ready();
  send();
  manual.run_ready();
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(taken_reports().size(), 2u);
}

TEST_F(watch_test, no_interest_pauses_and_interest_resumes) {
  int seen = 0;
  fd_watch w = io.watch(reader(), interest::none, [&](interest) {
    receive();
    ++seen;
  });
  send();
  manual.run_ready();
  EXPECT_EQ(seen, 0);
  w.set_interest(interest::read);
  manual.run_ready();
  EXPECT_EQ(seen, 1);
}

TEST_F(watch_test, a_descriptor_that_is_always_ready_does_not_keep_a_run_from_its_timers) {
  int seen = 0;
  const fd_watch watching = io.watch(writer(), interest::write, [&](interest) { ++seen; });
  io.call_later(std::chrono::hours(1), [&] { manual->stop(); });
  manual->run();
  EXPECT_GT(seen, 1000) << "the clock stands while there is a little to do";
}

TEST_F(watch_test, a_wait_that_fails_ends_the_run_with_an_error) {
  const fd_watch watching = io.watch(reader(), interest::read, [](interest) {});
  io.call_soon([&] { manual->stop(); });
  manual->run();  // UBSan needs descriptors when it sees the types for the first time
  ::rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  ::rlimit none = before;
  none.rlim_cur = 1;  // poll() refuses more descriptors than that
  std::exception_ptr thrown;
  ::setrlimit(RLIMIT_NOFILE, &none);
  try {
    manual->run();
  } catch (...) {
    thrown = std::current_exception();
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_TRUE(thrown);
  EXPECT_THAT([&] { std::rethrow_exception(thrown); }, ThrowsMessage<error>(HasSubstr("poll: Invalid argument")));
}

TEST_F(watch_test, a_callable_queued_before_the_event_runs_first_and_may_stop_the_watch) {
  fd_watch w = io.watch(reader(), interest::read, [](interest) { ADD_FAILURE(); });
  send();
  call_soon([&] { w.stop(); });
  manual.run_ready();
}

TEST_F(watch_test, the_descriptor_keeps_its_flags_and_stays_open) {
  const int before = ::fcntl(reader(), F_GETFL);
  {
    const fd_watch w = io.watch(reader(), interest::read_write, [](interest) {});
  }
  EXPECT_EQ(::fcntl(reader(), F_GETFL), before);
}

}  // namespace
}  // namespace interloop
