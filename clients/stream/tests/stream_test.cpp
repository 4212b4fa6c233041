// SPDX-License-Identifier: MIT
// Connections to names, on every loop: the addresses in their order, the time limit, cancelling. What else a connection
// does is tested by the clients that are made of it.
#include "../backoff.hpp"
#include "clients/dns/tests/scripted_server.hpp"
#include "clients/support/loopback.hpp"
#include "clients/support/mute_server.hpp"
#include "clients/support/on_every_loop.hpp"
#include "line_to_server.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <interloop/testing/cancel_everywhere.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace stream_test;
using interloop::test::failed_with;
using interloop::test::get;
using interloop::test::open_descriptors;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// An answer with these IPv4 addresses, and none for IPv6.
std::vector<std::string> answer(std::string_view question, const std::vector<std::string>& addresses) {
  std::string made = empty_answer(question, 0);
  if (question[question.size() - 3] != 1) return {made};  // not type A
  made[7] = static_cast<char>(addresses.size());
  for (const std::string& each : addresses) {
    in_addr bytes{};
    ::inet_pton(AF_INET, each.c_str(), &bytes);
    made += std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4", 12);
    made.append(reinterpret_cast<const char*>(&bytes), 4);
  }
  return {made};
}

scripted_server::script addresses(std::vector<std::string> all) {
  return [all = std::move(all)](std::string_view question) { return answer(question, all); };
}

class stream_names : public interloop::test::on_every_loop {
 protected:
  streams::connection_options with(const scripted_server& dns, interloop::duration limit = 60s) {
    return {.client = "test", .time_limit = limit, .name_servers = dns.address()};
  }
  streams::address host(int port) { return streams::tcp_address("host.test.", port); }

  test_servers::mute_server server_;
};

INTERLOOP_ON_EVERY_LOOP(stream_names);

TEST_P(stream_names, connects_to_the_next_address_if_one_refuses) {
  const scripted_server dns(async_, addresses({"127.0.0.9", "127.0.0.8", "127.0.0.1"}));
  const owned_line line(async_, with(dns));
  get(line->connect(host(server_.port())));
  server_.accept();
  server_.say("hello");
  line->say("thanks");
  while (line->heard != "hello") get(async_.sleep(1ms));
  EXPECT_EQ(server_.hear(6), "thanks");
}

TEST_P(stream_names, says_of_each_address_why_it_was_refused) {
  const scripted_server dns(async_, addresses({"127.0.0.9", "127.0.0.1"}));
  const owned_line line(async_, with(dns));
  const auto why = failed_with<lost>(line->connect(host(test_servers::free_port())));
  EXPECT_THAT(why, AllOf(HasSubstr("test host.test."), HasSubstr("127.0.0.9: Connection refused"),
                         HasSubstr("127.0.0.1: Connection refused")));
  EXPECT_EQ(line->down, why);
}

TEST_P(stream_names, says_that_there_is_no_such_name) {
  const scripted_server dns(
      async_, [](std::string_view question) { return std::vector<std::string>{empty_answer(question, 3)}; });
  const owned_line line(async_, with(dns));
  EXPECT_THAT(failed_with<lost>(line->connect(host(1))), AllOf(HasSubstr("host.test"), HasSubstr("not found")));
}

TEST_P(stream_names, says_that_a_name_has_no_address) {
  const scripted_server dns(async_, addresses({}));
  const owned_line line(async_, with(dns));
  EXPECT_THAT(failed_with<lost>(line->connect(host(1))), HasSubstr("looking the name up failed"));
}

TEST_P(stream_names, does_not_ask_for_numbers_nor_for_localhost) {
  const scripted_server dns(async_, addresses({"127.0.0.9"}));
  for (const char* const each : {"127.0.0.1", "localhost"}) {
    const owned_line line(async_, with(dns));
    get(line->connect(streams::tcp_address(each, server_.port())));
    server_.accept();
  }
  EXPECT_EQ(dns.asked(), 0);
}

TEST_P(stream_names, ends_the_look_up_with_the_attempt) {
  const scripted_server dns(async_, [](std::string_view) { return std::vector<std::string>(); });
  const owned_line hasty(async_, with(dns, 20ms)), line(async_, with(dns, 1min));
  const std::size_t before = open_descriptors();
  EXPECT_THAT(failed_with<took_too_long>(hasty->connect(host(1))), HasSubstr("too long"));
  const auto again = line->connect(host(1));
  get(async_.sleep(1ms));
  interloop::cancel(again);
  failed_with<interloop::cancelled_error>(again);
  EXPECT_THAT(line->down, HasSubstr("cancelled"));
  for (int i = 0; i < 3; ++i) get(async_.yield());
  EXPECT_EQ(open_descriptors(), before);
  get(line->connect(streams::tcp_address("127.0.0.1", server_.port())));
}

