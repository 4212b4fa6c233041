// SPDX-License-Identifier: MIT
// A journal, here, is a program that listens on the socket: the test itself.
#include <interloop/logging/journal_sink.hpp>

#include <interloop/error.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "logging/tests/log_capture.hpp"

namespace interloop {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class journal_sink_test : public test::logging_test {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("TMPDIR");
    std::string name = std::string(folder ? folder : "/tmp") + "/interloop_journal_XXXXXX";
    ASSERT_TRUE(::mkdtemp(name.data()));
    folder_ = name;
    path_ = folder_ + "/socket";
    journal_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path_.c_str());
    ASSERT_EQ(::bind(journal_, reinterpret_cast<const ::sockaddr*>(&address), sizeof address), 0);
    add_log_sink(std::make_shared<journal_sink>("tester", path_));
  }
  void TearDown() override {
    ::close(journal_);
    ::unlink(path_.c_str());
    ::rmdir(folder_.c_str());
  }

  // The fields of the next message, as the journal would read them; also from a file, if one was sent.
  std::multimap<std::string, std::string> receive() {
    std::vector<char> bytes(1 << 20);
    ::iovec part{bytes.data(), bytes.size()};
    alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    ::msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ::ssize_t size = ::recvmsg(journal_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0) return {};
    std::string text(bytes.data(), static_cast<std::size_t>(size));
    if (const ::cmsghdr* const header = CMSG_FIRSTHDR(&message)) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(header), sizeof file);
      came_as_file_ = true;
      EXPECT_EQ(::fcntl(file, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
      struct stat about{};
      EXPECT_EQ(::fstat(file, &about), 0);
      text.resize(static_cast<std::size_t>(about.st_size));
      EXPECT_EQ(::pread(file, text.data(), text.size(), 0), about.st_size);
      ::close(file);
    }
    return parse(text);
  }

  static std::multimap<std::string, std::string> parse(const std::string& text) {
    std::multimap<std::string, std::string> fields;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find_first_of("=\n", at);
      const std::string name = text.substr(at, end - at);
      if (text[end] == '=') {
        const std::size_t line = text.find('\n', end);
        fields.emplace(name, text.substr(end + 1, line - end - 1));
        at = line + 1;
      } else {
        std::uint64_t size = 0;
        for (std::size_t i = 8; i > 0; --i) size = size << 8 | static_cast<unsigned char>(text[end + i]);
        fields.emplace(name, text.substr(end + 9, size));
        EXPECT_EQ(text[end + 9 + size], '\n');
        at = end + 10 + size;
      }
    }
    return fields;
  }

  static std::string one(const std::multimap<std::string, std::string>& fields, const char* name) {
    return fields.count(name) == 1 ? fields.find(name)->second : std::to_string(fields.count(name)) + " of them";
  }

  logger log = make_logger("journal");
  std::string folder_, path_;
  int journal_ = -1;
  bool came_as_file_ = false;
};

TEST_F(journal_sink_test, fields_arrive_as_fields) {
  log.warn("Hopping {times} times.", "times"_a = 42, "who_hops"_a = "Jack");
  const auto fields = receive();
  EXPECT_EQ(one(fields, "MESSAGE"), "Hopping 42 times.");
  EXPECT_EQ(one(fields, "PRIORITY"), "4");
  EXPECT_EQ(one(fields, "SYSLOG_IDENTIFIER"), "tester");
  EXPECT_EQ(one(fields, "LOG_LEVEL"), "warn");
  EXPECT_EQ(one(fields, "LOG_NAMESPACE"), "journal");
  EXPECT_EQ(one(fields, "LOG_FORMAT"), "Hopping {times} times.");
  EXPECT_THAT(one(fields, "CODE_FILE"), HasSubstr("journal_sink_test.cpp"));
  EXPECT_EQ(one(fields, "CODE_LINE"), std::to_string(__LINE__ - 9));
  EXPECT_EQ(one(fields, "TIMES"), "42");
  EXPECT_EQ(one(fields, "WHO_HOPS"), "Jack");
}

TEST_F(journal_sink_test, each_level_has_its_priority) {
  set_global_log_level(log_level::trace);
  const std::array<const char*, 7> wanted{"", "2", "3", "4", "6", "7", "7"};
  for (std::size_t level = 1; level < log_levels.size(); ++level) {
    log.emit(static_cast<log_level>(level), "x");
    EXPECT_EQ(one(receive(), "PRIORITY"), wanted[level]);
  }
}

TEST_F(journal_sink_test, a_value_may_have_several_lines) {
  log.info("two\nlines", "text"_a = "a\n\nb=c\n", "empty"_a = "");
  const auto fields = receive();
  EXPECT_EQ(one(fields, "MESSAGE"), "two\nlines");
  EXPECT_EQ(one(fields, "TEXT"), "a\n\nb=c\n");
  EXPECT_EQ(one(fields, "EMPTY"), "");
}

TEST_F(journal_sink_test, names_are_made_to_fit_the_journal) {
  log.info("x", "message"_a = 1, "_secret"_a = 2, "code_line"_a = 3, "_9"_a = 4);
  const auto fields = receive();
  EXPECT_EQ(one(fields, "MESSAGE"), "x");
  EXPECT_EQ(one(fields, "FIELD_MESSAGE"), "1");
  EXPECT_EQ(one(fields, "SECRET"), "2");
  EXPECT_EQ(one(fields, "FIELD_CODE_LINE"), "3");
  EXPECT_EQ(one(fields, "FIELD_"), "4");
}

TEST_F(journal_sink_test, a_message_too_large_for_a_datagram_is_sent_as_a_sealed_file) {
  const std::string large(8'000'000, 'x');
  log.info("large", "large"_a = large);
  const auto fields = receive();
  EXPECT_TRUE(came_as_file_);
  EXPECT_EQ(one(fields, "LARGE").size(), large.size());
}

TEST_F(journal_sink_test, a_failure_brings_its_traceback) {
  log.failure("while {doing}", create_failure(std::runtime_error("gone")), "doing"_a = "this");
  const auto fields = receive();
  EXPECT_EQ(one(fields, "LOG_FAILURE"), "std::runtime_error: gone");
  EXPECT_THAT(one(fields, "LOG_FAILURE_TRACEBACK"), StartsWith("Traceback"));
}

TEST_F(journal_sink_test, a_missing_journal_does_no_harm_and_may_come_back) {
  const auto sink = capture();
  const std::string away = path_ + "_away";
  ASSERT_EQ(::rename(path_.c_str(), away.c_str()), 0);
  log.info("x");
  EXPECT_THAT(sink->texts().front(), HasSubstr("the journal does not accept the message: No such file"));
  EXPECT_EQ(sink->texts().size(), 2U);
  ASSERT_EQ(::rename(away.c_str(), path_.c_str()), 0);
  EXPECT_THAT(receive(), IsEmpty());
  log.info("y");
  EXPECT_EQ(one(receive(), "MESSAGE"), "y");
}

TEST_F(journal_sink_test, a_path_that_is_too_long_is_refused) {
  EXPECT_THROW(journal_sink("x", std::string(108, 'x')), usage_error);
  EXPECT_THROW(journal_sink("x", ""), usage_error);
}

}  // namespace
}  // namespace interloop
