// SPDX-License-Identifier: MIT
#include <starter/line_reader.hpp>

#include <interloop/testing/every_loop.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using starter::line_reader;

struct line_reader_test : testing::Test {
  line_reader_test() {
    int made[2];
    if (::pipe2(made, O_NONBLOCK | O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    ours = made[0];
    theirs = made[1];
  }
  ~line_reader_test() override {
    hang_up();
    ::close(ours);
  }
  void send(std::string_view text) { ASSERT_EQ(::write(theirs, text.data(), text.size()), ssize_t(text.size())); }
  void hang_up() {
    if (theirs != -1) ::close(theirs);
    theirs = -1;
  }

  // First, so that it is destroyed last: it reports what the others have left.
  interloop::testing::every_loop loop{[](const std::string& problem) { ADD_FAILURE() << problem; }};
  int ours;
  int theirs;
};

TEST_F(line_reader_test, gives_line_by_line) {
  line_reader lines(loop.async(), ours);
  send("one\ntwo\nthr");
  EXPECT_EQ(loop.run(lines.next()), "one");
  EXPECT_EQ(loop.run(lines.next()), "two");
  const auto third = lines.next();
  send("ee\n");
  EXPECT_EQ(loop.run(third), "three");
}

TEST_F(line_reader_test, the_last_line_needs_no_end) {
  line_reader lines(loop.async(), ours);
  send("one\ntwo");
  hang_up();
  EXPECT_EQ(loop.run(lines.next()), "one");
  EXPECT_EQ(loop.run(lines.next()), "two");
  EXPECT_EQ(loop.run(lines.next()), std::nullopt);
  EXPECT_EQ(loop.run(lines.next()), std::nullopt);
}

TEST_F(line_reader_test, cancelling_loses_no_line) {
  line_reader lines(loop.async(), ours);
  const auto cancelled = lines.next();
  interloop::cancel(cancelled);
  EXPECT_THROW(loop.run(cancelled), interloop::operation_cancelled);
  send("one\n");
  EXPECT_EQ(loop.run(lines.next()), "one");
}

TEST_F(line_reader_test, a_second_reader_of_a_line_is_an_error) {
  line_reader lines(loop.async(), ours);
  const auto first = lines.next();
  EXPECT_THROW(lines.next(), std::logic_error);
  send("one\n");
  EXPECT_EQ(loop.run(first), "one");
}

TEST_F(line_reader_test, destroying_the_reader_fails_what_waits) {
  std::optional<line_reader> lines(std::in_place, loop.async(), ours);
  const auto never = lines->next();
  lines.reset();
  EXPECT_THROW(loop.run(never), std::runtime_error);
}

TEST_F(line_reader_test, an_error_of_the_descriptor_arrives) {
  line_reader lines(loop.async(), theirs);  // which cannot be read
  const auto failing = lines.next();
  ::close(ours);
  ours = -1;
  EXPECT_THROW(loop.run(failing), std::system_error);
}

TEST_F(line_reader_test, counts_lines) {
  send("one\ntwo\n");
  hang_up();
  EXPECT_EQ(loop.run(starter::count_lines(loop.async(), ours)), 2u);
}

}  // namespace
