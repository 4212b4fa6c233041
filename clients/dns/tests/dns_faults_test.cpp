// SPDX-License-Identifier: MIT
// The resolver and servers that misbehave, on every loop.
#include "scripted_server.hpp"

#include "clients/support/on_every_loop.hpp"

#include <interloop/dns.hpp>

#include "support/no_descriptors.hpp"

#include <ares.h>

#include <csignal>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

namespace dns = interloop::dns;
using interloop::test::error_of;
using interloop::test::finish;
using interloop::test::get;
using interloop::test::on_every_loop;
using interloop::test::open_descriptors;
using namespace std::chrono_literals;
using replies = std::vector<std::string>;

class dns_faults : public on_every_loop {
 protected:
  /// A resolver that asks such a server, and soon gives up.
  void serve(scripted_server::script answer, int tries = 2, std::chrono::milliseconds try_for = 20ms) {
    server_.emplace(async_, std::move(answer));
    resolver_ = std::make_unique<dns::resolver>(
        async_,
        dns::resolver_options{.servers = server_->address(), .try_for = try_for, .tries = tries, .search = false});
  }
  dns::lookup_error refusal_of(const std::string& name) { return error_of<dns::lookup_error>(resolver_->a(name)); }

  std::optional<scripted_server> server_;
  std::unique_ptr<dns::resolver> resolver_;
};

INTERLOOP_ON_EVERY_LOOP(dns_faults);

