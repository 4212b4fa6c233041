// SPDX-License-Identifier: MIT
//
// Coroutines that use the client, and ordinary threads that block on them: only wait_for knows that there is a loop.
#include "blocking_program.hpp"

#include <httplib.h>
#include <interloop/blocking.hpp>
#include <interloop/http.hpp>
#include <interloop/interloop.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace http = interloop::http;

// [fetch]
interloop::future<std::string> fetch(http::client& client, std::string url) {
  const http::response got = co_await client.get(url);
  if (!got.ok()) throw std::runtime_error("the server said " + std::to_string(got.status));
  co_return got.body;
}
// [/fetch]

// [download]
interloop::future<std::size_t> count_lines(http::client& client, std::string url) {
  http::streamed_response got = co_await client.open(url);
  std::size_t lines = 0;
  while (const auto some = co_await got.body.next()) {  // the server waits while nobody asks
    for (const char c : *some) lines += c == '\n';
  }
  co_return lines;
}
// [/download]

// [upload]
http::byte_stream numbers(interloop::api loop, int count) {
  for (int i = 1; i <= count; ++i) {
    co_await loop.yield();  // or for a file, a database, another response
    co_yield std::to_string(i) + "\n";
  }
}

interloop::future<std::string> send_numbers(http::client& client, std::string url, int count) {
  const interloop::api loop = interloop::with_config();
  const http::response got = co_await client.send(
      http::request("POST", url, numbers(loop, count)).with_header("Content-Type", "text/plain").with_timeout(5s));
  co_return got.body;
}
// [/upload]

// [blocking]
const auto get = interloop::wait_for(10s, &fetch);
// [/blocking]

void show(const std::string& what, const std::function<std::string()>& call) {
  std::string outcome;
  try {
    outcome = call();
  } catch (const http::http_error& error) {
    outcome = "http_error " + std::to_string(error.code());
  } catch (const interloop::timeout_error&) {
    outcome = "timeout_error";
  } catch (const std::runtime_error& error) {
    outcome = error.what();
  }
  std::cout << what << " -> " << outcome << "\n";
}

/// A client lives in the loop's thread, so it is made and destroyed there.
class running_client {
 public:
  running_client()
      : client_(interloop::wait_for(10s, [] { return std::make_unique<http::client>(interloop::with_config()); })()) {}
  running_client(const running_client&) = delete;
  running_client& operator=(const running_client&) = delete;
  ~running_client() {
    interloop::wait_for(10s, [this] { client_.reset(); })();
  }
  [[nodiscard]] std::reference_wrapper<http::client> get() const { return *client_; }

 private:
  std::unique_ptr<http::client> client_;
};

/// The server that is asked.
class server {
 public:
  server() {
    http_.Get("/page", [](const auto&, auto& to) { to.set_content("a page", "text/plain"); });
    http_.Get("/lines", [](const auto&, auto& to) {
      std::string text;
      for (int i = 0; i < 100'000; ++i) text += "a line\n";
      to.set_content(text, "text/plain");
    });
    http_.Get("/slow", [this](const auto&, auto& to) {
      while (!ended_) std::this_thread::sleep_for(1ms);
      to.set_content("late", "text/plain");
    });
    http_.Post("/count", [](const httplib::Request& from, httplib::Response& to) {
      to.set_content(std::to_string(from.body.size()) + " bytes", "text/plain");
    });
    http_.set_tcp_nodelay(true);
    http_.new_task_queue = [] { return new httplib::ThreadPool(20); };  // a thread for each connection
    port_ = http_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) std::this_thread::yield();
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server() {
    ended_ = true;
    http_.stop();
    thread_.join();
  }
  [[nodiscard]] std::string url(const char* path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

 private:
  httplib::Server http_;
  int port_ = 0;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace

// With URLs as arguments, prints what is there; without, asks a server of its own.
int example::blocking_program(int count, char** arguments) {
  if (count > 1) {
    const running_client client;
    for (int i = 1; i < count; ++i) show(arguments[i], [&] { return get(client.get(), arguments[i]); });
    return 0;
  }
  const server asked;
  const running_client client;  // ends first, and with it the connections that the server waits for
  show("GET /page", [&] { return get(client.get(), asked.url("/page")); });
  show("GET /missing", [&] { return get(client.get(), asked.url("/missing")); });
  show("lines of /lines",
       [&] { return std::to_string(interloop::wait_for(10s, &count_lines)(client.get(), asked.url("/lines"))); });
  show("POST of 1,000 numbers",
       [&] { return interloop::wait_for(10s, &send_numbers)(client.get(), asked.url("/count"), 1'000); });
  show("nobody listens", [&] { return get(client.get(), "http://127.0.0.1:1/"); });
  show("GET /slow, 100 ms", [&] { return interloop::wait_for(100ms, &fetch)(client.get(), asked.url("/slow")); });

  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) right += get(client.get(), asked.url("/page")) == "a page";
    });
  for (auto& each : threads) each.join();
  std::cout << "8 threads, 50 requests each: " << right << " right\n";
  return 0;
}
