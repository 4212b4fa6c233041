// SPDX-License-Identifier: MIT
// The client against a real nginx, and against servers that misbehave, on every loop that was built.
#include "servers.hpp"

#include "clients/support/on_every_loop.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <netdb.h>
#include <interloop/http.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/cancel_everywhere.hpp>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// ---- A lookup that takes as long as a test wants ----

namespace {

class gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --waiting_;
    changed_.notify_all();
  }
  void shut() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool reached() {
    const std::lock_guard lock(mutex_);
    return waiting_ > 0;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int waiting_ = 0;
};
gate lookups;

}  // namespace

// In place of the C library's, for libcurl too.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  static const auto original = reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name && std::string_view(name) == "slow.test") {
    lookups.wait();
    name = "127.0.0.1";
  }
  return original(name, service, hints, found);
}

namespace {

using namespace std::chrono_literals;
using interloop::http::http_error;
using interloop::http::request;
using interloop::http::response;
using interloop::test::failed_with;
using interloop::test::finish;
using interloop::test::get;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using text = std::string;
namespace http = interloop::http;

template <class T>
int code_of(const interloop::future<T>& f) {
  failed_with<http_error>(f);
  try {
    f.value();
  } catch (const http_error& why) {
    return why.code();
  } catch (...) {
  }
  return 0;
}

nginx_server& nginx() {
  static nginx_server server;
  return server;
}

class on_every_loop : public interloop::test::on_every_loop {
 protected:
  http::client make_client(http::client_options options = {}) { return http::client(async_, std::move(options)); }
};

class http_client : public on_every_loop {
 protected:
  void SetUp() override {
    if (!nginx_server::available()) GTEST_SKIP() << "nginx or openssl is not installed";
    nginx();
    client_.emplace(make_client());
  }

  std::optional<http::client> client_;
};

class http_client_without_nginx : public on_every_loop {};

INTERLOOP_ON_EVERY_LOOP(http_client);
INTERLOOP_ON_EVERY_LOOP(http_client_without_nginx);

// ---- Requests and responses ----

TEST_P(http_client, gets_a_response_with_its_headers) {
  const response got = get(client_->get(nginx().plain("/hello")));
  EXPECT_EQ(got.status, 200);
  EXPECT_TRUE(got.ok());
  EXPECT_EQ(got.body, "hello\n");
  EXPECT_EQ(got.version, http::version::http1_1);
  EXPECT_EQ(got.url, nginx().plain("/hello"));
  ASSERT_TRUE(got.headers.find("content-LENGTH"));
  EXPECT_EQ(*got.headers.find("content-LENGTH"), "6");
  EXPECT_EQ(got.headers.all("x-repeat"), (std::vector<std::string_view>{"one", "two"}));
  EXPECT_FALSE(got.headers.contains("X-Absent"));
}

TEST_P(http_client, sends_any_method_and_gives_every_status) {
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "OPTIONS", "DELETE"})
    EXPECT_EQ(get(client_->send(request(method, nginx().plain("/method")))).body, method);
  const response head = get(client_->send(request("HEAD", nginx().plain("/hello"))));
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(*head.headers.find("Content-Length"), "6");
  const response missing = get(client_->get(nginx().plain("/missing")));
  EXPECT_EQ(missing.status, 404);
  EXPECT_FALSE(missing.ok());
  EXPECT_EQ(missing.body, "not here");
}

TEST_P(http_client, sends_headers_and_credentials) {
  request what = request(nginx().plain("/seen")).with_header("X-Own", "mine").with_header("Cookie", "c=1");
  what.url.insert(7, "name:p%40ss@");
  const response got = get(client_->send(std::move(what)));
  EXPECT_EQ(got.body, "auth=Basic bmFtZTpwQHNz cookie=c=1 own=mine agent=interloop/" INTERLOOP_VERSION " type=");
  EXPECT_THAT(got.url, Not(HasSubstr("name")));
}

