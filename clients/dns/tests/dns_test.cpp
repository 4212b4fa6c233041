// SPDX-License-Identifier: MIT
// The resolver against a real server, on every loop.
#include "dnsmasq.hpp"

#include "clients/support/on_every_loop.hpp"

#include <interloop/dns.hpp>

#include <interloop/blocking.hpp>
#include <interloop/testing/cancel_everywhere.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <netinet/in.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace dns = interloop::dns;
using interloop::test::error_of;
using interloop::test::finish;
using interloop::test::get;
using interloop::test::on_every_loop;
using interloop::test::open_descriptors;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using texts = std::vector<std::string>;

const std::string long_text(200, 'x');  // three of them do not fit into a datagram

// One for the process.
const dnsmasq& server() {
  static const dnsmasq started(
      "192.0.2.1 host.example\n"
      "2001:db8::1 host.example\n"
      "192.0.2.25 far-and-near.example\n"
      "127.0.0.9 far-and-near.example\n"
      "192.0.2.26 mail.example\n",
      {"--local=/in-addr.arpa/", "--cname=alias.example,host.example",
       "--srv-host=_sip._tcp.example,second.example,5061,20,5", "--srv-host=_sip._tcp.example,first.example,5060,10,60",
       "--mx-host=example,backup.example,20", "--mx-host=example,mail.example,10",
       "--txt-record=text.example,one ,text", "--txt-record=text.example,another",
       "--txt-record=long.example," + long_text + "," + long_text + "," + long_text});
  return started;
}

dns::resolver_options ask_server() { return {.servers = server().address(), .try_for = 10s, .search = false}; }

class dns_lookup : public on_every_loop {
 protected:
  void SetUp() override {
    if (!dnsmasq::available()) GTEST_SKIP() << "dnsmasq is not installed";
    resolver_ = std::make_unique<dns::resolver>(async_, ask_server());
  }
  void TearDown() override {
    on_every_loop::TearDown();
    if (resolver_) {
      EXPECT_EQ(resolver_->pending(), 0u);
    }
  }

  std::unique_ptr<dns::resolver> resolver_;
};

INTERLOOP_ON_EVERY_LOOP(dns_lookup);

texts addresses_of(const std::vector<dns::address_record>& records) {
  texts found;
  for (const auto& each : records) found.push_back(each.ip.text());
  return found;
}

// ---- Records ----

TEST_P(dns_lookup, gives_the_addresses_of_both_families) {
  EXPECT_THAT(addresses_of(get(resolver_->a("host.example"))), ElementsAre("192.0.2.1"));
  EXPECT_THAT(addresses_of(get(resolver_->aaaa("host.example"))), ElementsAre("2001:db8::1"));
  EXPECT_THAT(addresses_of(get(resolver_->a("far-and-near.example"))), UnorderedElementsAre("192.0.2.25", "127.0.0.9"));
}

TEST_P(dns_lookup, follows_an_alias) {
  EXPECT_THAT(addresses_of(get(resolver_->a("alias.example"))), ElementsAre("192.0.2.1"));
}

TEST_P(dns_lookup, gives_the_hosts_of_a_service_by_priority) {
  const auto found = get(resolver_->srv("_sip._tcp.example"));
  EXPECT_THAT(found, ElementsAre(dns::service_record{"first.example", 5060, 10, 60},
                                 dns::service_record{"second.example", 5061, 20, 5}));
}

TEST_P(dns_lookup, gives_the_hosts_for_mail_by_priority) {
  EXPECT_THAT(get(resolver_->mx("example")),
              ElementsAre(dns::mail_record{"mail.example", 10}, dns::mail_record{"backup.example", 20}));
}

TEST_P(dns_lookup, gives_texts_with_their_parts_joined) {
  EXPECT_THAT(get(resolver_->txt("text.example")), UnorderedElementsAre("one text", "another"));
}

TEST_P(dns_lookup, gives_a_long_answer_which_comes_by_tcp) {
  EXPECT_THAT(get(resolver_->txt("long.example")), ElementsAre(long_text + long_text + long_text));
}

TEST_P(dns_lookup, gives_the_names_of_an_address) {
  EXPECT_THAT(get(resolver_->names(dns::address::v4({192, 0, 2, 1}))), ElementsAre("host.example"));
  EXPECT_THAT(get(resolver_->names(dns::address::parse("2001:db8::1"))), ElementsAre("host.example"));
}

