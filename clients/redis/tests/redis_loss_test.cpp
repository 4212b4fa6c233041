// SPDX-License-Identifier: MIT
// Lost connections: servers that die and come back, that are slow, that talk nonsense; and cancelling anywhere.
#include "redis_support.hpp"

#include <interloop/testing/cancel_everywhere.hpp>

#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <utility>

namespace {

using namespace redis_test;

const redis::reconnect_options quickly{.first = 2ms, .most = 5ms};

/// With a server of its own, which the test ends and starts again.
class redis_reconnecting : public on_every_loop {
 protected:
  void SetUp() override {
    if (!redis_server::available()) GTEST_SKIP() << "redis-server is not installed";
    server_.emplace();
  }
  std::unique_ptr<redis::client> connected(redis::client_options options) {
    auto made = make_client(std::move(options));
    get(made->connect_unix(server_->path()));
    return made;
  }
  /// Until the client is connected again.
  template <class Client>
  void wait_for(Client& client) {
    while (!client.connected()) get(async_.sleep(1ms));
  }

  std::optional<redis_server> server_;
};

class redis_misled : public on_every_loop {
 protected:
  /// A client that is connected to the server.
  std::unique_ptr<redis::client> connected(redis::client_options options = {}) {
    auto made = make_client(std::move(options));
    get(made->connect("127.0.0.1", server_.port()));
    server_.accept();
    return made;
  }

  mute_server server_;
};

INTERLOOP_ON_EVERY_LOOP(redis_reconnecting);
INTERLOOP_ON_EVERY_LOOP(redis_misled);

// ---- Connecting again ----

TEST_P(redis_reconnecting, fails_what_was_under_way_and_never_sends_it_again) {
  auto client = connected({.reconnect = quickly, .wait_while_down = true});
  const auto blocked = client->command("BLPOP", "never", 0);
  const auto behind = client->command("INCR", "count");
  server_->kill();
  failed_with<redis::connection_lost>(blocked);
  failed_with<redis::connection_lost>(behind);
  const auto waiting = client->command("INCR", "count");
  EXPECT_FALSE(client->connected());
  EXPECT_EQ(client->in_flight(), 1u);
  get(async_.sleep(20ms));  // some attempts fail
  EXPECT_FALSE(interloop::is_called(waiting));
  server_->start();
  EXPECT_EQ(get(waiting).integer(), 1);
}

TEST_P(redis_reconnecting, fails_commands_at_once_while_there_is_no_connection) {
  auto client = connected({.reconnect = quickly});
  const auto blocked = client->command("BLPOP", "never", 0);
  server_->kill();
  failed_with<redis::connection_lost>(blocked);
  const auto refused = client->command("PING");
  EXPECT_TRUE(interloop::is_called(refused));
  EXPECT_FALSE(refused.get_failure()->is<redis::connection_lost>());
  failed_with<redis::connection_error>(refused);
  server_->start();
  wait_for(*client);
  EXPECT_EQ(get(client->command("PING")).text(), "PONG");
  client->close();
  EXPECT_THAT(failed_with<redis::connection_error>(client->command("PING")), HasSubstr("closed"));
}

TEST_P(redis_reconnecting, times_out_what_waits_for_a_connection_and_does_not_send_it_later) {
  auto client = connected({.timeout = 250ms, .reconnect = quickly, .wait_while_down = true});
  const auto blocked = client->command("BLPOP", "never", 0);
  server_->kill();
  failed_with<redis::connection_lost>(blocked);
  const auto late = client->command("INCR", "count");
  failed_with<interloop::timeout_error>(late);
  server_->start();
  wait_for(*client);
  EXPECT_TRUE(get(client->command("GET", "count")).is_nil());
}

TEST_P(redis_reconnecting, goes_on_trying_until_the_server_is_there) {
  server_->kill();
  auto client = make_client({.reconnect = quickly});
  auto news = make_subscriber({.reconnect = quickly});
  const auto connecting = client->connect("127.0.0.1", server_->port());
  const auto listening = news->connect("127.0.0.1", server_->port());
  const auto subscribed = news->subscribe("a");
  get(async_.sleep(10ms));
  EXPECT_FALSE(interloop::is_called(connecting));
  server_->start();
  get(connecting);
  get(subscribed);
  EXPECT_EQ(get(client->command("PUBLISH", "a", "x")).integer(), 1);
}

TEST_P(redis_reconnecting, subscribes_again_and_says_that_messages_may_be_missing) {
  auto news = make_subscriber({.reconnect = quickly});
  get(news->connect_unix(server_->path()));
  get(news->subscribe("a"));
  get(news->psubscribe("b*"));
  const auto hear = [&](const text& channel) {
    auto client = connected({});
    while (get(client->command("PUBLISH", channel, "x")).integer() == 0) get(async_.sleep(1ms));
    return *get(news->next().as_future());
  };
  EXPECT_FALSE(hear("a").after_loss);
  server_->kill();
  const auto added = news->subscribe("c");
  server_->start();
  EXPECT_TRUE(hear("a").after_loss);
  EXPECT_FALSE(hear("bb").after_loss);
  get(added);
  EXPECT_EQ(hear("c").channel, "c");
}

TEST_P(redis_reconnecting, ends_messages_when_the_connection_is_lost_for_good) {
  auto news = make_subscriber();
  get(news->connect_unix(server_->path()));
  get(news->subscribe("a"));
  const auto waiting = news->next().as_future();
  const auto refused = news->subscribe("b");
  server_->kill();
  failed_with<redis::connection_lost>(waiting);
  static_cast<void>(refused.get_failure());  // it may have been confirmed before
  EXPECT_TRUE(interloop::is_called(refused));
  failed_with<redis::connection_lost>(news->next().as_future());
  failed_with<redis::connection_error>(news->subscribe("c"));
  server_->start();
  get(news->connect_unix(server_->path()));
  get(news->subscribe("d"));
  EXPECT_EQ(get(connected({})->command("PUBLISH", "a", "x")).integer(), 0);
}

TEST_P(redis_reconnecting, survives_a_server_that_dies_again_and_again) {
  const auto loops = interloop::test::own_loop_names();
  const int rounds = GetParam() == loops.front() || GetParam() == loops.back() ? 100 : 5;
  auto client = connected({.reconnect = quickly});
  auto patient = connected({.reconnect = quickly, .wait_while_down = true});
  auto news = make_subscriber({.reconnect = quickly});
  get(news->connect_unix(server_->path()));
  get(news->subscribe("a"));
  int lost = 0;
  int answered = 0;
  std::size_t descriptors = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<interloop::future<redis::reply>> all;
    for (int i = 0; i < 50; ++i) {
      all.push_back(client->command("INCR", "count"));
      all.push_back(patient->command("ECHO", "x"));
    }
    if (round % 2 == 0) get(all[static_cast<std::size_t>(round) % all.size()]);
    server_->kill();
    const auto during = patient->command("ECHO", "during");  // its connection may not be known to be lost
    server_->start();
    all.push_back(during);
    for (const auto& each : all) {
      if (!interloop::is_called(each)) finish(each);
      const interloop::failure* const why = each.get_failure();
      ++(why ? lost : answered);
      EXPECT_TRUE(!why || why->is<redis::connection_error>()) << interloop::failure_message(*why);
    }
    while (!client->connected() || !news->connected() || !patient->connected()) get(async_.sleep(1ms));
    EXPECT_EQ(client->in_flight() + patient->in_flight(), 0u);
    if (round == 2) descriptors = open_descriptors();
    ASSERT_TRUE(round <= 2 || open_descriptors() == descriptors) << open_descriptors() << " " << descriptors;
  }
  EXPECT_GT(lost, 0);
  EXPECT_GT(answered, 0);
}

