// SPDX-License-Identifier: MIT
// Replies as types, transactions, connecting with a user and by TLS, messages of channels, and hiredis on interloop.
#include "redis_page.hpp"
#include "redis_support.hpp"

#include <hiredis/async.h>
#include <interloop/redis/attach.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>

namespace {

using namespace redis_test;

class redis_features : public with_server {
 protected:
  /// Another client's command.
  template <class... Words>
  redis::reply other(const Words&... words) {
    return get(client_->command(words...));
  }
};
class redis_messages : public redis_features {};
class redis_attached : public with_server {};

INTERLOOP_ON_EVERY_LOOP(redis_features);
INTERLOOP_ON_EVERY_LOOP(redis_messages);
INTERLOOP_ON_EVERY_LOOP(redis_attached);

// ---- Replies as types ----

TEST_P(redis_features, gives_replies_as_types) {
  get(client_->command("RPUSH", "list", 1, 2.5, "three"));
  const auto list = get(client_->command("LRANGE", "list", 0, -1));
  EXPECT_EQ(list.as<std::vector<text>>(), (std::vector<text>{"1", "2.5", "three"}));
  EXPECT_EQ(list.elements()[0].as<int>(), 1);
  EXPECT_EQ(list.elements()[1].as<double>(), 2.5);
  EXPECT_EQ(list.as<redis::reply>().elements().size(), 3u);
  EXPECT_THROW(static_cast<void>(list.as<std::vector<int>>()), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(list.as<text>()), interloop::usage_error);
  const auto length = get(client_->command("LLEN", "list"));
  EXPECT_EQ(length.as<std::uint8_t>(), 3);
  EXPECT_EQ(length.as<double>(), 3.0);
  EXPECT_TRUE(length.as<bool>());
  EXPECT_EQ(get(client_->command("GET", "absent")).as<std::optional<text>>(), std::nullopt);
  EXPECT_EQ(get(client_->command("LINDEX", "list", 2)).as<std::optional<text>>(), "three");
  EXPECT_THROW(static_cast<void>(get(client_->command("DECRBY", "count", 300)).as<std::uint8_t>()),
               interloop::usage_error);
  EXPECT_EQ(get(client_->command("GET", "count")).as<long long>(), -300);
}

TEST_P(redis_features, speaks_protocol_3_where_hiredis_does) {
#ifdef REDIS_REPLY_PUSH
  auto three = make_client({.protocol = 3});
  get(three->connect_unix(server_->path()));
  get(three->command("HSET", "hash", "field", "value"));
  const auto map = get(three->command("HGETALL", "hash"));
  EXPECT_EQ(map.type(), redis::reply::kind::map);
  EXPECT_EQ(map.as<std::vector<text>>(), (std::vector<text>{"field", "value"}));
  get(three->command("ZADD", "sorted", 2.5, "member"));
  EXPECT_EQ(get(three->command("ZSCORE", "sorted", "member")).real(), 2.5);
  get(three->command("SADD", "set", "member"));
  EXPECT_EQ(get(three->command("SMEMBERS", "set")).type(), redis::reply::kind::set);
  EXPECT_TRUE(get(three->command("GET", "absent")).is_nil());
  // What the server pushes is not taken for a reply.
  get(three->command("CLIENT", "TRACKING", "ON", "BCAST"));
  other("SET", "tracked", "x");
  EXPECT_EQ(get(three->command("GET", "tracked")).text(), "x");
  auto news = make_subscriber({.protocol = 3});
  get(news->connect_unix(server_->path()));
  get(news->subscribe("a"));
  other("PUBLISH", "a", "hello");
  EXPECT_EQ(get(news->next().as_future())->payload, "hello");
#else
  EXPECT_THROW(make_client({.protocol = 3}), interloop::usage_error);
#endif
}

// ---- Transactions ----

TEST_P(redis_features, runs_a_transaction_and_gives_typed_replies) {
  redis::transaction both;
  const auto count = both.command<long long>("INCR", "count");
  both.command("SET", "name", "x");
  const auto name = both.command<std::optional<text>>("GET", "name");
  EXPECT_EQ(both.size(), 3u);
  const auto early = client_->command("SET", "count", 5);
  const auto committed = client_->exec(both);
  const auto late = client_->command("GET", "count");
  const redis::transaction_outcome outcome = get(committed);
  ASSERT_TRUE(outcome.committed());
  EXPECT_EQ(outcome[count], 6);
  EXPECT_EQ(outcome[name], "x");
  EXPECT_EQ(outcome.replies().size(), 3u);
  EXPECT_EQ(get(late).text(), "6");
  EXPECT_EQ(early.value().text(), "OK");
  EXPECT_EQ(get(client_->exec(both))[count], 7);
  EXPECT_EQ(get(client_->exec(redis::transaction())).replies().size(), 0u);
}

TEST_P(redis_features, says_that_a_watched_key_was_changed) {
  auto careful = make_client();
  get(careful->connect_unix(server_->path()));
  get(careful->command("WATCH", "key"));
  other("SET", "key", "changed");
  redis::transaction change;
  const auto set = change.command("SET", "key", "mine");
  const auto outcome = get(careful->exec(change));
  EXPECT_FALSE(outcome.committed());
  EXPECT_THROW(static_cast<void>(outcome[set]), interloop::usage_error);
  EXPECT_EQ(other("GET", "key").text(), "changed");
  EXPECT_TRUE(get(careful->exec(change)).committed());
  EXPECT_EQ(other("GET", "key").text(), "mine");
}

TEST_P(redis_features, fails_a_transaction_of_which_a_command_was_refused) {
  redis::transaction wrong;
  wrong.command("SET", "key", "value");
  wrong.command("NONSENSE");
  EXPECT_THAT(failed_with<redis::error_reply>(client_->exec(wrong)),
              testing::AllOf(HasSubstr("unknown command"), HasSubstr("command 2"), HasSubstr("not run")));
  EXPECT_TRUE(other("GET", "key").is_nil());
}

TEST_P(redis_features, gives_the_error_of_a_command_inside_a_transaction) {
  redis::transaction mixed;
  const auto set = mixed.command("SET", "key", "text");
  const auto bad = mixed.command<long long>("INCR", "key");
  const auto read = mixed.command<text>("GET", "key");
  const auto outcome = get(client_->exec(mixed));
  EXPECT_TRUE(outcome.committed());
  EXPECT_EQ(outcome[set].text(), "OK");
  EXPECT_THROW(static_cast<void>(outcome[bad]), redis::error_reply);
  EXPECT_EQ(outcome[read], "text");
  EXPECT_THROW(mixed.command("EXEC"), interloop::usage_error);
  EXPECT_THROW(mixed.command("watch", "key"), interloop::usage_error);
}

TEST_P(redis_features, drops_the_replies_to_a_cancelled_transaction) {
  redis::transaction two;
  two.command("INCR", "count");
  two.command("INCR", "count");
  const auto cancelled = client_->exec(two);
  EXPECT_TRUE(interloop::cancel(cancelled));
  EXPECT_EQ(get(client_->command("GET", "count")).text(), "2");
  failed_with<interloop::cancelled_error>(cancelled);
}

// ---- Connecting ----

TEST_P(redis_features, does_not_send_what_was_cancelled_before_it_was_connected) {
  auto early = make_client();
  const auto connecting = early->connect("127.0.0.1", server_->port());
  redis::transaction two;
  two.command("INCR", "count");
  const auto transaction = early->exec(two);
  const auto single = early->command("INCR", "count");
  const auto kept = early->command("INCR", "count");
  EXPECT_EQ(early->in_flight(), 3u);
  EXPECT_TRUE(interloop::cancel(transaction));
  EXPECT_TRUE(interloop::cancel(single));
  EXPECT_EQ(get(kept).integer(), 1);
  EXPECT_TRUE(interloop::is_called(connecting));
}

TEST_P(redis_features, selects_a_database_and_gives_itself_a_name) {
  auto named = make_client({.database = 3, .name = "tester"});
  get(named->connect_unix(server_->path()));
  EXPECT_EQ(get(named->command("CLIENT", "GETNAME")).text(), "tester");
  get(named->command("SET", "key", "in 3"));
  EXPECT_TRUE(other("GET", "key").is_nil());
  auto wrong = make_client({.database = 99});
  EXPECT_THAT(failed_with<redis::connection_error>(wrong->connect_unix(server_->path())), HasSubstr("SELECT"));
}

TEST_P(redis_features, gives_its_password_and_never_shows_it) {
  other("ACL", "SETUSER", "somebody", "on", ">se:cret", "~*", "&*", "+@all");
  auto user = make_client({.user = "somebody", .password = "se:cret"});
  get(user->connect("127.0.0.1", server_->port()));
  EXPECT_EQ(get(user->command("ACL", "WHOAMI")).text(), "somebody");
  auto wrong = make_client({.user = "somebody", .password = "hidden", .reconnect = redis::reconnect_options()});
  const auto connecting = wrong->connect("127.0.0.1", server_->port());
  const auto command = wrong->command("PING");
  const text message = failed_with<redis::connection_error>(connecting);
  EXPECT_THAT(message, testing::AllOf(HasSubstr("AUTH"), HasSubstr("WRONGPASS"), Not(HasSubstr("hidden"))));
  EXPECT_EQ(failed_with<redis::connection_error>(command), message);
  other("ACL", "DELUSER", "somebody");
}

TEST_P(redis_features, refuses_options_that_cannot_be) {
  EXPECT_THROW(make_client({.database = -1}), interloop::usage_error);
  EXPECT_THROW(make_client({.protocol = 4}), interloop::usage_error);
  EXPECT_THROW(make_client({.reconnect = redis::reconnect_options{.first = 0s}}), interloop::usage_error);
  EXPECT_THROW(make_client({.tls = redis::tls_options{.authorities = "/nowhere"}}), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(make_client()->connect_unix("")), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(make_client()->connect_unix(text(200, 'x'))), interloop::usage_error);
}

TEST_P(redis_features, connects_by_tls_and_verifies_the_server) {
  static const temporary_folder files;
  static const bool made = make_certificates(files);
  if (!made) GTEST_SKIP() << "openssl is not installed";
  static const redis_server secure({"--tls-port", "{port}", "--tls-cert-file", files.file("server.pem"),
                                    "--tls-key-file", files.file("server.key"), "--tls-ca-cert-file",
                                    files.file("authority.pem"), "--tls-auth-clients", "optional"});
  const auto connecting_with = [&](redis::tls_options tls) {
    client_ = make_client({.tls = tls});
    return client_->connect("127.0.0.1", secure.port());
  };
  const text authorities = files.file("authority.pem");
  get(connecting_with({.authorities = authorities}));
  const text large(4 * 1024 * 1024, 'x');
  get(client_->command("SET", "large", large));
  EXPECT_EQ(get(client_->command("GET", "large")).text(), large);
  get(connecting_with({.authorities = authorities, .server_name = "redis.test"}));
  get(connecting_with({.verify = false}));
  EXPECT_EQ(get(client_->command("PING")).text(), "PONG");
  get(connecting_with(
      {.authorities = authorities, .certificate = files.file("server.pem"), .key = files.file("server.key")}));

  EXPECT_THAT(
      failed_with<redis::connection_error>(connecting_with({.authorities = authorities, .server_name = "other.test"})),
      HasSubstr("mismatch"));
  EXPECT_THAT(failed_with<redis::connection_error>(connecting_with({})), HasSubstr("certificate"));
  EXPECT_THROW(static_cast<void>(make_client({.tls = redis::tls_options()})->connect_unix(secure.path())),
               interloop::usage_error);

  // Without TLS, the server does not understand the command.
  client_ = make_client();
  get(client_->connect("127.0.0.1", secure.port()));
  failed_with<redis::connection_error>(client_->command("PING"));
}

// ---- Messages ----

interloop::future<std::vector<text>> take(interloop::api, redis::subscriber& from, std::size_t count) {
  std::vector<text> all;
  while (all.size() < count) {
    const auto got = co_await from.next();
    if (!got) break;
    all.push_back(got->pattern + "|" + got->channel + "|" + got->payload);
  }
  co_return all;
}

TEST_P(redis_messages, come_by_name_and_by_pattern_until_unsubscribed) {
  auto news = make_subscriber();
  EXPECT_THROW(static_cast<void>(news->subscribe("early")), interloop::usage_error);
  get(news->connect("127.0.0.1", server_->port()));
  EXPECT_THROW(static_cast<void>(news->subscribe()), interloop::usage_error);
  get(news->subscribe("a", text("b\0c", 3)));
  get(news->psubscribe("w*"));
  EXPECT_EQ(other("PUBLISH", "a", "1").integer(), 1);
  other("PUBLISH", text("b\0c", 3), "2");
  other("PUBLISH", "weather", "3");
  EXPECT_EQ(get(take(async_, *news, 3)), (std::vector<text>{"|a|1", text("|b\0c|2", 6), "w*|weather|3"}));
  get(news->unsubscribe("a", "unknown"));
  get(news->punsubscribe("w*"));
  EXPECT_EQ(other("PUBLISH", "a", "4").integer(), 0);
  EXPECT_EQ(other("PUBLISH", "weather", "5").integer(), 0);
  const auto last = news->next().as_future();
  news->close();
  EXPECT_EQ(get(last), std::nullopt);
  EXPECT_THAT(failed_with<redis::connection_error>(news->subscribe("a")), HasSubstr("closed"));
}

TEST_P(redis_messages, wait_when_nobody_takes_them_and_none_is_lost) {
  auto slow = make_subscriber({.message_capacity = 2});
  get(slow->connect_unix(server_->path()));
  get(slow->subscribe("many"));
  std::vector<interloop::future<redis::reply>> published;
  std::vector<text> expected;
  for (int i = 0; i < 5000; ++i) {
    published.push_back(client_->command("PUBLISH", "many", i));
    expected.push_back("|many|" + std::to_string(i));
  }
  get(published.back());
  EXPECT_EQ(get(take(async_, *slow, 5000)), expected);
}

TEST_P(redis_messages, are_refused_to_a_user_who_may_not_hear_them) {
  other("ACL", "SETUSER", "deaf", "on", ">x", "~*", "+@all", "resetchannels", "&allowed");
  auto deaf = make_subscriber({.user = "deaf", .password = "x"});
  get(deaf->connect_unix(server_->path()));
  EXPECT_THAT(failed_with<redis::error_reply>(deaf->subscribe("secret")), HasSubstr("NOPERM"));
  get(deaf->subscribe("allowed"));
  other("PUBLISH", "allowed", "heard");
  EXPECT_EQ(get(take(async_, *deaf, 1)), (std::vector<text>{"|allowed|heard"}));
  other("ACL", "DELUSER", "deaf");  // which ends its connections
  const auto after = take(async_, *deaf, 1);
  failed_with<redis::connection_lost>(after);
}

TEST_P(redis_messages, end_when_the_subscriber_is_destroyed_by_the_receiver_of_one) {
  auto news = make_subscriber();
  get(news->connect_unix(server_->path()));
  get(news->subscribe("a"));
  const auto first = news->next().as_future();
  const auto second = news->next().as_future();
  interloop::add_callbacks(first, [&](const auto&) { news.reset(); });
  other("PUBLISH", "a", "1");
  EXPECT_EQ(get(second), std::nullopt);
  EXPECT_EQ(first.value()->payload, "1");
}

// ---- The page ----

TEST_P(redis_messages, the_page_is_right) {
  other("SET", "visits", 41);
  EXPECT_EQ(get(page::count_visit(async_, server_->port())), 42);
  other("MSET", "stock", 7, "sold", 3, "number", 21);
  EXPECT_TRUE(get(page::sell(async_, *client_)));
  EXPECT_TRUE(get(page::double_it(async_, *client_)));
  EXPECT_EQ(other("GET", "number").text(), "42");
  const auto heard = page::listen(async_, server_->port());
  while (other("PUBLISH", "weather", "rain").integer() == 0) get(async_.sleep(1ms));
  other("PUBLISH", "sports", "the end");
  EXPECT_EQ(get(heard), (std::vector<text>{"weather: rain", "sports: the end"}));
}

TEST_P(redis_messages, the_page_is_right_about_threads) {
  other("SET", "threads", 0);
  const interloop::loop_thread io(interloop::test::loop_kind(GetParam()).own);
  page::counter numbers(io, server_->port());
  const auto some = [&numbers] {
    for (int i = 0; i < 50; ++i) numbers.next();
  };
  std::thread first(some), second(some);
  first.join();
  second.join();
  EXPECT_EQ(numbers.next(), 101);
}

// ---- hiredis on interloop ----

struct seen {
  interloop::loop& loop;
  int connected = -1;
  int disconnected = -1;
  std::vector<text> replies{};