TEST_P(dns_lookup, fails_with_the_servers_reason_and_the_name) {
  const auto absent = error_of<dns::lookup_error>(resolver_->a("nowhere.example"));
  EXPECT_TRUE(absent.not_found());
  EXPECT_EQ(absent.name(), "nowhere.example");
  EXPECT_STREQ(absent.what(), "nowhere.example: Domain name not found");
  EXPECT_TRUE(error_of<dns::lookup_error>(resolver_->mx("host.example")).not_found()) << "it has no such record";
  EXPECT_FALSE(error_of<dns::lookup_error>(resolver_->a("elsewhere.test")).not_found()) << "the server refuses";
  EXPECT_EQ(error_of<interloop::error>(resolver_->names(dns::address::v4({192, 0, 2, 99}))).what(),
            std::string("99.2.0.192.in-addr.arpa: Domain name not found"));
}

TEST_P(dns_lookup, asks_by_tcp_if_told_so) {
  auto by_tcp = ask_server();
  by_tcp.tcp = true;
  dns::resolver other(async_, by_tcp);
  EXPECT_THAT(addresses_of(get(other.a("host.example"))), ElementsAre("192.0.2.1"));
}

// ---- Addresses to connect to ----

TEST_P(dns_lookup, gives_endpoints_of_both_families_with_the_port) {
  EXPECT_THAT(get(resolver_->addresses("host.example", 80)),
              UnorderedElementsAre(dns::endpoint{dns::address::v4({192, 0, 2, 1}), 80},
                                   dns::endpoint{dns::address::parse("2001:db8::1"), 80}));
  EXPECT_THAT(get(resolver_->addresses("host.example", 80, dns::family::v4)),
              ElementsAre(dns::endpoint{dns::address::v4({192, 0, 2, 1}), 80}));
}

TEST_P(dns_lookup, gives_endpoints_in_the_order_in_which_to_try_them) {
  for (int i = 0; i < 3; ++i)  // the server's own order changes
    EXPECT_EQ(get(resolver_->addresses("far-and-near.example")).at(0).ip.text(), "127.0.0.9");
}

TEST_P(dns_lookup, knows_the_hosts_file_and_numbers_without_a_server) {
  const auto local = get(resolver_->addresses("localhost", 80, dns::family::v4));
  EXPECT_THAT(local, ElementsAre(dns::endpoint{dns::address::v4({127, 0, 0, 1}), 80}));
  EXPECT_THAT(get(resolver_->addresses("2001:db8::7", 1)),
              ElementsAre(dns::endpoint{dns::address::parse("2001:db8::7"), 1}));
}

// [mail_servers]
interloop::future<std::vector<dns::endpoint>> mail_servers(dns::resolver& resolver, std::string domain) {
  std::vector<dns::endpoint> found;
  for (const dns::mail_record& server : co_await resolver.mx(domain)) {  // the best first
    try {
      for (const dns::endpoint& each : co_await resolver.addresses(server.host, 25)) found.push_back(each);
    } catch (const dns::lookup_error& error) {
      if (!error.not_found()) throw;  // no server has answered in time, say
    }
  }
  co_return found;
}
// [/mail_servers]

TEST_P(dns_lookup, one_lookup_may_lead_to_others_in_a_coroutine) {
  const auto selected = interloop::testing::replace_loop(loop_->core());
  const auto found = get(mail_servers(*resolver_, "example"));
  EXPECT_THAT(found, ElementsAre(dns::endpoint{dns::address::v4({192, 0, 2, 26}), 25}));
}

// ---- Many ----

TEST_P(dns_lookup, thousands_at_once_are_all_answered) {
  finish(resolver_->a("host.example"));  // a native loop may open descriptors for its first watch
  const auto before = open_descriptors();
  std::vector<interloop::future<std::vector<dns::address_record>>> pending;
  const std::size_t count = GetParam() == interloop::test::own_loop_names().front() ? 10'000 : 1'000;
  while (pending.size() < count) pending.push_back(resolver_->a("host.example"));
  EXPECT_EQ(resolver_->pending(), count);
  for (const auto& each : get(async_.gather(pending))) ASSERT_EQ(addresses_of(each.value()), texts{"192.0.2.1"});
  EXPECT_EQ(open_descriptors(), before) << "no socket is left between lookups";
}

