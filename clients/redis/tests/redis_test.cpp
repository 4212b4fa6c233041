// SPDX-License-Identifier: MIT
// The client against a real redis-server, and against servers that misbehave, on every loop that was built.
#include "redis_support.hpp"

#include <interloop/testing/cancel_everywhere.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace {

using namespace redis_test;

class redis_client : public with_server {};

/// With a server of its own, which the test may end.
class redis_client_without_its_server : public on_every_loop {
 protected:
  void SetUp() override {
    if (!redis_server::available()) GTEST_SKIP() << "redis-server is not installed";
    server_.emplace();
    client_ = make_client();
    get(client_->connect("127.0.0.1", server_->port()));
  }

  std::optional<redis_server> server_;
  std::unique_ptr<redis::client> client_;
};

class redis_client_without_redis : public on_every_loop {};

INTERLOOP_ON_EVERY_LOOP(redis_client);
INTERLOOP_ON_EVERY_LOOP(redis_client_without_its_server);
INTERLOOP_ON_EVERY_LOOP(redis_client_without_redis);

// ---- Replies ----

TEST_P(redis_client, writes_a_value_and_reads_it_back) {
  EXPECT_TRUE(client_->connected());
  const auto stored = get(client_->command("SET", "key", "value"));
  EXPECT_EQ(stored.type(), redis::reply::kind::status);
  EXPECT_EQ(stored.text(), "OK");
  const auto read = get(client_->command("GET", text("key")));
  EXPECT_EQ(read.type(), redis::reply::kind::string);
  EXPECT_EQ(read.text(), "value");
}

TEST_P(redis_client, gives_every_kind_of_reply_as_a_value) {
  EXPECT_TRUE(get(client_->command("GET", "absent")).is_nil());
  EXPECT_EQ(get(client_->command("INCRBY", "count", 41)).integer(), 41);
  EXPECT_EQ(get(client_->command("INCRBY", "count", -42)).integer(), -1);
  EXPECT_EQ(get(client_->command("RPUSH", "list", "a", "", 3)).integer(), 3);
  const auto list = get(client_->command("LRANGE", "list", 0, -1));
  ASSERT_EQ(list.elements().size(), 3u);
  EXPECT_EQ(list.elements()[0].text(), "a");
  EXPECT_EQ(list.elements()[1].text(), "");
  EXPECT_EQ(list.elements()[2].text(), "3");
  EXPECT_TRUE(get(client_->command("LRANGE", "absent", 0, -1)).elements().empty());
}

TEST_P(redis_client, gives_errors_inside_an_array_as_elements) {
  const auto begun = client_->command("MULTI");
  const auto set = client_->command("SET", "key", "x");
  const auto increased = client_->command("INCR", "key");
  const auto results = get(client_->command("EXEC"));
  const auto& executed = results.elements();
  EXPECT_EQ(begun.value().text(), "OK");
  EXPECT_EQ(increased.value().text(), "QUEUED");
  ASSERT_EQ(executed.size(), 2u);
  EXPECT_EQ(executed[0].text(), "OK");
  EXPECT_EQ(executed[1].type(), redis::reply::kind::error);
  EXPECT_THAT(executed[1].text(), HasSubstr("not an integer"));
}

TEST_P(redis_client, names_the_kind_of_a_reply_that_is_of_another_kind) {
  const auto reply = get(client_->command("PING"));
  try {
    static_cast<void>(reply.integer());
    ADD_FAILURE() << "no exception";
  } catch (const interloop::usage_error& why) {
    EXPECT_THAT(why.what(), HasSubstr("status"));
  }
}

TEST_P(redis_client, keeps_every_byte_of_keys_and_values) {
  text bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  const text key("k\0\r\n y", 6);
  get(client_->command("SET", key, bytes));
  EXPECT_EQ(get(client_->command("GET", key)).text(), bytes);
  EXPECT_EQ(get(client_->command("STRLEN", key)).integer(), 256);
}

