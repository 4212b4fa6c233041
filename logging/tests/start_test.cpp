// SPDX-License-Identifier: MIT
#include <interloop/logging/start.hpp>

#include <interloop/error.hpp>
#include <interloop/logging/json_sink.hpp>
#include <interloop/logging/line_sink.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#if __has_include(<ext/stdio_filebuf.h>)
#include <ext/stdio_filebuf.h>
#include <ext/stdio_sync_filebuf.h>
#endif

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

struct chatty_value {};

}  // namespace
}  // namespace interloop

template <>
struct fmt::formatter<interloop::chatty_value> : fmt::formatter<std::string_view> {
  auto format(const interloop::chatty_value&, fmt::format_context& context) const {
    interloop::make_logger("chatty").warn("from a formatter");
    return fmt::formatter<std::string_view>::format("chatty", context);
  }
};

namespace interloop {
namespace {

class start_test : public test::logging_test {
 protected:
  std::ostringstream out;
  logger log = make_logger("start_test");
};

std::string without_time(const std::string& lines) {
  std::string bare;
  std::istringstream all(lines);
  for (std::string line; std::getline(all, line);)
    bare += (line.size() > 25 && line[10] == 'T' ? line.substr(25) : line) + '\n';
  return bare;
}

TEST_F(start_test, a_line_is_local_time_with_its_offset_and_the_text) {
  start_logging(out, log_level::info);
  log.info("Hopping {times} times.", "times"_a = 42);
  EXPECT_THAT(out.str(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{4} Hopping 42 times.\n"));
}

TEST_F(start_test, the_offset_is_the_local_one) {
  const char* const old = std::getenv("TZ");
  const std::string kept = old ? old : "";
  ::setenv("TZ", "XST+01:30", 1);
  ::tzset();
  start_logging(out);
  log.info("x");
  if (old)
    ::setenv("TZ", kept.c_str(), 1);
  else
    ::unsetenv("TZ");
  ::tzset();
  EXPECT_THAT(out.str(), HasSubstr("-0130 x\n"));
}

TEST_F(start_test, it_writes_to_files_streams_and_descriptors) {
  std::FILE* const file = std::tmpfile();
  start_logging(file, "debug");
  add_log_sink(std::make_shared<line_sink>(out));
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const auto to_descriptor = std::make_shared<line_sink>(ends[1]);
  add_log_sink(to_descriptor);
  log.debug("to all");
  log.trace("to none");
  flush_logs();
  std::array<char, 200> read{};
  std::rewind(file);
  ASSERT_TRUE(std::fgets(read.data(), read.size(), file));
  EXPECT_EQ(without_time(read.data()), "to all\n");
  EXPECT_FALSE(std::fgets(read.data(), read.size(), file));
  EXPECT_EQ(without_time(out.str()), "to all\n");
  read = {};
  EXPECT_GT(::read(ends[0], read.data(), read.size()), 0);
  EXPECT_EQ(without_time(read.data()), "to all\n");
  remove_log_sink(to_descriptor);
  ::close(ends[0]);
  ::close(ends[1]);
  testing::fresh_logging before_the_file_goes;
  std::fclose(file);
}

TEST_F(start_test, a_second_call_does_nothing) {
  std::ostringstream second;
  start_logging(out, log_level::warn);
  start_logging(second, log_level::trace);
  EXPECT_EQ(get_global_log_level(), log_level::warn);
  log.warn("once");
  EXPECT_EQ(without_time(out.str()), "once\n");
  EXPECT_EQ(second.str(), "");
}

TEST_F(start_test, a_call_that_was_refused_does_not_count) {
  EXPECT_THROW(start_logging(out, "loud"), usage_error);
  EXPECT_THROW(start_logging(static_cast<std::FILE*>(nullptr)), usage_error);
  EXPECT_THROW(start_logging(1000000), usage_error);
  start_logging(out);
  log.info("x");
  EXPECT_EQ(without_time(out.str()), "x\n");
}

TEST_F(start_test, messages_at_warn_and_above_before_start_are_kept_and_come_first) {
  {
    const std::string gone_by_then = "a text that does not outlive the call";
    log.warn("kept: {text}", "text"_a = gone_by_then);
  }
  log.info("not kept");
  log.critical("kept too");
  EXPECT_EQ(out.str(), "");
  start_logging(out, log_level::debug);
  log.debug("now");
  EXPECT_EQ(without_time(out.str()), "kept: a text that does not outlive the call\nkept too\nnow\n");
}

TEST_F(start_test, kept_messages_come_out_if_the_levels_at_that_time_let_them_through) {
  const logger pinned = make_logger("start_test pinned");
  pinned.set_level(log_level::warn);
  log.warn("not wanted any more");
  log.error("an error");
  pinned.warn("pinned");
  start_logging(out, "error");
  EXPECT_EQ(without_time(out.str()), "an error\npinned\n");
}

TEST_F(start_test, formatting_a_kept_message_may_log) {
  log.warn("{x}", "x"_a = chatty_value());
  const auto sink = capture();
  EXPECT_EQ(sink->texts().front(), "from a formatter");
  EXPECT_EQ(sink->texts().back(), "chatty");
}

TEST_F(start_test, the_number_of_kept_messages_is_bounded_and_the_log_says_how_many_were_lost) {
  for (int i = 0; i < 1005; ++i) log.warn("{i}", "i"_a = i);
  const auto sink = capture();
  ASSERT_EQ(sink->texts().size(), 1000U);
  EXPECT_EQ(sink->texts().back(), "999");
  log.info("next");
  EXPECT_EQ(sink->texts()[1000], "next");
  EXPECT_THAT(sink->texts()[1001], StartsWith("5 messages were lost"));
}

TEST_F(start_test, the_global_level_applies_at_once_up_and_down) {
  start_logging(out, log_level::info);
  log.debug("no");
  set_global_log_level(log_level::debug);
  log.debug("yes");
  set_global_log_level(log_level::error);
  log.warn("no");
  log.error("yes");
  EXPECT_EQ(without_time(out.str()), "yes\nyes\n");
}

TEST_F(start_test, each_sink_has_its_own_level) {
  set_global_log_level(log_level::debug);
  const auto all = capture();
  const auto grave = capture("error");
  log.debug("1");
  log.error("2");
  set_log_sink_level(grave, log_level::debug);
  log.debug("3");
  EXPECT_THAT(all->texts(), ElementsAre("1", "2", "3"));
  EXPECT_THAT(grave->texts(), ElementsAre("2", "3"));
}

TEST_F(start_test, a_level_that_no_sink_wants_is_off) {
  set_global_log_level(log_level::trace);
  const auto grave = capture(log_level::error);
  EXPECT_FALSE(log.enabled(log_level::warn));
  remove_log_sink(grave);
  EXPECT_FALSE(log.enabled(log_level::critical));
}

TEST_F(start_test, a_sink_is_added_once) {
  const auto sink = capture();
  EXPECT_THROW(add_log_sink(sink), usage_error);
  EXPECT_THROW(add_log_sink(nullptr), usage_error);
  remove_log_sink(sink);
  EXPECT_THROW(set_log_sink_level(sink, log_level::info), usage_error);
  log.warn("not captured");
  EXPECT_THAT(sink->texts(), IsEmpty());
}

class throwing_sink : public log_sink {
 public:
  void write(const log_event&) override { throw std::runtime_error("disk full"); }
  void flush() override { throw 1; }
};

TEST_F(start_test, a_sink_that_throws_harms_no_other_and_is_reported_less_and_less_often) {
  add_log_sink(std::make_shared<throwing_sink>());
  const auto sink = capture();
  for (int i = 1; i <= 4; ++i) log.info("{i}", "i"_a = i);
  flush_logs();
  EXPECT_THAT(sink->texts(), ElementsAre("a log sink failed to write, 1 time so far: disk full", "1",
                                         "a log sink failed to write, 2 times so far: disk full", "2", "3",
                                         "a log sink failed to write, 4 times so far: disk full", "4"));
}

class chatty_sink : public log_sink {
 public:
  void write(const log_event& event) override { log_.info("saw: {what}", "what"_a = event.text()); }

 private:
  logger log_ = make_logger("chatty");
};

TEST_F(start_test, messages_that_a_sink_logs_go_only_to_the_others) {
  add_log_sink(std::make_shared<chatty_sink>());
  const auto sink = capture();
  log.info("x");
  EXPECT_THAT(sink->texts(), ElementsAre("saw: x", "x"));
}

TEST_F(start_test, a_sink_may_add_and_remove_sinks) {
  class adding_sink : public log_sink {
   public:
    explicit adding_sink(std::shared_ptr<log_sink> other) : other_(std::move(other)) {}
    void write(const log_event&) override {
      made_ = make_logger("a new one").enabled(log_level::critical);
      if (other_) add_log_sink(std::exchange(other_, nullptr));
      if (self) remove_log_sink(std::exchange(self, nullptr));
    }
    std::shared_ptr<log_sink> self;

   private:
    std::shared_ptr<log_sink> other_;
    bool made_ = false;
  };
  const auto later = std::make_shared<test::log_capture>();
  const auto adding = std::make_shared<adding_sink>(later);
  adding->self = adding;
  log.warn("kept until the first sink comes");
  add_log_sink(adding);
  log.info("x");
  log.info("y");
  EXPECT_EQ(later->texts().back(), "y");
}

TEST_F(start_test, a_system_error_is_reported_with_its_reason) {
  std::ostringstream closed;
  add_log_sink(std::make_shared<line_sink>(closed));
  const auto sink = capture();
  closed.setstate(std::ios::badbit);
  log.info("x");
  EXPECT_THAT(sink->texts().front(), HasSubstr("writing to the stream failed"));
  log.info("y");
  EXPECT_EQ(without_time(closed.str()), "y\n");
}

TEST_F(start_test, a_line_cut_off_by_a_full_descriptor_is_not_joined_with_the_next_line) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
  add_log_sink(std::make_shared<line_sink>(ends[1]));
  const auto sink = capture("error");
  log.info(std::string(1'000'000, 'x'));
  EXPECT_THAT(sink->texts(), ElementsAre(HasSubstr("full for a second")));
  std::string all(1'000'000, '\0');
  const ::ssize_t size = ::read(ends[0], all.data(), all.size());
  ASSERT_GT(size, 0);
  log.info("next");
  std::array<char, 100> room{};
  const ::ssize_t rest = ::read(ends[0], room.data(), room.size());
  EXPECT_EQ(room[0], '\n');
  EXPECT_EQ(without_time(std::string(room.data() + 1, static_cast<std::size_t>(rest - 1))), "next\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

// Writes two thousand lines into a small non-blocking pipe that is read slowly: `make` makes a sink for its end. Also
// text that the program itself had written there.
template <class Make>
void all_lines_come_through_a_full_pipe(Make make) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
  ::fcntl(ends[0], F_SETFL, 0);
  ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
  std::string got;
  std::thread reader([&] {
    std::array<char, 1000> room{};
    for (::ssize_t size = 0; (size = ::read(ends[0], room.data(), room.size())) > 0;)
      got.append(room.data(), static_cast<std::size_t>(size));
  });
  {
    const auto sink = make(ends[1]);
    add_log_sink(sink);
    const logger log = make_logger("start_test");
    for (int i = 0; i < 2000; ++i) log.info("line {i} {rest}", "i"_a = i, "rest"_a = std::string(100, '.'));
    log.error("the last one");
    flush_logs();
    remove_log_sink(sink);
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  EXPECT_THAT(got, StartsWith("of the program's own\n"));
  std::size_t at = 0;
  for (int i = 0; i < 2000 && at != std::string::npos; ++i) at = got.find("line " + std::to_string(i) + " ...", at);
  EXPECT_NE(got.find("the last one", at), std::string::npos);
  EXPECT_NE(at, std::string::npos);
}

TEST_F(start_test, writing_to_a_file_with_a_non_blocking_descriptor_waits_for_room) {
  for (const bool json : {false, true}) {
    all_lines_come_through_a_full_pipe([&](int to) -> std::shared_ptr<log_sink> {
      std::FILE* const file = ::fdopen(::dup(to), "w");
      std::fputs("of the program's own\n", file);
      std::shared_ptr<log_sink> sink = std::make_shared<json_sink>(file);
      if (!json) {
        sink = std::make_shared<line_sink>(file);
        ::fcntl(to, F_SETFL, 0);  // the flag may be set later, by another process that shares the pipe
        add_log_sink(sink);
        log.info("in the file's buffer");
        remove_log_sink(sink);
        ::fcntl(to, F_SETFL, O_NONBLOCK);
      }
      return {sink.get(), [sink, file](log_sink*) { std::fclose(file); }};
    });
  }
}

#if __has_include(<ext/stdio_filebuf.h>)
TEST_F(start_test, writing_to_a_stream_with_a_non_blocking_descriptor_waits_for_room) {
  for (const bool synced : {false, true}) {  // like std::cout, synchronised with C's files or not
    all_lines_come_through_a_full_pipe([&](int to) -> std::shared_ptr<log_sink> {
      struct output {
        std::FILE* file;
        std::unique_ptr<std::streambuf> buffer;
        std::ostream stream{buffer.get()};
        line_sink sink{stream};
        ~output() { std::fclose(file); }
      };
      std::FILE* const file = ::fdopen(::dup(to), "w");
      std::unique_ptr<std::streambuf> buffer;
      if (synced) buffer = std::make_unique<__gnu_cxx::stdio_sync_filebuf<char>>(file);
      if (!synced) buffer = std::make_unique<__gnu_cxx::stdio_filebuf<char>>(file, std::ios::out);
      auto all = std::make_shared<output>(file, std::move(buffer));
      all->stream << "of the program's own\n";
      return {all, &all->sink};
    });
  }
}
#endif

TEST_F(start_test, a_message_that_the_only_sink_could_not_write_is_reported_on_stderr) {
  ::testing::internal::CaptureStderr();
  std::ostringstream closed;
  add_log_sink(std::make_shared<line_sink>(closed));
  closed.setstate(std::ios::badbit);
  log.info("x");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              StartsWith("interloop: a log sink failed to write, 1 time so far: log: writing to the stream failed"));
}

TEST_F(start_test, messages_that_a_sink_could_not_write_go_to_stderr_if_the_other_sinks_skip_them) {
  ::testing::internal::CaptureStderr();
  std::ostringstream closed;
  add_log_sink(std::make_shared<line_sink>(closed), "critical");
  const auto other = capture("none");
  closed.setstate(std::ios::badbit);
  log.critical("x");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("a log sink failed to write"));
  EXPECT_THAT(other->texts(), IsEmpty());
}

TEST_F(start_test, a_stream_that_throws_is_written_to_again) {
  class failing_once : public std::stringbuf {
   private:
    std::streamsize xsputn(const char* text, std::streamsize size) override {
      return std::exchange(fails_, false) ? 0 : std::stringbuf::xsputn(text, size);
    }
    bool fails_ = true;
  };
  failing_once buffer;
  std::ostream throwing(&buffer);
  throwing.exceptions(std::ios::badbit | std::ios::failbit);
  add_log_sink(std::make_shared<line_sink>(throwing));
  log.info("x");
  log.info("y");
  EXPECT_EQ(without_time(buffer.str()), "y\n");
}

TEST_F(start_test, a_stream_that_cannot_be_flushed_is_reported_and_written_to_again) {
  class unflushable : public std::stringbuf {
   private:
    int sync() override { return -1; }
  };
  unflushable buffer;
  std::ostream stream(&buffer);
  add_log_sink(std::make_shared<line_sink>(stream));
  const auto sink = capture();
  flush_logs();
  EXPECT_THAT(sink->texts(), ElementsAre(HasSubstr("writing to the stream failed")));
  log.info("x");
  EXPECT_EQ(without_time(buffer.str()), "x\n");
}

}  // namespace
}  // namespace interloop