TEST_P(dns_lookup, some_of_many_may_be_cancelled) {
  std::vector<interloop::future<std::vector<dns::address_record>>> pending;
  for (int i = 0; i < 300; ++i) pending.push_back(resolver_->a("host.example"));
  for (std::size_t i = 0; i < pending.size(); i += 2) interloop::cancel(pending[i]);
  EXPECT_EQ(resolver_->pending(), 150u);
  for (std::size_t i = 0; i < pending.size(); ++i) {
    if (i % 2 == 0) {
      static_cast<void>(error_of<interloop::cancelled_error>(pending[i]));
    } else {
      ASSERT_EQ(addresses_of(get(pending[i])), texts{"192.0.2.1"});
    }
  }
}

TEST_P(dns_lookup, threads_may_block_on_one_resolver) {
  const interloop::loop_thread thread(interloop::test::loop_kind(GetParam()).own);
  std::unique_ptr<dns::resolver> shared;
  interloop::wait_for(thread, 60s,
                      [&] { shared = std::make_unique<dns::resolver>(interloop::with_config(), ask_server()); })();
  const auto lookup = interloop::wait_for(thread, 60s, [&] { return shared->a("host.example"); });
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) right += addresses_of(lookup()) == texts{"192.0.2.1"};
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(right, 80);
  interloop::wait_for(thread, 60s, [&] { shared.reset(); })();
}

// ---- Lost servers ----

TEST_P(dns_lookup, survives_a_server_that_is_killed_and_restarted) {
  const auto loops = interloop::test::own_loop_names();
  const int rounds = GetParam() == loops.front() || GetParam() == loops.back() ? 100 : 3;
  dnsmasq mine("192.0.2.1 host.example\n", {});
  dns::resolver patient(async_, {.servers = mine.address(), .try_for = 20s, .search = false});
  dns::resolver_options hasty{.servers = mine.address(), .try_for = 10ms, .tries = 2, .search = false};
  dns::resolver by_datagrams(async_, hasty);
  hasty.tcp = true;
  dns::resolver by_connection(async_, hasty);
  ASSERT_EQ(addresses_of(get(patient.a("host.example"))), texts{"192.0.2.1"});
  const auto before = open_descriptors();
  for (int round = 0; round < rounds; ++round) {
    std::vector<interloop::future<std::vector<dns::address_record>>> all;
    for (int i = 0; i < 20; ++i) {
      all.push_back(by_datagrams.a("host.example"));
      all.push_back(by_connection.a("host.example"));
    }
    if (round % 2 == 0) finish(all[static_cast<std::size_t>(round) % all.size()]);
    mine.kill();
    all.push_back(by_datagrams.a("host.example"));
    all.push_back(by_connection.a("host.example"));
    for (const auto& each : all) {
      if (!interloop::is_called(each)) finish(each);
      if (const interloop::failure* const why = each.get_failure()) {
        EXPECT_TRUE(why->is<dns::lookup_error>()) << interloop::failure_message(*why);
      } else {
        EXPECT_EQ(addresses_of(each.value()), texts{"192.0.2.1"});
      }
    }
    ASSERT_NE(all.back().get_failure(), nullptr);
    EXPECT_EQ(by_datagrams.pending() + by_connection.pending(), 0u);
    mine.start();
    EXPECT_EQ(addresses_of(get(patient.a("host.example"))), texts{"192.0.2.1"});
  }
  EXPECT_EQ(open_descriptors(), before);
}

// ---- Ends ----

TEST_P(dns_lookup, all_may_be_cancelled_and_it_goes_on_working) {
  std::vector<interloop::future<std::vector<dns::address_record>>> pending;
  for (int i = 0; i < 300; ++i) pending.push_back(resolver_->a("host.example"));
  resolver_->cancel();
  for (const auto& each : pending) static_cast<void>(error_of<interloop::cancelled_error>(each));
  EXPECT_THAT(addresses_of(get(resolver_->a("host.example"))), ElementsAre("192.0.2.1"));
}