TEST_P(redis_client, moves_values_larger_than_any_socket_buffer) {
  const text large(32 * 1024 * 1024, 'x');
  get(client_->command("SET", "large", large));
  EXPECT_EQ(get(client_->command("GET", "large")).text(), large);
}

TEST_P(redis_client, sends_commands_of_any_number_of_words) {
  std::vector<text> texts{"RPUSH", "long"};
  for (int i = 0; i < 100; ++i) texts.push_back(std::to_string(i));
  const std::vector<redis::word> words(texts.begin(), texts.end());
  EXPECT_EQ(get(client_->send(words)).integer(), 100);
}

TEST_P(redis_client, rejects_with_the_servers_error_and_continues) {
  get(client_->command("SET", "key", "value"));
  const auto wrong = client_->command("LPUSH", "key", "x");
  EXPECT_THAT(failed_with<redis::error_reply>(wrong), HasSubstr("WRONGTYPE"));
  try {
    wrong.value();
  } catch (const redis::error_reply& why) {
    EXPECT_EQ(why.code(), "WRONGTYPE");
  }
  EXPECT_EQ(get(client_->command("GET", "key")).text(), "value");
}

#ifdef INTERLOOP_WITH_DNS
TEST_P(redis_client, connects_to_a_name) {
  auto client = make_client();
  get(client->connect("LOCALHOST", server_->port()));  // by DNS' client: only the usual spelling is known without it
  EXPECT_EQ(get(client->command("PING")).text(), "PONG");
}
#endif

// ---- Many at once ----

TEST_P(redis_client, answers_many_commands_in_flight_in_their_order) {
  std::vector<interloop::future<redis::reply>> replies;
  std::vector<long long> seen;
  for (int i = 0; i < 10'000; ++i) {
    replies.push_back(client_->command("INCR", "counter"));
    interloop::add_callbacks(replies.back(), [&](const redis::reply& got) { seen.push_back(got.integer()); });
  }
  EXPECT_EQ(client_->in_flight(), 10'000u);
  finish(replies.back());
  EXPECT_EQ(client_->in_flight(), 0u);
  ASSERT_EQ(seen.size(), 10'000u);
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], static_cast<long long>(i) + 1);
}

interloop::future<long long> count_up(interloop::api, redis::client& client, int times) {
  long long last = 0;
  for (int i = 0; i < times; ++i) last = (co_await client.command("INCR", "shared")).integer();
  co_return last;
}

TEST_P(redis_client, runs_coroutines_side_by_side) {
  const auto counted = get(async_.gather(count_up(async_, *client_, 100), count_up(async_, *client_, 100)));
  EXPECT_EQ(std::max(std::get<0>(counted).value(), std::get<1>(counted).value()), 200);
}

TEST_P(redis_client, sends_commands_given_before_the_connection_is_made) {
  auto early = make_client();
  const auto connecting = early->connect("127.0.0.1", server_->port());
  const auto echo = early->command("ECHO", "early");
  EXPECT_FALSE(early->connected());
  EXPECT_EQ(get(echo).text(), "early");
  EXPECT_TRUE(interloop::is_called(connecting));
}

// ---- Cancelling and time limits ----

TEST_P(redis_client, drops_the_reply_to_a_cancelled_command) {
  const auto before = client_->command("ECHO", "before");
  const auto cancelled = client_->command("INCR", "counter");
  const auto after = client_->command("INCR", "counter");
  EXPECT_TRUE(interloop::cancel(cancelled));
  EXPECT_EQ(get(after).integer(), 2);
  EXPECT_EQ(before.value().text(), "before");
  EXPECT_TRUE(cancelled.get_failure()->is<interloop::cancelled_error>());
}

TEST_P(redis_client, rejects_a_command_that_takes_too_long_and_continues) {
  auto hasty = make_client({.timeout = 250ms});
  get(hasty->connect("127.0.0.1", server_->port()));
  const auto blocked = hasty->command("BLPOP", "late", 0);
  EXPECT_THAT(failed_with<interloop::timeout_error>(blocked), HasSubstr("250 ms"));
  EXPECT_EQ(hasty->in_flight(), 1u);
  get(client_->command("RPUSH", "late", "x"));  // this answers the other client's command, too late
  EXPECT_EQ(get(hasty->command("ECHO", "still there")).text(), "still there");
  EXPECT_EQ(hasty->in_flight(), 0u);
}