// ---- Servers that misbehave ----

TEST_P(redis_misled, drops_a_server_that_does_not_speak_the_protocol) {
  for (const char* const nonsense :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "*99999999999999999999\r\n", "$-7\r\n", ":x\r\n", "\0\0\0\0"}) {
    auto client = connected();
    const auto pending = client->command("PING");
    server_.say(std::string_view(nonsense, 4));
    if (nonsense[0]) server_.say(nonsense + 4);
    EXPECT_THAT(failed_with<redis::connection_lost>(pending), HasSubstr("protocol"));
    EXPECT_FALSE(client->connected());
  }
}

TEST_P(redis_misled, is_not_impressed_by_a_large_number_of_elements) {
  auto client = connected();
  const auto pending = client->command("PING");
  server_.say("*2147483647\r\n$1\r\nx\r\n*2147483647\r\n:1\r\n");
  get(async_.sleep(5ms));
  EXPECT_FALSE(interloop::is_called(pending));
  server_.hang_up();
  failed_with<redis::connection_lost>(pending);
}

TEST_P(redis_misled, understands_a_reply_that_comes_byte_by_byte) {
  auto client = connected();
  const auto first = client->command("PING");
  const auto second = client->command("PING");
  get(async_.sleep(1ms));
  EXPECT_EQ(server_.hear(28), "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n");
  const std::string_view all = "*3\r\n$2\r\na\n\r\n*2\r\n:7\r\n*0\r\n$-1\r\n-ERR no\r\n";
  for (const char each : all) {
    server_.say({&each, 1});
    get(async_.yield());
    get(async_.sleep(0ms));
  }
  const auto got = get(first);
  ASSERT_EQ(got.elements().size(), 3u);
  EXPECT_EQ(got.elements()[0].text(), "a\n");
  EXPECT_EQ(got.elements()[1].elements()[0].integer(), 7);
  EXPECT_TRUE(got.elements()[1].elements()[1].elements().empty());
  EXPECT_TRUE(got.elements()[2].is_nil());
  EXPECT_EQ(failed_with<redis::error_reply>(second), "ERR no");
}

