// SPDX-License-Identifier: MIT
#include <interloop/logging/async_sink.hpp>

#include <interloop/error.hpp>
#include <interloop/logging/json_sink.hpp>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class async_sink_test : public test::logging_test {
 protected:
  logger log = make_logger("async_sink_test");
};

/// Writes nothing until the gate opens, and reports when it has reached the gate.
class gated_sink : public test::log_capture {
 public:
  void write(const log_event& event) override {
    if (!std::exchange(reached_, true)) arrived.set_value();
    open_.wait();
    test::log_capture::write(event);
  }
  std::promise<void> gate;
  std::promise<void> arrived;

 private:
  std::shared_future<void> open_ = gate.get_future().share();
  bool reached_ = false;
};

TEST_F(async_sink_test, messages_come_in_order_from_a_thread_of_its_own) {
  class thread_sink : public test::log_capture {
   public:
    void write(const log_event& event) override {
      thread = std::this_thread::get_id();
      test::log_capture::write(event);
    }
    std::thread::id thread;
  };
  const auto to = std::make_shared<thread_sink>();
  add_log_sink(std::make_shared<async_sink>(to));
  {
    const std::string gone = "gone by then";
    for (int i = 0; i < 3; ++i) log.info("{i} {gone}", "i"_a = i, "gone"_a = gone);
  }
  flush_logs();
  EXPECT_THAT(to->texts(), ElementsAre("0 gone by then", "1 gone by then", "2 gone by then"));
  EXPECT_NE(to->thread, std::this_thread::get_id());
}

TEST_F(async_sink_test, its_thread_takes_no_signals_of_the_process_and_the_thread_that_makes_it_keeps_its_mask) {
  struct mask_sink : log_sink {
    void write(const log_event&) override { pthread_sigmask(SIG_SETMASK, nullptr, &mask); }
    sigset_t mask;
  };
  const auto to = std::make_shared<mask_sink>();
  add_log_sink(std::make_shared<async_sink>(to));
  log.info("x");
  flush_logs();
  EXPECT_TRUE(sigismember(&to->mask, SIGTERM));
  EXPECT_TRUE(sigismember(&to->mask, SIGHUP));
  EXPECT_FALSE(sigismember(&to->mask, SIGSEGV));
  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  EXPECT_FALSE(sigismember(&mine, SIGTERM));
}

TEST_F(async_sink_test, fields_keep_their_types_and_members) {
  const auto to = std::make_shared<test::log_capture>();
  add_log_sink(std::make_shared<async_sink>(to));
  const std::map<std::string, std::vector<int>> things{{"one", {1, 2}}, {"two", {}}};
  log.info("x", "things"_a = things, "fail"_a = create_failure(std::runtime_error("gone")), "pi"_a = 3.5);
  flush_logs();
  const log_event& event = to->last();
  EXPECT_EQ(event.where.line(), __LINE__ - 3U);
  EXPECT_EQ(event.field("pi")->as_real(), 3.5);
  EXPECT_EQ(event.field("fail")->as_failure().message(), "gone");
  ASSERT_EQ(event.field("things")->kind(), value_kind::mapping);
  EXPECT_EQ(event.field("things")->str(), "{'one': [1, 2], 'two': []}");
  std::int64_t last = 0;
  const auto keep_last = [&](value_view one) { one.item("-1", [&](value_view end) { last = end.as_integer(); }); };
  EXPECT_TRUE(event.field("things")->item("one", keep_last));
  EXPECT_EQ(last, 2);
  EXPECT_FALSE(event.field("things")->item("three", keep_last));
}

TEST_F(async_sink_test, a_blocked_sink_keeps_nobody_waiting_and_dropped_messages_are_counted_and_reported) {
  const auto slow = std::make_shared<gated_sink>();
  const auto queue = std::make_shared<async_sink>(slow, 3);
  add_log_sink(queue);
  const auto other = capture();
  log.info("0");
  slow->arrived.get_future().wait();  // the thread holds the message, and the queue is empty
  for (int i = 1; i <= 8; ++i) log.info("{i}", "i"_a = i);
  EXPECT_EQ(other->texts().size(), 9U);
  EXPECT_EQ(queue->dropped(), 5U);
  EXPECT_THAT(slow->texts(), IsEmpty());
  slow->gate.set_value();
  flush_logs();
  EXPECT_THAT(slow->texts(),
              ElementsAre("0", "1", "2", "3", "5 messages were dropped: more was logged than this sink could write"));
  EXPECT_EQ(slow->last().level, log_level::warn);
  EXPECT_EQ(slow->last().field("dropped")->as_natural(), 5U);
}

