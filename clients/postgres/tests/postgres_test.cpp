// SPDX-License-Identifier: MIT
// What the client can do, with a real server, on every loop that was built.
#include "postgres_support.hpp"

#include <interloop/testing/cancel_everywhere.hpp>

#include <sched.h>
#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <utility>

namespace {

using namespace std::chrono_literals;
using namespace interloop::test;
using interloop::future;
using interloop::postgres::connection;
using interloop::postgres::result;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using text = std::string;
namespace postgres = interloop::postgres;

class postgres_client : public postgres_test {};
INTERLOOP_ON_EVERY_LOOP(postgres_client);

struct person {
  int id;
  std::optional<text> name;
  double weight;
  bool active;
  std::vector<int> marks;
};

// ---- The page ----

// [page]
struct user {
  int id;
  std::optional<std::string> name;
};

interloop::future<std::vector<user>> add_user(interloop::api async, std::string where, std::string name) {
  postgres::connection db = co_await postgres::connect(async, where);  // "host=/run/postgresql dbname=shop"
  co_await db.query("CREATE TEMP TABLE users (id serial, name text)");
  const auto inserted = db.query("INSERT INTO users (name) VALUES ($1), (NULL)", name);
  const auto found = db.query("SELECT id, name FROM users WHERE id < $1", 100);  // both are under way
  if ((co_await inserted).affected() != 2) throw std::logic_error("where are they?");
  for (const postgres::row each : co_await found) std::printf("%s\n", each.get<std::string>("id").c_str());
  co_return (co_await found).all<user>();
}
// [/page]

TEST_P(postgres_client, does_what_the_page_says) {
  const auto users = get(add_user(async_, server_->local(), "Ada"));
  ASSERT_EQ(users.size(), 2u);
  EXPECT_EQ(users[0].name, "Ada");
  EXPECT_EQ(users[1].name, std::nullopt);
}

// ---- Values ----

TEST_P(postgres_client, gives_rows_as_values_tuples_and_structs) {
  const result got =
      get(db_.query("SELECT 1 AS id, 'Ada' AS name, 1.5 AS weight, true AS active, '{1,2}'::int[] AS marks UNION ALL "
                    "SELECT -2, NULL, 'NaN'::float8, false, '{}' ORDER BY id DESC"));
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got.columns(), 5u);
  EXPECT_EQ(got.column_name(1), "name");
  EXPECT_EQ(got.affected(), 2u);
  const auto people = got.all<person>();
  EXPECT_EQ(people[0].name, "Ada");
  EXPECT_THAT(people[0].marks, ElementsAre(1, 2));
  EXPECT_EQ(people[1].id, -2);
  EXPECT_EQ(people[1].name, std::nullopt);
  EXPECT_NE(people[1].weight, people[1].weight);
  using columns = std::tuple<text, std::optional<text>, text, bool, text>;
  EXPECT_EQ(got[0].to<columns>(), columns("1", "Ada", "1.5", true, "{1,2}"));
  int sum = 0;
  for (const postgres::row each : got) sum += each.get<int>("id");
  EXPECT_EQ(sum, -1);
  EXPECT_EQ(get(db_.query("SELECT 7 WHERE false")).maybe<int>(), std::nullopt);
}