  static text shown(const redis::reply& got) {
    return got.type() == redis::reply::kind::integer ? std::to_string(got.integer()) : got.text();
  }
  static seen& of(const redisAsyncContext* context) { return *static_cast<seen*>(context->data); }
  static void on_connect(const redisAsyncContext* context, int status) {
    of(context).connected = status;
    if (status != REDIS_OK) of(context).loop.stop();
  }
  static void on_disconnect(const redisAsyncContext* context, int status) {
    of(context).disconnected = status;
    of(context).loop.stop();
  }
  static void on_reply(redisAsyncContext* context, void* reply, void*) {
    const auto* got = static_cast<redisReply*>(reply);
    of(context).replies.push_back(got ? shown(redis::reply::copy_of(*got)) : "none");
  }
};

redisAsyncContext* attached(interloop::api api, seen& by, int port) {
  redisAsyncContext* const context = redisAsyncConnect("127.0.0.1", port);
  context->data = &by;
  redis::attach(api, *context);
  redisAsyncSetConnectCallback(context, &seen::on_connect);
  redisAsyncSetDisconnectCallback(context, &seen::on_disconnect);
  return context;
}

TEST_P(redis_attached, hiredis_runs_on_the_loop_and_reuses_a_descriptor) {
  for (int round = 0; round < 2; ++round) {  // the second one gets the number of the first
    seen all{loop_->core()};
    redisAsyncContext* const context = attached(async_, all, server_->port());
    EXPECT_THROW(redis::attach(async_, *context), interloop::usage_error);
    const text large(1024 * 1024, 'x');
    redisAsyncCommand(context, &seen::on_reply, nullptr, "SET key %b", large.data(), large.size());
    redisAsyncCommand(context, &seen::on_reply, nullptr, "STRLEN key");
    redisAsyncCommand(context, &seen::on_reply, nullptr, "GET key");
    redisAsyncDisconnect(context);
    loop_->core().run();
    EXPECT_EQ(all.connected, REDIS_OK);
    EXPECT_EQ(all.disconnected, REDIS_OK);
    EXPECT_EQ(all.replies, (std::vector<text>{"OK", "1048576", large}));
  }
}

TEST_P(redis_attached, hiredis_hears_of_a_refusal_and_may_be_freed_at_any_time) {
  seen refused{loop_->core()};
  redisAsyncContext* context = attached(async_, refused, free_port());
  redisAsyncCommand(context, &seen::on_reply, nullptr, "PING");
  loop_->core().run();
  EXPECT_EQ(refused.connected, REDIS_ERR);
  EXPECT_EQ(refused.replies, (std::vector<text>{"none"}));

  seen freed{loop_->core()};
  context = attached(async_, freed, server_->port());
  redisAsyncCommand(context, &seen::on_reply, nullptr, "PING");
  redisAsyncFree(context);
  EXPECT_EQ(freed.replies, (std::vector<text>{"none"}));
}

}  // namespace