TEST_F(async_sink_test, flushing_a_stuck_sink_gives_up_and_its_destructor_abandons_it) {
  const auto stuck = std::make_shared<gated_sink>();
  {
    async_sink queue(stuck);
    const auto shared = std::shared_ptr<async_sink>(&queue, [](async_sink*) {});
    add_log_sink(shared);
    log.info("x");
    EXPECT_THROW(queue.flush(), error);
    remove_log_sink(shared);
  }
  EXPECT_THAT(stuck->texts(), IsEmpty());
  stuck->gate.set_value();
  while (stuck->texts().empty()) std::this_thread::yield();
  EXPECT_THAT(stuck->texts(), ElementsAre("x"));
}

TEST_F(async_sink_test, a_sink_that_throws_does_not_stop_the_thread) {
  class throwing_sink : public test::log_capture {
   public:
    void write(const log_event& event) override {
      if (event.text() == "bad") throw std::runtime_error("cannot");
      test::log_capture::write(event);
    }
  };
  const auto to = std::make_shared<throwing_sink>();
  add_log_sink(std::make_shared<async_sink>(to));
  log.info("bad");
  flush_logs();  // now the report of the failure is in the queue
  log.info("good");
  flush_logs();
  EXPECT_THAT(to->texts(), ElementsAre(HasSubstr("failed to write, 1 time so far: cannot"), "good"));
}

TEST_F(async_sink_test, a_sink_that_never_writes_is_reported_on_stderr) {
  class broken_sink : public log_sink {
   public:
    void write(const log_event&) override { throw std::runtime_error("cannot"); }
  };
  ::testing::internal::CaptureStderr();
  add_log_sink(std::make_shared<async_sink>(std::make_shared<broken_sink>()));
  log.info("x");
  flush_logs();
  flush_logs();  // the report of the failure was behind the first one
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "interloop: the sink behind an async_sink failed to write, 1 time so far: cannot\n");
}

TEST_F(async_sink_test, messages_that_the_other_sink_logs_go_only_to_the_others) {
  class chatty_sink : public test::log_capture {
   public:
    void write(const log_event& event) override {
      test::log_capture::write(event);
      log_.info("saw: {text}", "text"_a = event.text());
      flush_logs();  // would deadlock
    }

   private:
    logger log_ = make_logger("chatty");
  };
  const auto to = std::make_shared<chatty_sink>();
  add_log_sink(std::make_shared<async_sink>(to));
  const auto sink = capture();
  log.info("x");
  for (int i = 0; i < 3; ++i) flush_logs();  // its messages would come back with each flush
  EXPECT_THAT(to->texts(), ElementsAre("x"));
  EXPECT_THAT(sink->texts(), UnorderedElementsAre("x", "saw: x"));
}

TEST_F(async_sink_test, two_sinks_that_log_about_each_other_come_to_an_end) {
  class chatty_sink : public test::log_capture {
   public:
    explicit chatty_sink(std::string name) : name_(std::move(name)) {}
    void write(const log_event& event) override {
      test::log_capture::write(event);
      if (texts().size() < 100) log_.info("{name} saw: {text}", "name"_a = name_, "text"_a = event.text());
    }

   private:
    std::string name_;
    logger log_ = make_logger("chatty");
  };
  const auto one = std::make_shared<chatty_sink>("one");
  const auto two = std::make_shared<chatty_sink>("two");
  add_log_sink(std::make_shared<async_sink>(one));
  add_log_sink(std::make_shared<async_sink>(two));
  const auto here = capture();
  log.info("x");
  for (int i = 0; i < 300; ++i) flush_logs();  // each is a round trip
  EXPECT_THAT(one->texts(), UnorderedElementsAre("x", "two saw: x"));
  EXPECT_THAT(two->texts(), UnorderedElementsAre("x", "one saw: x"));
  EXPECT_THAT(here->texts(),
              UnorderedElementsAre("x", "one saw: x", "two saw: x", "one saw: two saw: x", "two saw: one saw: x"));
}

TEST_F(async_sink_test, in_a_child_process_it_writes_at_once) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const auto to = std::make_shared<json_sink>(ends[1]);
  add_log_sink(std::make_shared<async_sink>(to));
  log.info("of the parent");
  flush_logs();
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    log.info("of the child");
    ::_exit(0);  // without waiting
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  log.info("of the parent again");
  flush_logs();
  std::array<char, 4096> room{};
  const ::ssize_t size = ::read(ends[0], room.data(), room.size());
  const std::string text(room.data(), static_cast<std::size_t>(std::max<::ssize_t>(size, 0)));
  EXPECT_THAT(text, ::testing::MatchesRegex(".*\"text\":\"of the parent\".*\n.*\"text\":\"of the child\".*\n"
                                            ".*\"text\":\"of the parent again\".*\n"));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(async_sink_test, meaningless_arguments_are_refused) {
  EXPECT_THROW(async_sink(nullptr), usage_error);
  EXPECT_THROW(async_sink(std::make_shared<test::log_capture>(), 0), usage_error);
}

}  // namespace
}  // namespace interloop