// Handles of libcurl's are used again.
TEST_P(http_client, forgets_what_an_earlier_request_was_told) {
  const text url = nginx().plain("/seen"), host = url.substr(text("http://").size());
  const text nothing = "auth= cookie= own= agent=interloop/" INTERLOOP_VERSION " type=";
  EXPECT_EQ(get(client_->get(url)).body, nothing);
  const text given = get(client_->send(request("http://name:pass@" + host).with_header("X-Own", "1"))).body;
  EXPECT_THAT(given, AllOf(HasSubstr("auth=Basic"), HasSubstr("own=1")));
  EXPECT_EQ(get(client_->get(url)).body, nothing);
  EXPECT_THAT(get(client_->send(request(url).with_header("X-Own", "2"))).body, HasSubstr("own=2"));
  EXPECT_EQ(get(client_->send(request("PUT", nginx().plain("/method"), "text"))).status, 200);
  EXPECT_EQ(get(client_->send(request("HEAD", url))).body, "");
  EXPECT_EQ(get(client_->get(url)).body, nothing);
}

TEST_P(http_client, moves_bodies_of_any_size_in_both_directions) {
  text bytes;
  for (int i = 0; i < 3'000'000; ++i) bytes.push_back(static_cast<char>(i * 7 + i / 251));
  const text url = nginx().plain("/dav/" + GetParam());
  EXPECT_EQ(get(client_->send(request("PUT", url, bytes))).status, 201);
  EXPECT_EQ(get(client_->get(url)).body, bytes);
  EXPECT_EQ(get(client_->send(request("PUT", url, ""))).status, 204);
  EXPECT_EQ(get(client_->get(url)).body, "");
  EXPECT_EQ(get(client_->send(request("DELETE", url))).status, 204);
}

TEST_P(http_client, decompresses_what_it_asked_for) {
  const response got = get(client_->get(nginx().plain("/gzip/small")));
  EXPECT_EQ(got.headers.all("Content-Encoding"), std::vector<std::string_view>{"gzip"});
  EXPECT_EQ(got.body, text(64 << 10, 's'));
  auto plain = make_client({.decompress = false});
  EXPECT_FALSE(get(plain.get(nginx().plain("/gzip/small"))).headers.contains("Content-Encoding"));
}

TEST_P(http_client, refuses_a_body_that_is_larger_than_the_limit) {
  const auto announced = client_->send(request(nginx().plain("/zeros")).with_max_body(1000));
  EXPECT_THAT(failed_with<http_error>(announced), HasSubstr("more than 1000 bytes"));
  const auto decompressed = client_->send(request(nginx().plain("/gzip/zeros")).with_max_body(1000));
  EXPECT_THAT(failed_with<http_error>(decompressed), HasSubstr("more than 1000 bytes"));
  EXPECT_EQ(get(client_->send(request(nginx().plain("/hello")).with_max_body(6))).body, "hello\n");
}

// ---- TLS and HTTP/2 ----

TEST_P(http_client, speaks_http_2_over_tls_on_one_connection) {
  auto client = make_client({.max_connections = 1, .ca_file = nginx().ca_file()});
  const int before = open_sockets();
  std::vector<interloop::future<response>> all;
  for (int i = 0; i < 100; ++i) all.push_back(client.get(nginx().tls("/version")));
  for (const auto& each : all) {
    const response got = get(each);
    EXPECT_EQ(got.body, "HTTP/2.0");
    EXPECT_EQ(got.version, http::version::http2);
  }
  EXPECT_LE(open_sockets(), before + 1);
}

TEST_P(http_client, speaks_http_2_without_tls_if_told_so) {
  auto client = make_client({.speak = http::protocol::http2_prior_knowledge});
  EXPECT_EQ(get(client.get(nginx().h2c("/version"))).body, "HTTP/2.0");
  auto old = make_client({.speak = http::protocol::http1, .ca_file = nginx().ca_file()});
  EXPECT_EQ(get(old.get(nginx().tls("/version"))).body, "HTTP/1.1");
}

TEST_P(http_client, refuses_a_certificate_of_an_unknown_authority) {
  EXPECT_EQ(code_of(client_->get(nginx().tls("/hello"))), 60);  // CURLE_PEER_FAILED_VERIFICATION
}

// ---- Redirects ----

TEST_P(http_client, follows_redirects_only_if_it_may) {
  EXPECT_EQ(get(client_->get(nginx().plain("/to_method"))).status, 302);
  const response followed = get(client_->send(request(nginx().plain("/to_method")).with_max_redirects(1)));
  EXPECT_EQ(followed.status, 200);
  EXPECT_EQ(followed.url, nginx().plain("/method"));
  const response last = get(client_->send(request(nginx().plain("/loop")).with_max_redirects(7)));
  EXPECT_EQ(last.status, 302);  // the eighth
}