TEST_P(postgres_client, refuses_values_that_are_not_what_was_asked_for) {
  const result got = get(db_.query("SELECT 70000 AS number, NULL AS nothing, 'secret' AS word"));
  const auto why = [&](auto ask) -> text {
    try {
      ask();
    } catch (const postgres::result_error& thrown) {
      return thrown.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(why([&] { static_cast<void>(got[0].get<short>(0)); }), HasSubstr("\"number\""));
  EXPECT_THAT(why([&] { static_cast<void>(got[0].get<int>("nothing")); }), HasSubstr("NULL"));
  EXPECT_THAT(why([&] { static_cast<void>(got[0].get<int>("word")); }),
              testing::AllOf(HasSubstr("whole number"), Not(HasSubstr("secret"))));
  EXPECT_THAT(why([&] { static_cast<void>(got[0].get<int>("other")); }), HasSubstr("\"other\""));
  EXPECT_THAT(why([&] { static_cast<void>(got[0].get<int>(3)); }), HasSubstr("3 columns"));
  EXPECT_THAT(why([&] { static_cast<void>(got[1]); }), HasSubstr("no row 1"));
  EXPECT_THAT(why([&] { static_cast<void>(got.one<int>()); }), HasSubstr("3 columns"));
  EXPECT_THAT(why([&] { static_cast<void>(result().one<int>()); }), HasSubstr("exactly one"));
}

TEST_P(postgres_client, sends_parameters_of_every_kind_and_reads_them_back) {
  const std::vector<std::byte> bytes{std::byte{0}, std::byte{255}, std::byte{'\\'}};
  const std::vector<std::optional<text>> words{"plain", "with \"quotes\", {braces} and \\", std::nullopt, "NULL", ""};
  const result got =
      get(db_.query("SELECT $1::int, $2::text, $3::text, $4::bool, $5::bytea, $6::float8, $7::bigint, $8::text[], "
                    "$9::text, $10::int[]",
                    42, "it's \u00e4 text", std::optional<text>(), true, bytes, 0.1, std::numeric_limits<long>::min(),
                    words, std::string_view("view"), std::vector<int>{3, -4}));
  EXPECT_EQ(got[0].get<int>(0), 42);
  EXPECT_EQ(got[0].get<text>(1), "it's \u00e4 text");
  EXPECT_EQ(got[0].get<std::optional<text>>(2), std::nullopt);
  EXPECT_TRUE(got[0].get<bool>(3));
  EXPECT_EQ(got[0].get<std::vector<std::byte>>(4), bytes);
  EXPECT_EQ(got[0].get<double>(5), 0.1);
  EXPECT_EQ(got[0].get<long>(6), std::numeric_limits<long>::min());
  EXPECT_EQ(got[0].get<std::vector<std::optional<text>>>(7), words);
  EXPECT_EQ(got[0].get<text>(8), "view");
  EXPECT_THAT(got[0].get<std::vector<int>>(9), ElementsAre(3, -4));
  EXPECT_THROW(static_cast<void>(db_.query("SELECT $1", text("a\0b", 3))), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(db_.query(std::string_view("SELECT\0 1", 9))), interloop::usage_error);
}

TEST_P(postgres_client, keeps_parameters_of_statements_that_wait_in_line) {
  const auto script = db_.script("SELECT 1; SELECT 2");
  std::optional<text> value = "kept";
  const auto later = db_.query("SELECT $1::text || $2::text", *value, std::vector<std::byte>());
  value = "overwritten";
  EXPECT_EQ(get(later).one<text>(), "kept\\x");
  ASSERT_EQ(get(script).size(), 2u);
}

// ---- Errors ----

TEST_P(postgres_client, passes_the_servers_errors_on_and_continues) {
  const auto why = error_of<postgres::server_error>(
      db_.query("INSERT INTO scratch (id, name) VALUES (1, $1), ($2::int / 0, '')", "a secret", 1));
  EXPECT_EQ(why.sqlstate(), "22012");
  EXPECT_EQ(why.severity(), "ERROR");
  EXPECT_EQ(why.message(), "division by zero");
  EXPECT_THAT(why.what(),
              testing::AllOf(HasSubstr("22012"), HasSubstr("INSERT INTO scratch"), Not(HasSubstr("secret"))));
  EXPECT_THAT(why.statement(), HasSubstr("$1"));
  const auto hinted = error_of<postgres::server_error>(db_.query("SELECT nosuch(1)"));
  EXPECT_THAT(hinted.hint(), HasSubstr("No function matches"));
  get(db_.query("CREATE TEMP TABLE once (id int CONSTRAINT only_once PRIMARY KEY)"));
  get(db_.query("INSERT INTO once VALUES (1)"));
  const auto twice = error_of<postgres::server_error>(db_.query("INSERT INTO once VALUES (1)"));
  EXPECT_EQ(twice.constraint(), "only_once");
  EXPECT_EQ(twice.detail(), "Key (id)=(1) already exists.");
  EXPECT_EQ(twice.fields().table, "once");
  EXPECT_EQ(get(db_.query("SELECT 1")).one<int>(), 1);
}

TEST_P(postgres_client, reports_a_commit_that_fails_after_the_statement_was_done) {
  get(db_.script("CREATE TEMP TABLE deferred (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"));
  const auto twice = db_.query("INSERT INTO deferred VALUES (1), (1)");
  const auto next = db_.query("SELECT count(*) FROM deferred");
  EXPECT_EQ(error_of<postgres::server_error>(twice).sqlstate(), "23505");
  EXPECT_EQ(get(next).one<int>(), 0);
}

TEST_P(postgres_client, hands_notices_over) {
  std::vector<text> notices;
  auto talking =
      connect({.on_notice = std::make_shared<interloop::function<void(const postgres::server_message&)>>(
                   [&](const postgres::server_message& said) { notices.push_back(said.severity + said.message); })});
  get(talking.query("DO $$ BEGIN RAISE NOTICE 'hello'; END $$"));
  get(async_.yield());
  EXPECT_THAT(notices, ElementsAre("NOTICEhello"));
}

// ---- Many at once ----

TEST_P(postgres_client, answers_ten_thousand_statements_in_flight_in_their_order) {
  std::vector<future<result>> answers;
  std::vector<int> seen;
  for (int i = 0; i < 10'000; ++i) {
    answers.push_back(i == 5000 ? db_.query("SELECT 1 / $1::int", 0) : db_.query("SELECT $1::int", i));
    interloop::add_callbacks(
        answers.back(), [&](const result& got) { seen.push_back(got.one<int>()); },
        [&](const interloop::failure&) { seen.push_back(-1); });
  }
  EXPECT_EQ(db_.in_flight(), 10'000u);
  finish(answers.back());
  EXPECT_EQ(db_.in_flight(), 0u);
  ASSERT_EQ(seen.size(), 10'000u);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(seen[static_cast<std::size_t>(i)], i == 5000 ? -1 : i);
}

TEST_P(postgres_client, sends_and_receives_more_than_any_buffer_holds) {
  const text large(2'000'000, 'x');
  std::vector<future<result>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(db_.query("SELECT $1::text", large));
  for (const auto& each : answers) EXPECT_EQ(get(each).one<text>(), large);
}

TEST_P(postgres_client, commits_what_nobody_awaits) {
  get(db_.script("DROP TABLE IF EXISTS unawaited; CREATE TABLE unawaited (id int)"));
  auto other = connect();
  static_cast<void>(db_.query("INSERT INTO unawaited VALUES (1)"));
  get(db_.query("SELECT 1"));
  EXPECT_EQ(get(other.query("SELECT count(*) FROM unawaited")).one<int>(), 1);
}

TEST_P(postgres_client, runs_prepared_statements) {
  auto twice = get(db_.prepare("SELECT 2 * $1::int"));
  const auto a = db_.execute(twice, 4), b = db_.execute(twice, 5);
  EXPECT_EQ(get(a).one<int>(), 8);
  EXPECT_EQ(get(b).one<int>(), 10);
  EXPECT_THAT(failed_with<postgres::server_error>(db_.execute(twice, "x")), HasSubstr("SELECT 2 * $1"));
  EXPECT_THAT(failed_with<postgres::server_error>(db_.prepare("SELEC 1")), HasSubstr("42601"));
  auto other = connect();
  EXPECT_THROW(static_cast<void>(other.execute(twice, 1)), interloop::usage_error);
  EXPECT_THROW(static_cast<void>(db_.execute({}, 1)), interloop::usage_error);
  twice = {};
  EXPECT_EQ(get(db_.query("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'interloop%'")).one<int>(), 0);
}

TEST_P(postgres_client, runs_scripts_as_one_transaction) {
  const auto before = db_.query("SELECT 1");
  const auto all =
      get(db_.script("CREATE TEMP TABLE t (i int); INSERT INTO t VALUES (1), (2); SELECT i FROM t ORDER BY i"));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_TRUE(interloop::is_called(before));
  EXPECT_EQ(all[1].tag(), "INSERT 0 2");
  EXPECT_THAT(all[2].all<int>(), ElementsAre(1, 2));
  EXPECT_THAT(failed_with<postgres::server_error>(db_.script("INSERT INTO t VALUES (3); SELECT 1/0; SELECT 2")),
              HasSubstr("22012"));
  EXPECT_EQ(get(db_.query("SELECT count(*) FROM t")).one<int>(), 2);
  EXPECT_THROW(get(db_.script("COPY t FROM STDIN")), interloop::usage_error);
  EXPECT_THROW(get(db_.script("COPY t TO STDOUT")), interloop::usage_error);
  EXPECT_EQ(get(db_.query("SELECT count(*) FROM t")).one<int>(), 2);
}

// ---- COPY ----

TEST_P(postgres_client, copies_many_rows_in_and_out) {
  constexpr int rows = 40'000;
  const text filling(100, 'y');
  const std::vector<std::byte> bytes{std::byte{1}};  // g++ 12 cannot have the list in a co_await
  get(db_.query("CREATE TEMP TABLE copied (id int, name text, data bytea)"));
  run([&](interloop::api) -> future<void> {
    auto in = co_await db_.copy_in("COPY copied FROM STDIN");
    const auto behind = db_.query("SELECT count(*) FROM copied");
    for (int i = 0; i < rows; ++i) {
      std::optional<text> name;
      if (i % 2 == 0) name = "a\tb\n\\" + filling;
      const text line = postgres::copy_line(i, name, bytes);
      co_await in.write(line);
    }
    EXPECT_FALSE(interloop::is_called(behind));
    EXPECT_EQ(co_await in.finish(), static_cast<std::size_t>(rows));
    EXPECT_EQ((co_await behind).one<int>(), rows);
    EXPECT_THROW(static_cast<void>(in.write("")), interloop::usage_error);
  });
  EXPECT_EQ(get(db_.query("SELECT name FROM copied WHERE id = 2 AND data = '\\x01'")).one<text>(),
            "a\tb\n\\" + filling);
  run([&](interloop::api) -> future<void> {
    auto out = db_.copy_out("COPY (SELECT id, name FROM copied ORDER BY id) TO STDOUT");
    int count = 0;
    while (const auto row = co_await out.next()) {
      if (count == 1) {
        EXPECT_EQ(*row, "1\t\\N\n");
      }
      ++count;
    }
    EXPECT_EQ(count, rows);
  });
  EXPECT_EQ(get(db_.query("SELECT 1")).one<int>(), 1);
}

TEST_P(postgres_client, reports_rows_that_the_server_refuses) {
  get(db_.query("CREATE TEMP TABLE numbers (id int)"));
  const auto copy = [&](interloop::api) -> future<void> {
    auto in = co_await db_.copy_in("COPY numbers FROM STDIN");
    for (int i = 0; i < 20'000; ++i) co_await in.write(i == 3 ? "three\n" : "3\n");
    static_cast<void>(co_await in.finish());
  };
  EXPECT_THAT(failed_with<postgres::server_error>(async_.as_future(copy, async_)), HasSubstr("22P02"));
  EXPECT_EQ(get(db_.query("SELECT count(*) FROM numbers")).one<int>(), 0);
}

TEST_P(postgres_client, ends_copies_that_are_abandoned) {
  get(db_.query("CREATE TEMP TABLE half (id int)"));
  run([&](interloop::api) -> future<void> {
    {
      auto in = co_await db_.copy_in("COPY half FROM STDIN");
      co_await in.write("1\n");
    }
    EXPECT_EQ((co_await db_.query("SELECT count(*) FROM half")).one<int>(), 0);
    {
      auto out = db_.copy_out("COPY (SELECT generate_series(1, 1000000000)) TO STDOUT");
      EXPECT_EQ(co_await out.next(), "1\n");
    }
    EXPECT_EQ((co_await db_.query("SELECT 5")).one<int>(), 5);
    {
      auto in = co_await db_.copy_in("COPY half FROM STDIN");
      const auto writing = in.write(text(20'000'000, '7'));
      EXPECT_THROW(static_cast<void>(in.write("1\n")), interloop::usage_error);
      EXPECT_TRUE(interloop::cancel(writing));
    }
    EXPECT_EQ((co_await db_.query("SELECT count(*) FROM half")).one<int>(), 0);
  });
}

TEST_P(postgres_client, reads_no_more_of_a_copy_than_is_asked_for) {
  run([&](interloop::api async) -> future<void> {
    auto other = co_await postgres::connect(async, server_->local());
    auto out = db_.copy_out("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 50000)) TO STDOUT");
    EXPECT_EQ((co_await out.next())->size(), 1001u);
    // Nobody reads, so the server waits: it cannot write.
    for (;;) {
      const result got =
          co_await other.query("SELECT wait_event FROM pg_stat_activity WHERE pid = $1", db_.backend_pid());
      if (got.one<std::optional<text>>() == "ClientWrite") break;
      co_await async.sleep(2ms);
    }
    int rows = 1;
    while (co_await out.next()) ++rows;
    EXPECT_EQ(rows, 50'000);
  });
}

TEST_P(postgres_client, refuses_copy_where_it_cannot_work) {
  for (const char* each :
       {"COPY scratch FROM STDIN", " copy(SELECT 1) TO STDOUT", "/* a /* b */ */ -- c\nCoPy scratch TO STDOUT"})
    EXPECT_THROW(static_cast<void>(db_.query(each)), interloop::usage_error) << each;
  EXPECT_THROW(get(db_.copy_in("SELECT 1")), interloop::usage_error);
  EXPECT_THROW(get(db_.copy_in("COPY scratch TO STDOUT")), interloop::usage_error);
  auto out = db_.copy_out("COPY scratch FROM STDIN");
  EXPECT_THROW(get(out.next().as_future()), interloop::usage_error);
  EXPECT_THAT(failed_with<postgres::server_error>(db_.copy_in("COPY nosuch FROM STDIN")), HasSubstr("42P01"));
  EXPECT_EQ(get(db_.query("SELECT 1 AS copy")).one<int>(), 1);
}

// ---- LISTEN ----

TEST_P(postgres_client, hears_notifications) {
  auto other = connect();
  auto heard = get(db_.listen("my \"channel\""));
  get(other.notify("my \"channel\"", "one"));
  const auto first = get(heard.next().as_future());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->payload, "one");
  EXPECT_EQ(first->channel, "my \"channel\"");
  EXPECT_EQ(first->sender, other.backend_pid());
  // One's own come with the answer, and nothing announces them.
  get(db_.notify("my \"channel\"", "two"));
  EXPECT_EQ(get(heard.next().as_future())->payload, "two");
  {
    auto second = get(db_.listen("my \"channel\""));
    get(db_.notify("my \"channel\"", "three"));
    EXPECT_EQ(get(second.next().as_future())->payload, "three");
  }
  EXPECT_EQ(get(heard.next().as_future())->payload, "three");
  heard = {};
  EXPECT_EQ(get(db_.query("SELECT count(*) FROM pg_listening_channels()")).one<int>(), 0);
}

TEST_P(postgres_client, hears_notifications_after_its_transaction) {
  auto other = connect();
  auto heard = get(db_.listen("news"));
  const auto next = heard.next().as_future();
  get(db_.query("BEGIN"));
  get(other.notify("news", "x"));
  get(db_.query("SELECT 1"));
  EXPECT_FALSE(interloop::is_called(next));
  get(db_.query("COMMIT"));
  EXPECT_EQ(get(next)->payload, "x");
  const auto last = heard.next().as_future();
  db_.close();
  EXPECT_THAT(failed_with<postgres::connection_error>(last), HasSubstr("closed"));
}

// ---- Transactions ----

TEST_P(postgres_client, commits_a_transaction_or_rolls_it_back) {
  get(db_.query("CREATE TEMP TABLE t (i int)"));
  const auto insert = [](connection& in) -> future<std::size_t> {
    EXPECT_THROW(static_cast<void>(in.transaction([](connection&) -> future<void> { co_return; })),
                 interloop::usage_error);
    const auto one = in.query("INSERT INTO t VALUES (1)");
    co_return (co_await in.query("INSERT INTO t VALUES (2), (3)")).affected();
  };
  EXPECT_EQ(get(db_.transaction(insert)), 2u);
  EXPECT_FALSE(db_.in_transaction());
  const auto fails = [](connection& in) -> future<void> {
    co_await in.query("INSERT INTO t VALUES (4)");
    EXPECT_TRUE(in.in_transaction());
    throw std::runtime_error("no");
  };
  EXPECT_EQ(failed_with<std::runtime_error>(db_.transaction(fails)), "no");
  const auto swallows = [](connection& in) -> future<void> {
    try {
      co_await in.query("SELECT 1/0");
    } catch (const postgres::server_error&) {
    }
  };
  EXPECT_THAT(failed_with<postgres::rolled_back>(db_.transaction(swallows)), HasSubstr("SAVEPOINT"));
  const auto writes = [](connection& in) -> future<void> { co_await in.query("INSERT INTO scratch VALUES (5)"); };
  using options = postgres::transaction_options;
  EXPECT_THAT(failed_with<postgres::server_error>(
                  db_.transaction(writes, {.level = options::isolation::serializable, .read_only = true})),
              HasSubstr("25006"));
  EXPECT_EQ(get(db_.query("SELECT count(*) FROM t")).one<int>(), 3);
}

TEST_P(postgres_client, rolls_back_when_it_is_cancelled) {
  get(db_.query("CREATE TEMP TABLE t (i int)"));
  const auto sleeps = [](connection& in) -> future<void> {
    co_await in.query("INSERT INTO t VALUES (1)");
    co_await in.query("SELECT pg_sleep(1000)");
  };
  const auto all = db_.transaction(sleeps);
  wait_until_running("pg_sleep(1000)", 1);
  EXPECT_TRUE(interloop::cancel(all));
  failed_with<interloop::cancelled_error>(all);
  EXPECT_EQ(get(db_.query("SELECT count(*) FROM t")).one<int>(), 0);
}

// ---- Cancelling and time limits ----

TEST_P(postgres_client, cancels_a_statement_in_the_server) {
  auto other = connect();
  const auto sleeping = other.query("SELECT pg_sleep(1001)");
  wait_until_running("pg_sleep(1001)", 1);
  EXPECT_TRUE(interloop::cancel(sleeping));
  EXPECT_TRUE(interloop::is_called(sleeping));
  EXPECT_EQ(get(other.query("SELECT 3")).one<int>(), 3);
  EXPECT_EQ(running("pg_sleep(1001)"), 0);
  // At once: the request may come before the statement.
  EXPECT_TRUE(interloop::cancel(other.query("SELECT pg_sleep(1002)")));
  EXPECT_EQ(get(other.query("SELECT 4")).one<int>(), 4);
}

TEST_P(postgres_client, a_cancellation_hits_no_other_statement) {
  for (int round = 0; round < 20; ++round) {
    const auto short_one = db_.query("SELECT pg_sleep($1)", 0.0001 * round);
    get(async_.sleep(std::chrono::microseconds(100 * round)));
    interloop::cancel(short_one);
    std::vector<future<result>> behind;
    for (int i = 0; i < 10; ++i) behind.push_back(db_.query("SELECT $1::int", i));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(get(behind[static_cast<std::size_t>(i)]).one<int>(), i);
  }
}

TEST_P(postgres_client, cancels_a_statement_that_holds_up_others) {
  const auto before = db_.query("SELECT 1");
  const auto sleeping = db_.query("SELECT pg_sleep(1003)");
  const auto behind = db_.query("SELECT 2");
  const auto quick = db_.query("SELECT 3");
  EXPECT_TRUE(interloop::cancel(quick));
  EXPECT_TRUE(interloop::cancel(sleeping));
  EXPECT_EQ(get(behind).one<int>(), 2);
  EXPECT_EQ(get(before).one<int>(), 1);
}

// Some processes, and what they start, have one processor: then a server up to version 17 sends the second signal of a
// request when the session has obeyed the first one.
class one_processor {
 public:
  explicit one_processor(std::vector<pid_t> whose) : whose_(std::move(whose)) {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
    for (const pid_t each : whose_) ::sched_setaffinity(each, sizeof one, &one);
  }
  one_processor(const one_processor&) = delete;
  one_processor& operator=(const one_processor&) = delete;
  ~one_processor() {
    for (const pid_t each : whose_) ::sched_setaffinity(each, sizeof before_, &before_);
  }

 private:
  std::vector<pid_t> whose_;
  cpu_set_t before_{};
};

TEST_P(postgres_client, a_cancellation_hits_one_statement_where_there_is_one_processor) {
  const one_processor only({0, server_->process(), db_.backend_pid()});
  const auto sleeping = db_.query("SELECT pg_sleep(1013)");
  const auto behind = db_.query("SELECT 1 FROM pg_sleep(0.02)");
  EXPECT_TRUE(interloop::cancel(sleeping));
  EXPECT_EQ(get(behind).one<int>(), 1);
}

// The server takes the request, but has no time to obey; then its answer is there, but this thread has no time to read it.
TEST_P(postgres_client, a_cancellation_hits_no_other_statement_on_a_busy_machine) {
  for (const bool others : {true, false}) {
    const auto sleeping = db_.query("SELECT pg_sleep(1011)");
    future<result> behind;
    const auto follow = [&] { behind = db_.query("SELECT 1 FROM pg_sleep(0.1)"); };
    if (others) follow();
    wait_until_running("pg_sleep(1011)", 1);
    ::kill(db_.backend_pid(), SIGSTOP);
    EXPECT_TRUE(interloop::cancel(sleeping));
    if (!others) follow();
    get(async_.sleep(30ms));
    ::kill(db_.backend_pid(), SIGCONT);
    std::this_thread::sleep_for(60ms);
    EXPECT_EQ(get(behind).one<int>(), 1);
  }
}

TEST_P(postgres_client, cancels_many_and_what_waits_in_line) {
  std::vector<future<result>> sleeping;
  for (int i = 0; i < 5; ++i) sleeping.push_back(db_.query("SELECT pg_sleep(1004)"));
  const auto script = db_.script("SELECT pg_sleep(1005)");
  const auto in_line = db_.query("SELECT pg_sleep(1006)");
  for (const auto& each : sleeping) interloop::cancel(each);
  interloop::cancel(script);
  interloop::cancel(in_line);
  EXPECT_EQ(get(db_.query("SELECT 1")).one<int>(), 1);
  const auto running_script = db_.script("SELECT pg_sleep(1007)");
  get(async_.sleep(5ms));
  interloop::cancel(running_script);
  EXPECT_EQ(get(db_.query("SELECT 2")).one<int>(), 2);
}

TEST_P(postgres_client, limits_the_time_of_a_statement) {
  auto hasty = connect({.statement_timeout = 30ms});
  const auto late = hasty.query("SELECT pg_sleep(1008), $1::text", "a secret");
  const text why = failed_with<interloop::timeout_error>(late);
  EXPECT_THAT(why, testing::AllOf(HasSubstr("30 ms"), HasSubstr("pg_sleep(1008)"), Not(HasSubstr("secret"))));
  failed_with<interloop::timeout_error>(hasty.script("SELECT pg_sleep(1008)"));
  wait_until_running("pg_sleep(1008)", 0);
  EXPECT_TRUE(hasty.connected());
}

// ---- A pool ----

TEST_P(postgres_client, a_pool_shares_few_connections_among_many) {
  postgres::pool pool(async_, server_->local(), {.size = 3});
  get(db_.script("DROP TABLE IF EXISTS counter; CREATE TABLE counter (n int); INSERT INTO counter VALUES (0)"));
  std::vector<future<void>> all;
  std::vector<int> pids;
  for (int i = 0; i < 60; ++i)
    all.push_back(pool.transaction([&pids](connection& in) -> future<void> {
      pids.push_back(in.backend_pid());
      co_await in.query("UPDATE counter SET n = n + 1");
    }));
  EXPECT_EQ(pool.waiting(), 57u);
  get(async_.gather(all));
  EXPECT_EQ(get(pool.query("SELECT n FROM counter")).one<int>(), 60);
  std::sort(pids.begin(), pids.end());
  EXPECT_EQ(std::unique(pids.begin(), pids.end()) - pids.begin(), 3);
  EXPECT_EQ(pool.idle(), 3u);
  EXPECT_THROW(postgres::pool(async_, "", {.size = 0}), interloop::usage_error);
}

TEST_P(postgres_client, a_pool_cleans_up_what_is_returned) {
  postgres::pool pool(async_, server_->local(), {.size = 1, .on_return = "DISCARD ALL", .clean_up_time = 60s});
  int pid = 0;
  {
    auto held = get(pool.acquire());
    pid = held->backend_pid();
    get(held->query("BEGIN"));
    get(held->query("SET application_name = 'changed'"));
    get(held->query("CREATE TEMP TABLE mine (i int)"));
    static_cast<void>(held->query("SELECT pg_sleep(1009)"));
    const auto waits = pool.acquire();
    get(async_.yield());
    EXPECT_TRUE(interloop::cancel(waits));
  }
  auto held = get(pool.acquire());
  EXPECT_EQ(held->backend_pid(), pid);
  EXPECT_FALSE(held->in_transaction());
  EXPECT_EQ(get(held->query("SELECT current_setting('application_name')")).one<text>(), "interloop");
  EXPECT_EQ(get(held->query("SELECT to_regclass('mine')")).one<std::optional<text>>(), std::nullopt);
}

TEST_P(postgres_client, a_pool_replaces_what_is_broken) {
  postgres::pool pool(async_, server_->local(), {.size = 1});
  const int pid = get(pool.query("SELECT pg_backend_pid()")).one<int>();
  EXPECT_TRUE(get(db_.query("SELECT pg_terminate_backend($1, 60000)", pid)).one<bool>());
  EXPECT_NE(get(pool.query("SELECT pg_backend_pid()")).one<int>(), pid);
  const auto cancelled = pool.query("SELECT pg_sleep(1010)");
  get(async_.sleep(5ms));
  interloop::cancel(cancelled);
  EXPECT_EQ(get(pool.query("SELECT 1")).one<int>(), 1);
  auto held = get(pool.acquire());
  const auto waits = pool.acquire();
  pool.close();
  EXPECT_THAT(failed_with<postgres::connection_error>(waits), HasSubstr("pool was closed"));
  EXPECT_EQ(get(held->query("SELECT 1")).one<int>(), 1);
  held = {};
  EXPECT_EQ(pool.idle(), 0u);
  failed_with<postgres::connection_error>(pool.acquire());
}

// ---- Cancelled at every await ----

TEST(postgres_cancelled, may_be_cancelled_at_every_await) {
  if (!postgres_server::available()) GTEST_SKIP() << "PostgreSQL's server is not installed";
  const text where = postgres_server::shared().local();
  const interloop::testing::cancel_options patient{.patience = 20s};
  const auto session = interloop::testing::cancel_everywhere(
      [&](interloop::api async) -> future<void> {
        auto db = co_await postgres::connect(async, where);
        co_await db.query("CREATE TEMP TABLE t (i int)");
        auto heard = co_await db.listen("everywhere");
        co_await db.transaction([](connection& in) -> future<void> {
          co_await in.query("INSERT INTO t VALUES (1)");
          co_await in.notify("everywhere");
        });
        static_cast<void>(co_await heard.next());
        const auto prepared = co_await db.prepare("SELECT count(*) FROM t");
        if ((co_await db.execute(prepared)).one<int>() != 1) throw std::runtime_error("another count");
      },
      {.patience = 20s});
  EXPECT_EQ(session.text(), "");
  EXPECT_GE(session.places, 8);
  const auto copies = interloop::testing::cancel_everywhere(
      [&](interloop::api async) -> future<void> {
        postgres::pool pool(async, where, {.size = 1});
        auto db = co_await pool.acquire();
        static_cast<void>(co_await db->script("CREATE TEMP TABLE t (i int)"));
        auto in = co_await db->copy_in("COPY t FROM STDIN");
        co_await in.write("1\n");
        static_cast<void>(co_await in.finish());
        auto out = db->copy_out("COPY t TO STDOUT");
        while (co_await out.next()) {
        }
        db = {};
        co_await pool.query("SELECT 1");
      },
      {.patience = 20s});
  EXPECT_EQ(copies.text(), "");
  EXPECT_GE(copies.places, 6);
}

}  // namespace