TEST_P(dns_faults, a_server_that_never_answers_is_asked_again_and_then_given_up) {
  serve([](std::string_view) { return replies(); });
  loop_->core().call_soon([this] { loop_->core().stop(); });
  loop_->core().run();  // a native loop may open descriptors for its first run
  const auto before = open_descriptors();
  const auto error = refusal_of("host.example");
  EXPECT_TRUE(error.timed_out());
  EXPECT_EQ(error.code(), ARES_ETIMEOUT);
  EXPECT_EQ(server_->asked(), 2);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(dns_faults, a_second_server_is_asked_if_the_first_does_not_answer) {
  scripted_server mute(async_, [](std::string_view) { return replies(); });
  scripted_server talking(async_, [](std::string_view question) { return replies{right_answer(question)}; });
  dns::resolver resolver(async_, {.servers = mute.address() + "," + talking.address(), .try_for = 20ms});
  const auto before = open_descriptors();
  EXPECT_EQ(get(resolver.a("host.example")).at(0).ip.text(), "192.0.2.7");
  EXPECT_EQ(mute.asked(), 1);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(dns_faults, a_port_where_nobody_listens_is_an_error_at_once) {
  serve([](std::string_view) { return replies(); }, 2, 1min);
  server_.reset();
  EXPECT_EQ(refusal_of("host.example").code(), ARES_ECONNREFUSED);
}

TEST_P(dns_faults, noise_is_not_taken_for_an_answer) {
  std::mt19937 random(7);
  serve(
      [&](std::string_view question) {
        if (server_->asked() > 1) return replies{right_answer(question)};
        replies all;
        for (std::size_t length : {1u, 11u, 12u, 40u, 500u}) {
          std::string noise(length, '\0');
          for (char& each : noise) each = static_cast<char>(random());
          all.push_back(noise);
          if (length >= 2) noise.replace(0, 2, question.substr(0, 2));  // with the right number, too
          all.push_back(noise);
        }
        return all;
      },
      5);
  EXPECT_EQ(get(resolver_->a("host.example")).at(0).ip.text(), "192.0.2.7");
}

TEST_P(dns_faults, the_answer_to_another_question_is_not_taken) {
  serve([&](std::string_view question) {
    std::string other = right_answer(question);
    other[13] ^= 1;  // a letter of the name
    other.back() = 8;
    return server_->asked() > 1 ? replies{right_answer(question)} : replies{other};
  });
  EXPECT_EQ(get(resolver_->a("host.example")).at(0).ip.text(), "192.0.2.7");
}

TEST_P(dns_faults, an_answer_that_cannot_be_read_is_an_error) {
  serve([](std::string_view question) {
    std::string answer = right_answer(question);
    answer.resize(answer.size() - 3);  // the record ends too early
    return replies{answer};
  });
  EXPECT_EQ(refusal_of("host.example").code(), ARES_EBADRESP);
  for (int i = 0; i < 50; ++i) {  // whatever the bytes after the question are
    std::mt19937 random(static_cast<unsigned>(i));
    serve([&random](std::string_view question) {
      std::string answer = empty_answer(question, 0);
      for (std::size_t at = 6; at < 12; ++at) answer[at] = static_cast<char>(random() % 3);  // numbers of records
      for (int more = 0; more < 60; ++more) answer += static_cast<char>(random());
      return replies{answer};
    });
    const auto ends = {resolver_->txt("host.example"), resolver_->names(dns::address())};
    for (const auto& each : ends) static_cast<void>(error_of<dns::lookup_error>(each));
    static_cast<void>(error_of<dns::lookup_error>(resolver_->srv("host.example")));
    static_cast<void>(error_of<dns::lookup_error>(resolver_->mx("host.example")));
    static_cast<void>(error_of<dns::lookup_error>(resolver_->aaaa("host.example")));
    static_cast<void>(error_of<dns::lookup_error>(resolver_->addresses("host.example")));
  }
}

TEST_P(dns_faults, a_server_that_fails_is_an_error) {
  serve([](std::string_view question) { return replies{empty_answer(question, 2)}; });
  const int code = refusal_of("host.example").code();
  EXPECT_TRUE(code == ARES_ESERVFAIL || code == ARES_ECONNREFUSED) << code;  // newer releases, and 1.18
  serve([](std::string_view question) { return replies{empty_answer(question, 0)}; });
  EXPECT_TRUE(refusal_of("host.example").not_found());
}

TEST_P(dns_faults, an_answer_that_comes_twice_or_too_late_is_dropped) {
  std::string asked;
  serve([&asked](std::string_view question) {
    if (asked.empty()) {
      asked = question;
      return replies();
    }
    return replies{right_answer(question), right_answer(question), right_answer(asked), right_answer(question)};
  });
  const auto other = resolver_->a("other.example");
  interloop::test::run_until(loop_->core(), [&] { return server_->asked() == 1; });
  interloop::cancel(other);
  static_cast<void>(error_of<interloop::cancelled_error>(other));
  EXPECT_EQ(get(resolver_->a("host.example")).at(0).ip.text(), "192.0.2.7");
}

// Two writes to a connection that the server has closed raise SIGPIPE, unless somebody prevents that. With a question in
// each turn, the second is written before c-ares reads that the connection is closed.
TEST_P(dns_faults, a_connection_that_the_server_closes_is_an_error_and_not_a_signal) {
  std::signal(SIGPIPE, SIG_DFL);
  scripted_server server(async_, [](std::string_view) { return replies(); });
  dns::resolver resolver(async_,
                         {.servers = server.address(), .try_for = 1s, .tries = 2, .search = false, .tcp = true});
  finish(async_.create_future_success(1));
  const auto before = open_descriptors();
  std::vector<interloop::future<std::vector<dns::address_record>>> pending;
  for (int i = 0; i < 100; ++i) {
    pending.push_back(resolver.a("host.example"));
    finish(async_.create_future_success(1));  // a turn
  }
  for (const auto& each : pending) static_cast<void>(error_of<dns::lookup_error>(each));
  EXPECT_GE(server.connected(), 2);
  interloop::test::run_until(loop_->core(), [&] { return open_descriptors() <= before; });
}

TEST_P(dns_faults, a_time_limit_gives_a_lookup_up_and_closes_its_socket) {
  scripted_server mute(async_, [](std::string_view) { return replies(); });
  // c-ares by itself would wait for half an hour, and the test with it.
  dns::resolver resolver(async_, {.servers = mute.address(), .try_for = 30min, .tries = 1, .search = false});
  const auto before = open_descriptors();
  static_cast<void>(error_of<interloop::timeout_error>(interloop::with_timeout(5ms, resolver.a("host.example"))));
  EXPECT_EQ(resolver.pending(), 0u);
  interloop::test::run_until(loop_->core(), [&] { return open_descriptors() == before; });
}

TEST_P(dns_faults, a_lookup_that_is_cancelled_in_the_line_asks_no_server) {
  scripted_server server(async_, [](std::string_view question) { return replies{right_answer(question)}; });
  dns::resolver resolver(async_, {.servers = server.address(), .at_once = 1, .search = false});
  const auto first = resolver.a("first.example"), second = resolver.a("second.example");
  const auto third = resolver.a("third.example");
  interloop::cancel(second);
  EXPECT_EQ(resolver.pending(), 2u);
  finish(third);
  EXPECT_TRUE(interloop::is_called(first));
  EXPECT_EQ(server.asked(), 2);
  const auto fourth = resolver.a("fourth.example"), fifth = resolver.a("fifth.example");
  interloop::cancel(fifth);
  resolver.cancel();
  EXPECT_EQ(resolver.pending(), 0u);
  static_cast<void>(error_of<interloop::cancelled_error>(fourth));
  static_cast<void>(error_of<interloop::cancelled_error>(fifth));
}

TEST_P(dns_faults, a_lookup_without_a_descriptor_to_open_fails) {
  serve([](std::string_view question) { return replies{right_answer(question)}; });
  finish(resolver_->a("host.example"));
  {
    const interloop::test::no_descriptors none;
    EXPECT_EQ(refusal_of("other.example").code(), ARES_ECONNREFUSED);  // newer releases keep answers
  }
  EXPECT_EQ(get(resolver_->a("host.example")).at(0).ip.text(), "192.0.2.7");
}

}  // namespace