TEST_P(http_client, changes_the_method_as_browsers_do) {
  const auto method_after = [this](const char* path, const char* method) {
    return get(client_->send(request(method, nginx().plain(path), "text").with_max_redirects(3))).body;
  };
  EXPECT_EQ(method_after("/to_method", "POST"), "GET");
  EXPECT_EQ(method_after("/to_method", "PUT"), "PUT");
  EXPECT_EQ(method_after("/see_other", "PUT"), "GET");
  EXPECT_EQ(method_after("/same_method", "POST"), "POST");
}

TEST_P(http_client, sends_no_credentials_to_another_origin) {
  const auto seen_after = [this](const char* path) {
    request what =
        request(nginx().plain(path)).with_header("X-Own", "mine").with_header("Cookie", "c=1").with_max_redirects(3);
    what.url.insert(7, "name:secret@");
    return get(client_->send(std::move(what))).body;
  };
  EXPECT_THAT(seen_after("/near"), HasSubstr("auth=Basic bmFtZTpzZWNyZXQ= cookie=c=1 own=mine"));
  EXPECT_THAT(seen_after("/elsewhere"), HasSubstr("auth= cookie= own=mine"));
}

TEST_P(http_client, refuses_redirects_to_what_is_less_safe) {
  auto client = make_client({.max_redirects = 3, .ca_file = nginx().ca_file()});
  EXPECT_THAT(failed_with<http_error>(client.get(nginx().tls("/downgrade"))), HasSubstr("https to http"));
  EXPECT_THAT(failed_with<http_error>(client.get(nginx().plain("/strange"))), HasSubstr("not a URL of http"));
}

// ---- Streams ----

interloop::future<std::size_t> count_bytes(interloop::api, http::client& client, text url) {
  auto got = co_await client.open(request(std::move(url)));
  if (got.status != 200) throw std::runtime_error("status " + std::to_string(got.status));
  std::size_t bytes = 0;
  while (const auto some = co_await got.body.next()) bytes += some->size();
  co_return bytes;
}

TEST_P(http_client, reads_a_body_as_a_stream) {
  EXPECT_EQ(get(count_bytes(async_, *client_, nginx().plain("/zeros"))), std::size_t{8 << 20});
  EXPECT_EQ(get(count_bytes(async_, *client_, nginx().plain("/gzip/zeros"))), std::size_t{8 << 20});
  EXPECT_EQ(get(count_bytes(async_, *client_, nginx().plain("/dav/" + GetParam() + "_none/../../hello"))), 6u);
  auto h2 = make_client({.ca_file = nginx().ca_file()});
  EXPECT_EQ(get(count_bytes(async_, h2, nginx().tls("/zeros"))), std::size_t{8 << 20});
  EXPECT_EQ(client_->in_flight(), 0u);
}

TEST_P(http_client_without_nginx, lets_the_server_wait_while_nobody_reads_a_stream) {
  std::atomic<std::size_t> sent = 0;
  scripted_server server([&sent](scripted_server::connection to) {
    to.read_until("\r\n\r\n");
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n");
    for (int i = 0; i < 1024; ++i) {
      to.write(text(65536, 'x'));
      sent += 65536;
    }
  });
  auto client = make_client();
  auto got = get(client.open(request(server.url())));
  std::size_t before = 1;
  while (sent != before) {  // until the buffers of both kernels are full
    before = sent;
    get(async_.sleep(50ms));
  }
  EXPECT_LT(before, std::size_t{32} << 20);
  std::size_t bytes = 0;
  while (const auto some = get(got.body.next().as_future())) bytes += some->size();
  EXPECT_EQ(bytes, std::size_t{64} << 20);
}

http::byte_stream pieces(interloop::api loop, int count, std::size_t size, int* asked = nullptr) {
  for (int i = 0; i < count; ++i) {
    if (i % 3 == 0) co_await loop.yield();
    if (asked) *asked = i + 1;
    co_yield text(size, static_cast<char>('a' + i % 26));
    co_yield text();
  }
}