TEST_P(stream_names, looks_the_name_up_anew_for_each_attempt) {
  int asked = 0;
  const scripted_server dns(async_, [&](std::string_view question) {
    ++asked;
    return asked < 5 ? std::vector<std::string>{empty_answer(question, 3)} : answer(question, {"127.0.0.1"});
  });
  auto options = with(dns);
  options.again = streams::pauses{1ms, 2ms};
  const owned_line line(async_, options);
  get(line->connect(host(server_.port())));
  EXPECT_GE(asked, 5);
}

TEST(stream_cancelled_everywhere, an_attempt_by_name_may_be_cancelled_anywhere) {
  test_servers::mute_server server;
  const auto report = interloop::testing::cancel_everywhere(
      [&](interloop::api async) -> interloop::future<void> {
        const scripted_server dns(async, addresses({"127.0.0.9", "127.0.0.1"}));
        const owned_line line(async, {.client = "test", .time_limit = 1h, .name_servers = dns.address()});
        co_await line->connect(streams::tcp_address("host.test.", server.port()));
        if (!line->up()) throw std::runtime_error("not up");
      },
      {.patience = 60s});
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 3);
}

/// A socket that nobody can connect to: its queue is full, so that the kernel drops what comes.
class full_socket {
 public:
  full_socket(const char* host, int port) {
    sockaddr_in here = test_servers::loopback(port);
    ::inet_pton(AF_INET, host, &here.sin_addr);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto* const name = reinterpret_cast<const sockaddr*>(&here);
    if (::bind(listener_, name, sizeof here) != 0 || ::listen(listener_, 0) != 0) throw std::runtime_error("no socket");
    for (int& each : fill_) {
      each = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      static_cast<void>(::connect(each, name, sizeof here));
    }
  }
  full_socket(const full_socket&) = delete;
  full_socket& operator=(const full_socket&) = delete;
  ~full_socket() {
    for (const int each : fill_) ::close(each);
    ::close(listener_);
  }

 private:
  int listener_ = -1;
  int fill_[4]{};
};

TEST(stream_time, an_address_that_does_not_answer_leaves_time_for_the_next_one) {
  interloop::testing::manual_loop loop;
  const interloop::api async(*loop);
  test_servers::mute_server server;
  const full_socket full("127.0.0.9", server.port());
  const scripted_server dns(async, addresses({"127.0.0.9", "127.0.0.1"}));
  const owned_line line(async, {.client = "test", .time_limit = 1h, .name_servers = dns.address()});
  const auto connecting = line->connect(streams::tcp_address("host.test.", server.port()));
  const auto begin = loop->now();
  while (dns.asked() < 2 || loop.step()) std::this_thread::sleep_for(1ms), loop.step();
  while (!interloop::is_called(connecting)) {
    for (int i = 0; i < 50 && !interloop::is_called(connecting); ++i) std::this_thread::sleep_for(1ms), loop.step();
    if (!interloop::is_called(connecting)) loop.step_to_alarm();
    ASSERT_LT(loop->now() - begin, 2h);
  }
  EXPECT_FALSE(connecting.get_failure());
  EXPECT_GE(loop->now() - begin, 30min);
  EXPECT_LT(loop->now() - begin, 31min);
}

class stream_acknowledging : public interloop::test::on_every_loop {};
INTERLOOP_ON_EVERY_LOOP(stream_acknowledging);

/// Segments that the peer's kernel has not acknowledged.
unsigned unacknowledged(int fd) {
  tcp_info all{};
  socklen_t size = sizeof all;
  EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &all, &size), 0);
  return all.tcpi_unacked;
}

TEST_P(stream_acknowledging, lets_a_server_go_on_that_waits_for_it) {
  int port = 0;
  const int listener = test_servers::listen_on_free_port(port);
  const owned_line line(async_, {.client = "test", .time_limit = 60s, .acknowledge_at_once = true});
  get(line->connect(streams::tcp_address("127.0.0.1", port)));
  const int server = ::accept(listener, nullptr, nullptr);
  for (int i = 0; i < 10;
       ++i) {  // a conversation, in which the kernel expects the next question to acknowledge an answer
    line->say("question");
    get(async_.sleep(1ms));
    char question[8];
    EXPECT_EQ(::recv(server, question, sizeof question, MSG_WAITALL), 8);
    line->heard.clear();
    EXPECT_EQ(::send(server, "answer", 6, 0), 6);
    while (line->heard.size() < 6) get(async_.sleep(1ms));
    get(async_.sleep(1ms));
    EXPECT_EQ(unacknowledged(server), 0u) << i;
  }
  ::close(server);
  ::close(listener);
}

TEST(stream_backoff, doubles_up_to_its_limit_less_a_random_half) {
  streams::backoff wait(streams::pauses{.first = 100ms, .most = 1s}, 1);
  for (const auto whole : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    const auto some = wait.next();
    EXPECT_GE(some, whole / 2);
    EXPECT_LE(some, whole);
  }
  wait.reset();
  EXPECT_LE(wait.next(), 100ms);
  streams::backoff one(streams::pauses{.first = 100ms, .most = 1s}, 1),
      other(streams::pauses{.first = 100ms, .most = 1s}, 2);
  EXPECT_NE(one.next(), other.next());
}

}  // namespace