// ---- Losing the connection ----

TEST_P(redis_client_without_its_server, rejects_everything_in_flight_when_the_server_dies) {
  std::vector<interloop::future<redis::reply>> blocked;
  for (int i = 0; i < 100; ++i) blocked.push_back(client_->command("BLPOP", "never", 0));
  EXPECT_TRUE(interloop::cancel(blocked[50]));
  server_->kill();
  for (std::size_t i = 0; i < blocked.size(); ++i) {
    if (i == 50) continue;
    EXPECT_THAT(failed_with<redis::connection_lost>(blocked[i]), HasSubstr(std::to_string(server_->port())));
  }
  EXPECT_FALSE(client_->connected());
  EXPECT_EQ(client_->in_flight(), 0u);
  EXPECT_THAT(failed_with<redis::connection_error>(client_->command("PING")), HasSubstr("127.0.0.1"));
}

TEST_P(redis_client_without_its_server, connects_again_after_a_loss) {
  const auto last = client_->command("BLPOP", "never", 0);
  server_->kill();
  failed_with<redis::connection_error>(last);
  server_.emplace();
  get(client_->connect("127.0.0.1", server_->port()));
  EXPECT_EQ(get(client_->command("PING")).text(), "PONG");
}

TEST_P(redis_client, rejects_pending_commands_when_it_is_closed) {
  const auto pending = client_->command("BLPOP", "never", 0);
  client_->close();
  client_->close();
  EXPECT_THAT(failed_with<redis::connection_error>(pending), HasSubstr("closed"));
}

TEST_P(redis_client, may_be_destroyed_with_commands_pending) {
  const auto pending = client_->command("BLPOP", "never", 0);
  client_.reset();
  EXPECT_THAT(failed_with<redis::connection_error>(pending), HasSubstr("destroyed"));
}

TEST_P(redis_client, may_be_destroyed_by_a_callback_of_its_own_reply) {
  const auto first = client_->command("PING");
  const auto second = client_->command("PING");
  const auto third = client_->command("BLPOP", "never", 0);
  interloop::add_callbacks(first, [this](const redis::reply&) { client_.reset(); });
  failed_with<redis::connection_error>(third);
  finish(second);  // its reply came with the first one's, or did not come
  EXPECT_FALSE(client_);
}

TEST_P(redis_client, may_outlive_the_closing_of_its_loop) {
  const auto pending = client_->command("BLPOP", "never", 0);
  loop_->core().close();
  EXPECT_TRUE(pending.get_failure()->is<interloop::loop_closed>());
  EXPECT_THROW(static_cast<void>(client_->command("PING")), interloop::loop_closed);
  client_.reset();
}

// ---- Wrong use ----

TEST_P(redis_client, refuses_commands_that_do_not_have_exactly_one_reply) {
  EXPECT_THROW(static_cast<void>(client_->command()), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(client_->command("")), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(client_->command("Subscribe", "channel")), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(client_->command("MONITOR")), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(client_->command("client", "Reply", "off")), interloop::usage_error);
  EXPECT_EQ(get(client_->command("PING")).text(), "PONG");
}

TEST_P(redis_client, refuses_to_connect_twice) {
  EXPECT_THROW(static_cast<void>(client_->connect("127.0.0.1", server_->port())), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(client_->connect_unix(server_->path())), interloop::usage_error);
}

// ---- Servers that do not exist or do not answer ----

TEST_P(redis_client_without_redis, rejects_when_the_connection_is_refused) {
  auto client = make_client();
  const auto connecting = client->connect("127.0.0.1", free_port());
  const auto command = client->command("PING");
  EXPECT_THAT(failed_with<redis::connection_error>(connecting), HasSubstr("refused"));
  EXPECT_THAT(failed_with<redis::connection_error>(command), HasSubstr("refused"));
}