TEST_P(http_client, sends_a_body_as_a_stream) {
  text whole;
  for (int i = 0; i < 40; ++i) whole += text(50'000, static_cast<char>('a' + i % 26));
  const text url = nginx().plain("/dav/stream_" + GetParam());
  EXPECT_EQ(get(client_->send(request("PUT", url, pieces(async_, 40, 50'000)))).status, 201);
  EXPECT_EQ(get(client_->get(url)).body, whole);
  request sized = request("PUT", url, pieces(async_, 40, 50'000)).with_body_size(whole.size());
  EXPECT_EQ(get(client_->send(std::move(sized))).status, 204);
  EXPECT_EQ(get(client_->get(url)).body, whole);
  auto h2 = make_client({.ca_file = nginx().ca_file()});
  const text h2_url = nginx().tls("/dav/stream_" + GetParam());
  EXPECT_EQ(get(h2.send(request("PUT", h2_url, pieces(async_, 40, 50'000)))).status, 204);
  EXPECT_EQ(get(h2.get(h2_url)).body, whole);
}

TEST_P(http_client_without_nginx, asks_a_stream_for_a_piece_only_if_the_server_takes_the_last_one) {
  std::atomic<bool> may_read = false;
  scripted_server server([&may_read](scripted_server::connection to) {
    to.read_until("\r\n\r\n");
    while (!may_read) std::this_thread::sleep_for(1ms);
    to.read(std::size_t{1000} * 65536);
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  auto client = make_client();
  int asked = 0;
  request what = request("POST", server.url(), pieces(async_, 1000, 65536, &asked));
  what.body_size = std::size_t{1000} * 65536;
  const auto got = client.send(std::move(what));
  int before = -1;
  while (asked == 0 || asked != before) {
    before = asked;
    get(async_.sleep(50ms));
  }
  EXPECT_LT(before, 500);
  may_read = true;
  EXPECT_EQ(get(got).body, "ok");
  EXPECT_EQ(asked, 1000);
}

http::byte_stream broken_pieces(interloop::api loop) {
  co_yield text(1000, 'x');
  co_await loop.yield();
  throw std::range_error("no more paper");
}

TEST_P(http_client, fails_with_what_the_requests_stream_throws) {
  const text url = nginx().plain("/dav/broken_" + GetParam());
  const auto broken = client_->send(request("PUT", url, broken_pieces(async_)));
  EXPECT_EQ(failed_with<std::range_error>(broken), "no more paper");
  request few = request("PUT", url, pieces(async_, 2, 10)).with_body_size(21);
  EXPECT_THAT(failed_with<interloop::usage_error>(client_->send(std::move(few))), HasSubstr("fewer"));
  request many = request("PUT", url, pieces(async_, 2, 10)).with_body_size(19);
  EXPECT_THAT(failed_with<interloop::usage_error>(client_->send(std::move(many))), HasSubstr("more"));
  scripted_server moved([](scripted_server::connection to) {
    to.read_until("\r\n\r\n");
    to.read(1000);
    to.write("HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    to.read_until("\r\n0\r\n\r\n");
  });
  request again = request("POST", moved.url(), pieces(async_, 9, 10'000));
  again.max_redirects = 1;
  EXPECT_THAT(failed_with<http_error>(client_->send(std::move(again))), HasSubstr("only once"));
}

TEST_P(http_client, ends_a_transfer_whose_stream_is_destroyed) {
  {
    const auto unread = get(client_->open(request(nginx().plain("/zeros"))));
    EXPECT_EQ(client_->in_flight(), 1u);
  }
  EXPECT_EQ(client_->in_flight(), 0u);
  {
    auto begun = get(client_->open(request(nginx().plain("/slow/zeros"))));
    EXPECT_TRUE(get(begun.body.next().as_future()));
    const auto waiting = begun.body.next().as_future();
    EXPECT_TRUE(interloop::cancel(waiting));
    finish(waiting);
    EXPECT_EQ(client_->in_flight(), 0u);
  }
  {
    static_cast<void>(client_->open(request(nginx().plain("/hello"))));  // nobody wants it
    interloop::test::run_until(loop_->core(), [this] { return client_->in_flight() == 0; });
  }
  EXPECT_EQ(get(client_->get(nginx().plain("/hello"))).body, "hello\n");
}

// ---- Limits ----

TEST_P(http_client, sends_a_thousand_at_once_over_a_few_connections) {
  auto client = make_client({.timeout = 5min, .max_connections = 20});  // of the last of them
  std::vector<interloop::future<response>> all;
  const int count = GetParam() == interloop::test::own_loop_names().front() ? 10'000 : 1'000;
  const int before = open_sockets();
  for (int i = 0; i < count; ++i) all.push_back(client.get(nginx().plain("/hello")));
  EXPECT_EQ(client.in_flight(), static_cast<std::size_t>(count));
  for (const auto& each : all) EXPECT_EQ(get(each).body, "hello\n");
  EXPECT_EQ(client.in_flight(), 0u);
  EXPECT_LE(open_sockets(), before + 20);
  client.close();
  EXPECT_LE(open_sockets(), before);
}

TEST_P(http_client_without_nginx, keeps_the_deadline_of_a_request_that_waits_for_a_connection) {
  scripted_server mute([](scripted_server::connection) {});
  auto client = make_client({.max_connections = 1});
  const auto first = client.get(mute.url());
  const auto second = client.send(request(mute.url()).with_timeout(30ms));
  EXPECT_THAT(failed_with<interloop::timeout_error>(second), HasSubstr("30 ms"));
  EXPECT_FALSE(interloop::is_called(first));
  EXPECT_EQ(client.in_flight(), 1u);
  interloop::cancel(first);
  EXPECT_EQ(client.in_flight(), 0u);
}

TEST_P(http_client_without_nginx, limits_the_time_of_a_response_and_of_connecting) {
  scripted_server half([](scripted_server::connection to) {
    to.read_until("\r\n\r\n");
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  auto client = make_client();
  const auto got = client.send(request(half.url("/path?token=secret")).with_timeout(50ms));
  const text message = failed_with<interloop::timeout_error>(got);
  EXPECT_EQ(message, "GET " + half.url("/path?...") + ": no complete response within 50 ms");
  auto opened = get(client.open(request(half.url()).with_timeout(50ms)));
  EXPECT_EQ(get(opened.body.next().as_future()), "half");
  failed_with<interloop::timeout_error>(opened.body.next().as_future());
  EXPECT_EQ(get(opened.body.next().as_future()), std::nullopt);
  // TLS with a server that never says a word.
  scripted_server mute([](scripted_server::connection) {});
  const auto connecting = client.send(
      request("https://127.0.0.1:" + std::to_string(mute.port()) + "/").with_timeout(60s).with_connect_timeout(50ms));
  EXPECT_THAT(failed_with<interloop::timeout_error>(connecting), HasSubstr("no connection within 50 ms"));
}

// ---- Lookups, which cannot be stopped ----

TEST_P(http_client_without_nginx, does_not_wait_for_a_lookup) {
  scripted_server server([](scripted_server::connection to) {
    to.read_until("\r\n\r\n");
    to.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    to.hang_up();
  });
  const text url = "http://slow.test:" + std::to_string(server.port()) + "/";
  lookups.shut();
  auto client = make_client();
  const auto cancelled = client.get(url);
  interloop::test::run_until(loop_->core(), [] { return lookups.reached(); });
  interloop::cancel(cancelled);
  failed_with<interloop::cancelled_error>(cancelled);
  failed_with<interloop::timeout_error>(client.send(request(url).with_timeout(10ms)));
  failed_with<interloop::timeout_error>(client.send(request(url).with_connect_timeout(10ms)));
  EXPECT_EQ(client.in_flight(), 0u);
  EXPECT_EQ(get(client.get(server.url())).body, "ok");
  const auto closed = client.get(url);
  get(async_.sleep(1ms));
  client.close();
  failed_with<http_error>(closed);
  get(async_.sleep(1ms));
  lookups.open();
  auto another = make_client();
  EXPECT_EQ(get(another.get(url)).body, "ok");
  // What the closed client began is over when nothing of it is left; otherwise it is the loop that ends it.
  get(async_.sleep(20ms));
}

// ---- Servers that misbehave ----

TEST_P(http_client_without_nginx, fails_where_nobody_listens) {
  auto client = make_client();
  EXPECT_EQ(code_of(client.get("http://127.0.0.1:" + std::to_string(free_port()) + "/")), 7);  // CURLE_COULDNT_CONNECT
}

TEST_P(http_client_without_nginx, goes_on_with_the_next_address_on_the_same_number) {
  scripted_server server([](scripted_server::connection to) {
    to.read_until("\r\n\r\n");
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  auto client = make_client();  // localhost: ::1 refuses, 127.0.0.1 does not
  EXPECT_EQ(get(client.get("http://localhost:" + std::to_string(server.port()) + "/")).body, "ok");
}

TEST_P(http_client_without_nginx, fails_if_the_response_is_not_one) {
  std::atomic<int> round = 0;
  scripted_server server([&round](scripted_server::connection to) {
    to.read_until("\r\n\r\n");
    switch (round++) {
      case 0:
        to.write("SSH-2.0-OpenSSH_9.2\r\n\r\nwhat?\r\n");
        return to.hang_up();
      case 1:
        return to.hang_up();
      case 2:
        to.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this");
        return to.hang_up();
      case 3:
        to.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
        return to.hang_up();
      case 4:
        to.write("HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 100; ++i) to.write("X-Line: " + text(5000, 'h') + "\r\n");
        return to.hang_up();
      default:
        return to.reset();
    }
  });
  auto client = make_client();
  EXPECT_NE(code_of(client.get(server.url())), 0);
  EXPECT_EQ(code_of(client.get(server.url())), 52);  // CURLE_GOT_NOTHING
  EXPECT_EQ(code_of(client.get(server.url())), 18);  // CURLE_PARTIAL_FILE
  EXPECT_NE(code_of(client.get(server.url())), 0);
  EXPECT_THAT(failed_with<http_error>(client.get(server.url())), HasSubstr("headers have more than"));
  EXPECT_NE(code_of(client.get(server.url())), 0);
  EXPECT_EQ(client.in_flight(), 0u);
}

TEST_P(http_client_without_nginx, does_not_run_on_because_a_kept_connection_has_ended) {
  std::promise<void> kept;
  scripted_server leaving([&kept](scripted_server::connection to) {
    to.read_until("\r\n\r\n");
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    kept.get_future().wait_for(60s);
    to.hang_up();
  });
  scripted_server mute([](scripted_server::connection) {});
  auto client = make_client();
  const auto pending = client.get(mute.url());  // so the client has something to do
  EXPECT_EQ(get(client.get(leaving.url())).body, "ok");
  kept.set_value();
  get(async_.sleep(20ms));
  const auto before = loop_->core().turns();
  get(async_.sleep(50ms));
  EXPECT_LT(loop_->core().turns() - before, 100u);
  interloop::cancel(pending);
}

TEST_P(http_client_without_nginx, skips_interim_responses_and_ignores_trailers) {
  scripted_server server([](scripted_server::connection to) {
    to.read_until("\r\n\r\n");
    to.write(
        "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n");
    to.write("2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n");
  });
  auto client = make_client();
  const response got = get(client.get(server.url()));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "ok");
  EXPECT_EQ(got.headers, (http::header_list{{"Transfer-Encoding", "chunked"}, {"X", "1"}}));
}

// The table of lost connections: killed in the middle of everything, again and again, and every request has an outcome.
TEST_P(http_client, survives_a_server_that_is_killed_and_restarted) {
  nginx_server mine;
  const auto names = interloop::test::own_loop_names();
  const int rounds = GetParam() == names[0] || GetParam() == names[names.size() / 2] ? 100 : 5;
  auto client = make_client({.max_connections = 10, .ca_file = mine.ca_file()});
  int before = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<interloop::future<response>> all;
    for (int i = 0; i < 6; ++i) {
      all.push_back(client.get(mine.plain("/hello")));
      all.push_back(client.get(mine.plain("/slow/zeros")));
      all.push_back(client.get(mine.tls("/slow/zeros")));
      all.push_back(client.send(request("PUT", mine.plain("/dav/x"), pieces(async_, 1000, 65536))));
    }
    if (round % 2 == 0) get(all.front());
    mine.kill();
    for (const auto& each : all) {
      if (!interloop::is_called(each)) finish(each);
      if (const interloop::failure* const why = each.get_failure()) {
        EXPECT_TRUE(why->is<http_error>()) << interloop::failure_message(*why);
      }
    }
    EXPECT_EQ(client.in_flight(), 0u);
    mine.start();
    EXPECT_EQ(get(client.get(mine.plain("/hello"))).body, "hello\n");
    if (round == 1) before = open_sockets();
  }
  EXPECT_LE(open_sockets(), before + 10);
}

// ---- Cancelling and closing ----

TEST_P(http_client, may_be_cancelled_while_queued_connecting_and_receiving) {
  auto client = make_client({.max_connections = 4, .ca_file = nginx().ca_file()});
  for (const text& url : {nginx().plain("/slow/zeros"), nginx().tls("/slow/zeros")})
    for (int turns = 0; turns < 12; ++turns) {
      std::vector<interloop::future<response>> all;
      for (int i = 0; i < 8; ++i) all.push_back(client.get(url));
      for (int i = 0; i < turns; ++i) get(async_.yield());
      if (turns == 11) get(async_.sleep(20ms));
      for (const auto& each : all) EXPECT_TRUE(interloop::cancel(each));
      EXPECT_EQ(client.in_flight(), 0u);
    }
  EXPECT_EQ(get(client.get(nginx().plain("/hello"))).body, "hello\n");
}

TEST_P(http_client, may_be_closed_and_destroyed_in_the_middle) {
  const int before = open_sockets();
  for (int turns = 0; turns < 12; ++turns) {
    auto client = std::make_unique<http::client>(make_client({.max_connections = 4, .ca_file = nginx().ca_file()}));
    std::vector<interloop::future<response>> all;
    for (int i = 0; i < 4; ++i) {
      all.push_back(client->get(nginx().plain("/slow/zeros")));
      all.push_back(client->get(nginx().tls("/slow/zeros")));
      all.push_back(client->send(request("PUT", nginx().plain("/dav/y"), pieces(async_, 99, 99))));
    }
    auto stream = client->open(request(nginx().plain("/slow/zeros")));
    for (int i = 0; i < turns; ++i) get(async_.yield());
    if (turns == 11) get(async_.sleep(20ms));
    if (turns % 2 == 0) {
      client->close();
      EXPECT_THROW(static_cast<void>(client->get(nginx().plain("/hello"))), interloop::usage_error);
      client->close();
    }
    client.reset();
    for (const auto& each : all)
      if (!interloop::is_called(each) || each.get_failure()) {
        EXPECT_THAT(failed_with<http_error>(each), HasSubstr("the client was closed"));
      }
    if (!interloop::is_called(stream) || stream.get_failure()) failed_with<http_error>(stream);
  }
  EXPECT_LE(open_sockets(), before);
}

TEST_P(http_client, may_be_destroyed_by_a_callback_of_its_own_response) {
  const auto first = client_->get(nginx().plain("/hello"));
  const auto second = client_->get(nginx().plain("/slow/zeros"));
  interloop::add_callbacks(first, [this](const response&) { client_.reset(); });
  EXPECT_EQ(code_of(second), 42);  // CURLE_ABORTED_BY_CALLBACK
  EXPECT_FALSE(client_);
}

interloop::future<text> read_until_closed(interloop::api, http::client& client, text url) {
  auto got = co_await client.open(request(std::move(url)));
  static_cast<void>(co_await got.body.next());
  client.close();
  try {
    while (co_await got.body.next()) {
    }
  } catch (const http_error& why) {
    co_return why.what();
  }
  co_return "ended";
}

TEST_P(http_client, tells_the_reader_of_a_stream_that_it_was_closed) {
  EXPECT_THAT(get(read_until_closed(async_, *client_, nginx().plain("/zeros"))), HasSubstr("closed"));
}

TEST_P(http_client, may_outlive_the_closing_of_its_loop) {
  const auto pending = client_->get(nginx().plain("/slow/zeros"));
  auto stream = get(client_->open(request(nginx().plain("/slow/zeros"))));
  const auto sending = client_->send(request("PUT", nginx().plain("/dav/z"), pieces(async_, 1000, 65536)));
  loop_->core().close();
  EXPECT_TRUE(pending.get_failure()->is<interloop::loop_closed>());
  EXPECT_TRUE(sending.get_failure()->is<interloop::loop_closed>());
  EXPECT_THROW(static_cast<void>(client_->get(nginx().plain("/hello"))), interloop::loop_closed);
  {
    const auto last = std::move(stream);
  }
  client_.reset();
}

TEST(http_cancelled_everywhere, a_session_may_be_cancelled_anywhere) {
  if (!nginx_server::available()) GTEST_SKIP() << "nginx or openssl is not installed";
  nginx();
  const int before = open_sockets();
  const auto report = interloop::testing::cancel_everywhere(
      [](interloop::api async) -> interloop::future<void> {
        http::client client(async);
        const auto got = co_await client.get(nginx().plain("/hello"));
        if (got.body != "hello\n") throw std::runtime_error("another response");
        auto stream = co_await client.open(request(nginx().plain("/small")));
        std::size_t bytes = 0;
        while (const auto some = co_await stream.body.next()) bytes += some->size();
        if (bytes != 64 << 10) throw std::runtime_error("another size");
        request what = request("PUT", nginx().plain("/dav/cancelled"), pieces(async, 4, 100));
        static_cast<void>(co_await interloop::with_timeout(1h, client.send(std::move(what))));
      },
      {.patience = 10s});
  EXPECT_EQ(report.text(), "");
  EXPECT_GE(report.places, 10);
  EXPECT_LE(open_sockets(), before);
}

// ---- Wrong use ----

TEST_P(http_client_without_nginx, refuses_what_is_not_a_request) {
  auto client = make_client();
  const auto refused = [&client](request what) {
    try {
      static_cast<void>(client.send(std::move(what)));
    } catch (const interloop::usage_error& why) {
      return text(why.what());
    }
    return text("not refused");
  };
  EXPECT_THAT(refused(request("ftp://127.0.0.1/")), HasSubstr("ftp://"));
  EXPECT_THAT(refused(request("http://name:secret@host:port/")), Not(HasSubstr("secret")));
  EXPECT_THAT(refused(request("")), HasSubstr("not a URL"));
  EXPECT_THAT(refused(request("http://a/\r\nX: 1")), HasSubstr("not a URL"));
  EXPECT_THAT(refused(request("GET /\r\n", "http://a/")), HasSubstr("method"));
  EXPECT_THAT(refused(request("http://a/").with_header("X Y", "1")), HasSubstr("name of a header"));
  EXPECT_THAT(refused(request("http://a/").with_header("X", "1\r\nY: 2")), HasSubstr("line break"));
  EXPECT_THAT(refused(request("http://a/").with_header("content-length", "1")), HasSubstr("follows from the body"));
  EXPECT_THAT(refused(request("HEAD", "http://a/", "x")), HasSubstr("HEAD"));
  EXPECT_THAT(refused(request("PUT", "http://a/", http::byte_stream())), HasSubstr("empty"));
  EXPECT_EQ(client.in_flight(), 0u);
  EXPECT_THROW(make_client({.max_connections = -1}), interloop::usage_error);
  EXPECT_THROW(make_client({.proxy = "http://"}), interloop::usage_error);
}

TEST_P(http_client_without_nginx, shows_no_secret_in_an_error) {
  auto client = make_client({.proxy = "http://name:hidden@127.0.0.1:" + std::to_string(free_port())});
  const auto got = client.get("http://user:hidden@server.test/path?key=hidden#hidden");
  EXPECT_EQ(code_of(got), 7);
  EXPECT_THAT(got.get_failure()->message(), Not(HasSubstr("hidden")));
  EXPECT_THAT(got.get_failure()->message(), HasSubstr("GET http://server.test/path?..."));
}

TEST_P(http_client_without_nginx, asks_through_a_proxy) {
  std::atomic<bool> right = false;
  scripted_server proxy([&right](scripted_server::connection to) {
    const text asked = to.read_until("\r\n\r\n");
    right = asked.starts_with("GET http://server.test/ HTTP/1.1\r\n") &&
            asked.find("Proxy-Authorization: Basic bmFtZTpwYXNz\r\n") != text::npos;
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  auto client = make_client({.proxy = "http://name:pass@127.0.0.1:" + std::to_string(proxy.port())});
  EXPECT_EQ(get(client.get("http://server.test/")).body, "ok");
  EXPECT_TRUE(right);
}

// ---- Several loops ----

TEST(http_clients, run_on_several_loops_in_one_thread) {
  if (!nginx_server::available()) GTEST_SKIP() << "nginx or openssl is not installed";
  struct on_loop {
    std::unique_ptr<interloop::test::native_loop> loop;
    std::unique_ptr<http::client> client;
    interloop::future<response> got;
  };
  std::vector<on_loop> all;
  for (int round = 0; round < 2; ++round)
    for (const std::string& name : interloop::test::own_loop_names()) {
      auto& each = all.emplace_back();
      each.loop = interloop::test::make_loop(name);
      each.client = std::make_unique<http::client>(interloop::with_config(each.loop->core()));
      each.got = each.client->get(nginx().plain("/hello"));
    }
  for (auto& each : all) EXPECT_EQ(get(each.got).body, "hello\n");
}

}  // namespace
