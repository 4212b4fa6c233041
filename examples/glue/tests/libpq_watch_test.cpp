// SPDX-License-Identifier: MIT
// libpq on a plain watch: its first host cannot take the connection, and the second gets the first one's number. On every
// loop, it is enough to set the interest, or to bind the watch anew, after each call of PQconnectPoll.
#include <interloop/interloop.hpp>

#include "clients/support/loopback.hpp"
#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace glued {
namespace {

using interloop::interest;
using namespace std::string_view_literals;

/// Speaks as much of the protocol as connecting needs: the first connection is told that the server is starting up, which
/// makes libpq go on to its next host, and the others are accepted.
class starting_server {
 public:
  explicit starting_server(int connections) : thread_([this, connections] { serve(connections); }) {}
  starting_server(const starting_server&) = delete;
  starting_server& operator=(const starting_server&) = delete;
  ~starting_server() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  [[nodiscard]] int port() const noexcept { return port_; }

 private:
  void serve(int connections) const {
    constexpr std::string_view not_now = "E\0\0\0\x20SFATAL\0C57P03\0Mstarting up\0\0"sv;
    constexpr std::string_view welcome = "R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"sv;
    std::vector<int> open;
    for (int i = 0; i < connections; ++i) {
      const int accepted = test_servers::accept_next(socket_);
      if (accepted < 0) break;
      open.push_back(accepted);
      std::array<char, 1000> startup{};
      if (::recv(accepted, startup.data(), startup.size(), 0) <= 0) continue;
      const std::string_view answer = i == 0 ? not_now : welcome;
      static_cast<void>(::send(accepted, answer.data(), answer.size(), MSG_NOSIGNAL));
    }
    for (const int each : open) ::close(each);
  }

  int port_ = 0;
  int socket_ = test_servers::listen_on_free_port(port_);
  std::thread thread_;
};

class libpq_watch_test : public ::testing::TestWithParam<std::string> {};

TEST_P(libpq_watch_test, the_second_host_is_reached_under_the_number_of_the_first) {
  for (const bool rebinds : {false, true}) {
    const auto native = interloop::test::make_loop(GetParam());
    interloop::loop& core = native->core();
    std::vector<std::string> reports;
    interloop::test::keep_reports(core, reports);
    const starting_server server(2);
    const std::string port = std::to_string(server.port());
    const std::string where =
        "host=127.0.0.1,127.0.0.1 port=" + port + "," + port + " user=x dbname=x sslmode=disable gssencmode=disable";
    const std::unique_ptr<PGconn, decltype([](PGconn* it) { PQfinish(it); })> connection(PQconnectStart(where.c_str()));
    ASSERT_NE(PQstatus(connection.get()), CONNECTION_BAD);

    const int number = PQsocket(connection.get());
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    bool done = false;
    interloop::fd_watch watching;
    watching = core.watch(number, interest::write, [&](interest) {
      state = PQconnectPoll(connection.get());
      EXPECT_EQ(PQsocket(connection.get()), number);
      if (state == PGRES_POLLING_OK || state == PGRES_POLLING_FAILED) {
        watching.stop();
        done = true;
      } else if (const interest wanted = state == PGRES_POLLING_READING ? interest::read : interest::write; rebinds) {
        watching.rebind(PQsocket(connection.get()), wanted);
      } else {
        watching.set_interest(wanted);
      }
    });
    interloop::test::run_until(core, [&] { return done; });
    EXPECT_EQ(state, PGRES_POLLING_OK) << PQerrorMessage(connection.get());
    EXPECT_EQ(reports, std::vector<std::string>{});
  }
}

INSTANTIATE_TEST_SUITE_P(, libpq_watch_test, ::testing::ValuesIn(interloop::test::loop_names()),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace glued