TEST_P(redis_client_without_redis, rejects_an_invalid_address) {
  auto client = make_client();
  EXPECT_THROW(static_cast<void>(client->connect("", 1)), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(client->connect("127.0.0.1", 0)), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(client->connect("127.0.0.1", 65536)), interloop::usage_error);
}

#ifdef INTERLOOP_WITH_DNS
TEST_P(redis_client_without_redis, says_which_name_could_not_be_looked_up) {
  auto client = make_client({.name_servers = "127.0.0.1:" + std::to_string(free_port())});
  EXPECT_THAT(failed_with<redis::connection_error>(client->connect("no.such.host.test", 1)),
              HasSubstr("looking the name up failed: no.such.host.test"));
}
#endif

TEST_P(redis_client_without_redis, refuses_commands_before_the_first_connect) {
  EXPECT_THROW(static_cast<void>(make_client()->command("PING")), interloop::usage_error);
}

TEST_P(redis_client_without_redis, abandons_an_attempt_that_is_cancelled) {
  mute_server server;
  auto client = make_client();
  const auto connecting = client->connect("127.0.0.1", server.port());
  const auto command = client->command("PING");
  EXPECT_TRUE(interloop::cancel(connecting));
  failed_with<interloop::cancelled_error>(connecting);
  failed_with<redis::connection_error>(command);
  get(client->connect("127.0.0.1", server.port()));
}

TEST_P(redis_client_without_redis, times_out_each_command_that_a_mute_server_leaves_unanswered) {
  mute_server server;
  auto client = make_client({.timeout = 20ms});
  get(client->connect("127.0.0.1", server.port()));
  const auto first = client->command("PING");
  failed_with<interloop::timeout_error>(first);
  const auto second = client->command("PING");
  const auto third = client->command("PING");
  failed_with<interloop::timeout_error>(second);
  failed_with<interloop::timeout_error>(third);
  EXPECT_EQ(client->in_flight(), 3u);
}

TEST_P(redis_client_without_redis, waits_forever_without_a_time_limit) {
  mute_server server;
  auto client = make_client({.timeout = 0s});
  get(client->connect("127.0.0.1", server.port()));
  const auto pending = client->command("PING");
  get(async_.sleep(10ms));
  EXPECT_FALSE(interloop::is_called(pending));
  client.reset();
  failed_with<redis::connection_error>(pending);
}

TEST_P(redis_client_without_redis, rejects_pending_commands_when_the_server_hangs_up) {
  mute_server server;
  auto client = make_client();
  get(client->connect("127.0.0.1", server.port()));
  const auto first = client->command("PING");
  const auto second = client->command("PING");
  server.hang_up();
  failed_with<redis::connection_error>(first);
  failed_with<redis::connection_error>(second);
  EXPECT_FALSE(client->connected());
}

// ---- Several loops ----

TEST(redis_clients, run_on_several_loops_in_one_thread) {
  if (!redis_server::available()) GTEST_SKIP() << "redis-server is not installed";
  redis_server& server = shared_server();
  struct on_loop {
    std::unique_ptr<interloop::test::native_loop> loop;
    std::unique_ptr<redis::client> client;
    interloop::future<redis::reply> reply;
  };
  std::vector<on_loop> all;
  for (int round = 0; round < 2; ++round)
    for (const std::string& name : interloop::test::own_loop_names()) {
      auto& each = all.emplace_back();
      each.loop = interloop::test::make_loop(name);
      each.client = std::make_unique<redis::client>(interloop::with_config(each.loop->core()));
      get(each.client->connect("127.0.0.1", server.port()));
    }
  get(all.front().client->command("DEL", "counter"));
  for (auto& each : all) each.reply = each.client->command("INCR", "counter");
  // The commands were sent in mixed order: each loop runs only now.
  long long sum = 0;
  for (auto& each : all) sum += get(each.reply).integer();
  const auto count = static_cast<long long>(all.size());
  EXPECT_EQ(sum, count * (count + 1) / 2);
}

}  // namespace
