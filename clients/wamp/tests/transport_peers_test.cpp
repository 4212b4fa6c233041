// SPDX-License-Identifier: MIT
// WebSocket against a server that is not ours (Python's `websockets`), by TCP and by TLS, on every loop.
#include "transport_support.hpp"

#include "clients/support/certificates.hpp"
#include "clients/support/loopback.hpp"
#include "clients/support/server_process.hpp"

#include <optional>

namespace {

using namespace wamp_test;
using wamp::serializer;

const char* const python = "/usr/bin/python3";  // for which Debian has the library

/// Both servers, which all tests of the process share.
class echo_servers {
 public:
  echo_servers() {
    if (!test_servers::succeeds({python, "-c", "import websockets"})) return;
    plain_.emplace(start(port_, {}));
    if (test_servers::make_certificates(folder_, "router.test"))
      secure_.emplace(start(secure_port_, {folder_.file("server.pem"), folder_.file("server.key")}));
  }
  [[nodiscard]] bool plain() const { return plain_.has_value(); }
  [[nodiscard]] bool secure() const { return secure_.has_value(); }
  [[nodiscard]] std::string url() const { return "ws://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string secure_url() const { return "wss://127.0.0.1:" + std::to_string(secure_port_); }
  [[nodiscard]] std::string authority() const { return folder_.file("authority.pem"); }

 private:
  static test_servers::server_process start(int& port, const std::vector<std::string>& more) {
    port = test_servers::free_port();
    std::vector<std::string> words{python, ECHO_SERVER, std::to_string(port)};
    words.insert(words.end(), more.begin(), more.end());
    test_servers::server_process made(std::move(words));
    made.wait_until([port] { return test_servers::accepts(port); }, 60);
    return made;
  }

  test_servers::temporary_folder folder_;
  int port_ = 0, secure_port_ = 0;
  std::optional<test_servers::server_process> plain_, secure_;
};

echo_servers& servers() {
  static echo_servers all;
  return all;
}

class wamp_real_websocket : public transports {
 protected:
  void SetUp() override {
    if (!servers().plain()) GTEST_SKIP() << "python3-websockets is not installed";
  }
  /// Sends it, and waits for the answer.
  std::string ask(wamp::transport& by, std::string_view what) {
    const std::size_t before = heard_.messages.size();
    by.send(what);
    until([&] { return heard_.messages.size() > before || heard_.gone; });
    return heard_.gone ? "gone" : heard_.messages.back();
  }
  wamp::transport_options secure() {
    auto how = options(servers().secure_url());
    how.tls.authorities = servers().authority();
    return how;
  }
};

INTERLOOP_ON_EVERY_LOOP(wamp_real_websocket);

TEST_P(wamp_real_websocket, is_understood_and_understands) {
  const auto made = connect(options(servers().url()));
  EXPECT_EQ(ask(*made, "hello \xc3\xa4"), "hello \xc3\xa4");
  EXPECT_EQ(ask(*made, "in fragments"), "in fragments");
  EXPECT_EQ(ask(*made, "ping me"), "you are");
  for (const std::size_t size : {125U, 126U, 65535U, 65536U, 5'000'000U}) {
    const std::string long_text(size, 'x');
    EXPECT_TRUE(ask(*made, long_text) == long_text) << size;
  }
  made->close();
  EXPECT_THAT(gone(), HasSubstr("the transport was closed"));
}

TEST_P(wamp_real_websocket, negotiates_and_is_closed) {
  auto how = options(servers().url());
  how.serializers = {serializer::cbor, serializer::msgpack};
  const auto binary = connect(how);
  EXPECT_EQ(binary->format(), serializer::msgpack);
  EXPECT_EQ(ask(*binary, std::string("\0\xff", 2)), std::string("\0\xff", 2));
  how.serializers = {serializer::cbor};
  EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, how)), HasSubstr("subprotocol"));
  heard_ = listener();
  const auto text = connect(options(servers().url()));
  EXPECT_EQ(ask(*text, "close"), "gone");
  EXPECT_THAT(gone(), HasSubstr("code 4000: as you wish"));
}

TEST_P(wamp_real_websocket, many_messages_arrive_in_order) {
  const auto made = connect(options(servers().url()));
  for (int i = 0; i < 2000; ++i) made->send(std::to_string(i));
  until([&] { return heard_.messages.size() == 2000; });
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(heard_.messages[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_P(wamp_real_websocket, speaks_tls_with_a_server_that_it_trusts_only) {
  if (!servers().secure()) GTEST_SKIP() << "openssl is not installed";
  const auto made = connect(secure());
  EXPECT_EQ(ask(*made, std::string(100'000, 'x')).size(), 100'000u);
  made->close();
  EXPECT_THAT(gone(), HasSubstr("the transport was closed"));

  auto unknown = secure();
  unknown.tls.authorities.clear();
  EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, unknown)), HasSubstr("certificate"));
  auto misnamed = secure();
  misnamed.tls.server_name = "other.test";
  EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, misnamed)), HasSubstr("certificate"));
  auto named = secure();
  named.tls.server_name = "router.test";
  heard_ = listener();
  EXPECT_EQ(connect(named)->format(), serializer::json);
  auto trusting = secure();
  trusting.tls = {};
  trusting.tls.verify = false;
  heard_ = listener();
  EXPECT_EQ(connect(trusting)->format(), serializer::json);
  auto plain_peer = secure();
  plain_peer.url = "wss" + servers().url().substr(2);
  EXPECT_THAT(failed_with<wamp::connection_error>(wamp::connect_transport(async_, plain_peer)), HasSubstr("TLS"));
  auto no_file = secure();
  no_file.tls.authorities = "/no/such/file";
  failed_with<interloop::usage_error>(wamp::connect_transport(async_, no_file));
}

}  // namespace