TEST_P(redis_misled, drops_a_server_that_says_what_nobody_asked_for) {
  auto client = connected();
  server_.say("-ERR max number of clients reached\r\n");
  while (client->connected()) get(async_.sleep(1ms));
  EXPECT_THAT(failed_with<redis::connection_error>(client->command("PING")), HasSubstr("max number of clients"));
}

TEST_P(redis_misled, loses_the_connection_when_it_ends_within_a_reply) {
  auto client = connected();
  const auto first = client->command("PING");
  const auto second = client->command("PING");
  server_.say("+PONG\r\n$100\r\nhalf");
  server_.hang_up();
  EXPECT_EQ(get(first).text(), "PONG");
  failed_with<redis::connection_lost>(second);
}

TEST_P(redis_misled, gives_up_a_server_that_does_not_answer_its_greeting) {
  auto client = make_client({.connect_timeout = 20ms, .password = "secret"});
  const auto connecting = client->connect("127.0.0.1", server_.port());
  const auto command = client->command("PING");
  const text why = failed_with<interloop::timeout_error>(connecting);
  EXPECT_THAT(why, Not(HasSubstr("secret")));
  failed_with<redis::connection_error>(command);
  server_.accept();
  EXPECT_EQ(server_.hear(26), "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n");
}

TEST_P(redis_misled, hides_a_password_that_the_server_repeats) {
  auto client = make_client({.password = "secret"});
  const auto connecting = client->connect("127.0.0.1", server_.port());
  get(async_.sleep(1ms));
  server_.accept();
  server_.say("-ERR unknown command 'AUTH', with args beginning with: 'secret'\r\n");
  EXPECT_THAT(failed_with<redis::connection_error>(connecting),
              testing::AllOf(HasSubstr("unknown command"), Not(HasSubstr("secret"))));
}

TEST_P(redis_misled, gives_up_tls_with_a_server_that_is_silent_hangs_up_or_has_none) {
  const redis::tls_options unverified{.verify = false};
  auto hasty = make_client({.connect_timeout = 20ms, .tls = unverified});
  failed_with<interloop::timeout_error>(hasty->connect("127.0.0.1", server_.port()));
  server_.accept();
  auto client = make_client({.tls = unverified});
  const auto connecting = client->connect("127.0.0.1", server_.port());
  get(async_.sleep(1ms));
  server_.accept();
  server_.hang_up();
  failed_with<redis::connection_error>(connecting);
  const auto misunderstood = client->connect("127.0.0.1", server_.port());
  get(async_.sleep(1ms));
  server_.accept();
  server_.say("-ERR Protocol error\r\n");
  EXPECT_THAT(failed_with<redis::connection_error>(misunderstood), HasSubstr("TLS"));
}

// ---- Cancelling ----

TEST(redis_cancelled_everywhere, a_session_may_be_cancelled_anywhere) {
  if (!redis_server::available()) GTEST_SKIP() << "redis-server is not installed";
  redis_server& server = shared_server();
  const auto report = interloop::testing::cancel_everywhere(
      [&server](interloop::api async) -> interloop::future<void> {
        redis::client client(async, {.name = "cancelled"});
        co_await client.connect("127.0.0.1", server.port());
        static_cast<void>(co_await client.command("SET", "key", "value"));
        const auto read = co_await interloop::with_timeout(1h, client.command("GET", "key"));
        redis::transaction both;
        const auto length = both.command<int>("STRLEN", "key");
        if ((co_await client.exec(both))[length] != 5 || read.text() != "value") throw std::runtime_error("other");
      },
      {.patience = 5s});
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 4);
}

TEST(redis_cancelled_everywhere, a_subscriber_may_be_cancelled_anywhere) {
  if (!redis_server::available()) GTEST_SKIP() << "redis-server is not installed";
  redis_server& server = shared_server();
  const auto report = interloop::testing::cancel_everywhere(
      [&server](interloop::api async) -> interloop::future<void> {
        redis::client client(async);
        redis::subscriber news(async, {.reconnect = redis::reconnect_options()});
        co_await client.connect_unix(server.path());
        co_await news.connect_unix(server.path());
        co_await news.subscribe("a");
        static_cast<void>(co_await client.command("PUBLISH", "a", "x"));
        if ((co_await news.next())->payload != "x") throw std::runtime_error("another message");
      },
      {.patience = 5s});
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 5);
}

TEST(redis_cancelled_everywhere, an_attempt_that_is_made_again_may_be_cancelled_anywhere) {
  const int port = free_port();
  const auto report = interloop::testing::cancel_everywhere([port](interloop::api async) -> interloop::future<void> {
    redis::client client(async, {.reconnect = redis::reconnect_options{.first = 1ms, .most = 1ms}});
    try {
      co_await interloop::with_timeout(20ms, client.connect("127.0.0.1", port));
    } catch (const interloop::timeout_error&) {
    }
  });
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 2);
}

}  // namespace