TEST_P(dns_lookup, may_be_destroyed_in_a_callback_while_others_are_pending) {
  finish(resolver_->a("host.example"));
  const auto before = open_descriptors();
  auto first = resolver_->a("host.example");
  std::vector<interloop::future<std::vector<dns::address_record>>> others;
  interloop::add_callbacks(
      first,
      [&](const auto&) {
        for (int i = 0; i < 300; ++i) others.push_back(resolver_->a("host.example"));
        resolver_.reset();
      },
      nullptr);
  finish(first);
  ASSERT_EQ(others.size(), 300u);
  for (const auto& each : others)
    EXPECT_STREQ(error_of<dns::lookup_error>(each).what(), "host.example: Channel is being destroyed");
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(dns_lookup, its_loop_may_be_closed_while_lookups_are_pending) {
  const auto before = open_descriptors();
  for (int answered = 0; answered < 3; ++answered) {
    loop_ = interloop::test::make_loop(GetParam());
    const interloop::api async(loop_->core());
    dns::resolver resolver(async, ask_server());
    std::vector<interloop::future<std::vector<dns::address_record>>> pending;
    for (int i = 0; i < 300; ++i) pending.push_back(resolver.a("host.example"));
    for (int i = 0; i < answered; ++i) finish(pending[static_cast<std::size_t>(i)]);
    loop_->core().close();
    for (const auto& each : pending) ASSERT_TRUE(interloop::is_called(each));
    EXPECT_TRUE(pending.back().get_failure()->is<interloop::loop_closed>());
    EXPECT_THROW(static_cast<void>(resolver.a("host.example")), interloop::loop_closed);
    resolver.cancel();
  }
  resolver_.reset();
  loop_ = interloop::test::make_loop(GetParam());
  EXPECT_LE(open_descriptors(), before);
  resolver_ = std::make_unique<dns::resolver>(interloop::api(loop_->core()), ask_server());
}

TEST(dns_cancelled_everywhere, lookups_may_be_cancelled_anywhere) {
  if (!dnsmasq::available()) GTEST_SKIP() << "dnsmasq is not installed";
  static_cast<void>(server());
  const auto before = open_descriptors();
  const auto report = interloop::testing::cancel_everywhere(
      [](interloop::api async) -> interloop::future<void> {
        dns::resolver resolver(async, ask_server());
        const auto found = co_await resolver.a("host.example");
        if (addresses_of(found) != texts{"192.0.2.1"}) throw std::runtime_error("another answer");
        static_cast<void>(co_await resolver.txt("long.example"));
        co_await async.yield();
        static_cast<void>(co_await interloop::with_timeout(1h, resolver.addresses("host.example")));
        static_cast<void>(co_await async.gather(resolver.mx("example"), resolver.srv("_sip._tcp.example")));
      },
      {.patience = 60s});
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 5);
  EXPECT_EQ(open_descriptors(), before);
}

// ---- Without a server ----

TEST(dns_arguments, that_cannot_work_are_usage_errors) {
  const auto kind = interloop::test::make_loop(interloop::test::own_loop_names().at(0));
  const interloop::api async(kind->core());
  const auto make = [&](const dns::resolver_options& how) { dns::resolver made(async, how); };
  EXPECT_THROW(make({.servers = "not a server"}), interloop::usage_error);
  EXPECT_THROW(make({.try_for = 0ms}), interloop::usage_error);
  EXPECT_THROW(make({.tries = 0}), interloop::usage_error);
  EXPECT_THROW(make({.at_once = 0}), interloop::usage_error);
  dns::resolver resolver(async);
  EXPECT_THROW(static_cast<void>(resolver.a("")), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(resolver.a(std::string("host.example\0.test", 18))), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(dns::address::parse("host.example")), interloop::usage_error);
  EXPECT_EQ(resolver.pending(), 0u);
}

TEST(dns_address, is_a_value_with_a_text) {
  const auto v6 = dns::address::parse("2001:DB8:0::1");
  EXPECT_EQ(v6.text(), "2001:db8::1");
  EXPECT_EQ((dns::endpoint{v6, 53}.text()), "[2001:db8::1]:53");
  EXPECT_EQ((dns::endpoint{dns::address::v4({192, 0, 2, 1}), 53}.text()), "192.0.2.1:53");
  EXPECT_LT(dns::address::v4({255, 0, 0, 0}), v6);
  EXPECT_EQ(dns::address::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 2).text(), "fe80::1%2");
  sockaddr_storage raw;
  EXPECT_EQ((dns::endpoint{v6, 53}.to_sockaddr(raw)), sizeof(sockaddr_in6));
  EXPECT_EQ(raw.ss_family, AF_INET6);
  EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in6&>(raw).sin6_port), 53);
}

}  // namespace
