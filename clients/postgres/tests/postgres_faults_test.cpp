// SPDX-License-Identifier: MIT
// Connecting, and everything that goes wrong with a connection, on every loop that was built.
#include "postgres_support.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

namespace {

using namespace std::chrono_literals;
using namespace interloop::test;
using interloop::future;
using interloop::postgres::connection_error;
using interloop::postgres::result;
using testing::HasSubstr;
using testing::Not;
using text = std::string;
namespace postgres = interloop::postgres;

class postgres_faults : public postgres_test {};
INTERLOOP_ON_EVERY_LOOP(postgres_faults);

// ---- Connecting ----

TEST_P(postgres_faults, tries_one_host_after_the_other) {
  // libpq closes each socket, and gets the same number back for the next, in one call.
  for (const char* mode : {"disable", "prefer"}) {
    const text ports =
        std::to_string(free_port()) + "," + std::to_string(free_port()) + "," + std::to_string(server_->port());
    auto third = get(postgres::connect(
        async_, "host=127.0.0.1,127.0.0.1,127.0.0.1 port=" + ports + " user=tester dbname=postgres sslmode=" + mode));
    EXPECT_EQ(get(third.query("SELECT 1")).one<int>(), 1);
  }
  const text refused = failed_with<connection_error>(
      postgres::connect(async_, "host=127.0.0.1,127.0.0.1 user=tester port=" + std::to_string(free_port())));
  EXPECT_THAT(refused, HasSubstr("refused"));
  // The first one answers, but is not what is wanted.
  EXPECT_THAT(
      failed_with<connection_error>(postgres::connect(async_, server_->tcp() + " target_session_attrs=read-only")),
      HasSubstr("read-only"));
}

TEST_P(postgres_faults, never_shows_a_password) {
  const text wrong = failed_with<connection_error>(postgres::connect(
      async_,
      "host=127.0.0.1 dbname=postgres user=guarded password=wr0ng-one port=" + std::to_string(server_->port())));
  EXPECT_THAT(wrong, testing::AllOf(HasSubstr("password authentication failed"), Not(HasSubstr("wr0ng-one"))));
  auto right = get(postgres::connect(
      async_, "postgresql://guarded:Pa55word-of-guarded@127.0.0.1:" + std::to_string(server_->port()) + "/postgres"));
  EXPECT_EQ(get(right.query("SELECT current_user")).one<text>(), "guarded");
  EXPECT_EQ(right.setting("session_authorization"), "guarded");
  const text bad = failed_with<interloop::usage_error>(postgres::connect(async_, "password=hidden and more"));
  EXPECT_THAT(bad, testing::AllOf(HasSubstr("postgresql://"), Not(HasSubstr("hidden")), Not(HasSubstr("more"))));
  failed_with<connection_error>(postgres::connect(async_, "host=/nowhere port=1"));
  failed_with<connection_error>(postgres::connect(async_, "port=notaport host=127.0.0.1"));
}

TEST_P(postgres_faults, verifies_who_the_server_is) {
  if (server_->certificate().empty()) GTEST_SKIP() << "openssl is not installed";
  auto sure =
      get(postgres::connect(async_, server_->tcp() + " sslmode=verify-full sslrootcert=" + server_->certificate()));
  EXPECT_TRUE(sure.encrypted());
  EXPECT_FALSE(db_.encrypted());
  EXPECT_THAT(failed_with<connection_error>(postgres::connect(
                  async_, server_->tcp() + " sslmode=verify-full sslrootcert=" + server_->other_certificate())),
              HasSubstr("certificate verify failed"));
  // Parts of TLS records may wait above the socket, which is quiet then.
  for (const int size : {8'000, 16'384, 100'000, 3'000'000}) {
    std::vector<future<result>> answers;
    for (int i = 0; i < 5; ++i) answers.push_back(sure.query("SELECT repeat('x', $1::int)", size));
    for (const auto& each : answers) EXPECT_EQ(get(each).one<text>().size(), static_cast<std::size_t>(size));
  }
  run([&](interloop::api) -> future<void> {
    auto out = sure.copy_out("COPY (SELECT repeat('x', i % 3000) FROM generate_series(1, 5000) i) TO STDOUT");
    int rows = 0;
    while (co_await out.next()) ++rows;
    EXPECT_EQ(rows, 5000);
  });
}

TEST_P(postgres_faults, gives_up_servers_that_say_nothing) {
  mute_server mute;
  const text where = "host=127.0.0.1 user=tester port=" + std::to_string(mute.port());
  EXPECT_THAT(failed_with<interloop::timeout_error>(postgres::connect(async_, where, {.connect_timeout = 20ms})),
              HasSubstr("20 ms"));
  const auto cancelled = postgres::connect(async_, where);
  get(async_.sleep(5ms));
  EXPECT_TRUE(interloop::cancel(cancelled));
  failed_with<interloop::cancelled_error>(cancelled);
  {
    mute_server other;
    const auto lost =
        postgres::connect(async_, "sslmode=disable host=127.0.0.1 user=tester port=" + std::to_string(other.port()));
    other.hang_up();
    EXPECT_THAT(failed_with<connection_error>(lost), HasSubstr("closed the connection"));
  }
  // One that welcomes a client, and then says nothing: it does not answer a request to cancel, either.
  odd_server silent("");
  auto db = get(postgres::connect(
      async_, "sslmode=disable gssencmode=disable host=127.0.0.1 user=tester port=" + std::to_string(silent.port()),
      {.statement_timeout = 20ms}));
  failed_with<interloop::timeout_error>(db.query("SELECT 1"));
  failed_with<interloop::timeout_error>(db.query("SELECT 2"));
  failed_with<interloop::timeout_error>(db.script("SELECT 3"));
  EXPECT_TRUE(db.connected());
}

TEST_P(postgres_faults, survives_servers_that_talk_nonsense) {
  using namespace std::string_literals;
  for (const text& answer :
       {"nonsense"s, text(10'000, '\0'), "HTTP/1.1 400 Bad Request\r\n\r\n"s, "D\0\0\0\x06\0\x01"s, "T\0\0\0\x03"s,
        "1\0\0\0\x04"
        "2\0\0\0\x04"
        "D\xff\xff\xff\xff"s}) {
    odd_server odd(answer);
    auto db = get(postgres::connect(
        async_, "sslmode=disable gssencmode=disable host=127.0.0.1 user=tester port=" + std::to_string(odd.port()),
        {.statement_timeout = 200ms}));
    const auto first = db.query("SELECT 1"), second = db.query("SELECT 2");
    finish(first);
    finish(second);
    EXPECT_NE(first.get_failure(), nullptr);
    EXPECT_NE(second.get_failure(), nullptr);
  }
}

// ---- Ending ----

TEST_P(postgres_faults, fails_what_is_pending_when_it_is_closed_or_destroyed) {
  const auto pending = db_.query("SELECT pg_sleep(2000)");
  const auto script = db_.script("SELECT 1");
  const auto in_line = db_.query("SELECT 2");
  auto out = db_.copy_out("COPY scratch TO STDOUT");
  const auto row = out.next().as_future();
  db_.close();
  db_.close();
  EXPECT_THAT(failed_with<connection_error>(pending), HasSubstr("closed"));
  failed_with<connection_error>(script);
  failed_with<connection_error>(in_line);
  failed_with<connection_error>(row);
  EXPECT_FALSE(db_.connected());
  failed_with<connection_error>(db_.query("SELECT 1"));

  auto other = connect();
  const auto first = other.query("SELECT 1"), last = other.query("SELECT pg_sleep(2000)");
  interloop::add_callbacks(first, [&](const result&) { other = {}; });
  EXPECT_THAT(failed_with<connection_error>(last), HasSubstr("destroyed"));
  EXPECT_THROW(static_cast<void>(other.query("SELECT 1")), interloop::usage_error);
}

TEST_P(postgres_faults, may_outlive_the_closing_of_its_loop) {
  auto copying = connect();
  auto writer = get(copying.copy_in("COPY scratch FROM STDIN"));
  auto heard = get(db_.listen("x"));
  auto statement = get(db_.prepare("SELECT 1"));
  postgres::pool pool(async_, server_->local(), {.size = 1});
  auto held = get(pool.acquire());
  const auto pending = db_.query("SELECT pg_sleep(2001)");
  const auto connecting = postgres::connect(async_, server_->tcp());
  core().close();
  EXPECT_TRUE(pending.get_failure()->is<interloop::loop_closed>());
  EXPECT_TRUE(connecting.get_failure()->is<interloop::loop_closed>());
  EXPECT_THROW(static_cast<void>(db_.query("SELECT 1")), interloop::loop_closed);
}

TEST_P(postgres_faults, a_forked_child_ends_no_session_of_its_parent) {
  const int pid = db_.backend_pid();
  const pid_t child = ::fork();
  if (child == 0) {
    db_ = {};
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(get(db_.query("SELECT pg_backend_pid()")).one<int>(), pid);
}

TEST_P(postgres_faults, knows_that_the_server_has_ended_an_idle_session) {
  auto idle = connect();
  auto heard = get(idle.listen("never"));
  const auto next = heard.next().as_future();
  get(db_.query("SELECT pg_terminate_backend($1, 60000)", idle.backend_pid()));
  EXPECT_THAT(failed_with<connection_error>(next), HasSubstr("terminating connection"));
  EXPECT_FALSE(idle.connected());
  EXPECT_EQ(error_of<connection_error>(idle.query("SELECT 1")).sqlstate(), "57P01");
}

TEST_P(postgres_faults, completes_everything_when_the_server_ends_sessions_in_mid_flight) {
  const auto loops = own_loop_names();
  const int rounds = GetParam() == loops.front() || GetParam() == loops.back() ? 100 : 5;
  get(async_.sleep(1ms));
  const std::size_t before = open_descriptors();
  int answered = 0, lost = 0;
  for (int round = 0; round < rounds; ++round) {
    auto victim = connect();
    auto copying = connect();
    const int pid = victim.backend_pid();
    auto writer = round % 2 ? get(copying.copy_in("COPY scratch FROM STDIN")) : postgres::copy_writer();
    std::vector<future<result>> all;
    for (int i = 0; i < 20; ++i) all.push_back(victim.query("SELECT repeat('x', $1::int)", i * round * 50));
    const auto script = victim.script("SELECT 1");
    all.push_back(victim.query("SELECT 1"));
    const auto ended =
        db_.query("SELECT pg_terminate_backend($1), pg_terminate_backend($2)", pid, copying.backend_pid());
    const auto late = copying.query("SELECT 1");
    for (const auto& each : all) {
      finish(each);
      each.get_failure() ? ++lost : ++answered;
      if (const auto* why = each.get_failure()) {
        EXPECT_TRUE(why->is<connection_error>()) << interloop::failure_message(*why);
      }
    }
    finish(script);
    static_cast<void>(script.get_failure());
    get(ended);
    if (round % 2) {
      const auto end = writer.finish();
      finish(end);
      static_cast<void>(end.get_failure());
    }
    finish(late);
    static_cast<void>(late.get_failure());
    EXPECT_FALSE(victim.connected() && victim.in_flight() > 0);
  }
  EXPECT_EQ(answered + lost, 21 * rounds);
  // A request to cancel may be under way in a thread.
  for (int i = 0; i < 5'000 && open_descriptors() != before; ++i) get(async_.sleep(2ms));
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(postgres_faults, survives_a_server_that_is_killed_and_restarted) {
  const int rounds = GetParam() == own_loop_names().front() ? 100 : 2;
  postgres::pool pool(async_, server_->local(), {.size = 2});
  std::size_t before = 0;
  for (int round = 0; round < rounds; ++round) {
    get(pool.query("SELECT 1"));  // its connections of the round before are lost
    auto victim = connect();
    auto copying = connect();
    auto writer = get(copying.copy_in("COPY scratch FROM STDIN"));
    std::vector<future<result>> all;
    for (int i = 0; i < 20; ++i) {
      all.push_back(victim.query("SELECT repeat('x', $1::int)", i * round * 50));
      all.push_back(pool.query("SELECT 1"));
    }
    all.push_back(victim.query("SELECT pg_sleep(2002)"));
    const auto script = victim.script("SELECT 1");
    const auto transaction =
        pool.transaction([](postgres::connection& in) -> future<void> { co_await in.query("SELECT pg_sleep(2003)"); });
    const auto connecting = postgres::connect(async_, server_->local());
    if (round % 2 == 0) finish(all[static_cast<std::size_t>(round) % 40]);
    server_->kill();
    const auto refused = postgres::connect(async_, server_->local());
    for (const auto& each : all) {
      if (!interloop::is_called(each)) finish(each);
      if (const auto* why = each.get_failure()) {
        EXPECT_TRUE(why->is<connection_error>()) << interloop::failure_message(*why);
      }
    }
    failed_with<connection_error>(script);
    failed_with<connection_error>(transaction);
    failed_with<connection_error>(refused);
    failed_with<connection_error>(writer.finish());
    if (!interloop::is_called(connecting)) finish(connecting);
    static_cast<void>(connecting.get_failure());  // it may have been made before
    EXPECT_FALSE(victim.connected() || copying.connected());
    server_->start();
    if (round == 1) before = open_descriptors();
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(postgres_faults, a_transaction_fails_with_its_connection) {
  auto victim = connect();
  const auto all = victim.transaction([](postgres::connection& in) -> future<void> {
    co_await in.query("SELECT pg_terminate_backend(pg_backend_pid())");
  });
  const auto why = error_of<interloop::error>(all);
  EXPECT_THAT(why.what(), HasSubstr("terminating connection"));
  EXPECT_FALSE(victim.connected());
}

}  // namespace
