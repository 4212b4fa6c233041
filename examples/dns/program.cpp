// SPDX-License-Identifier: MIT
//
// Ordinary blocking code in ordinary threads: only the calls of wait_for know that there is a loop.
#include "blocking_program.hpp"

#include "server.hpp"

#include <interloop/blocking.hpp>
#include <interloop/dns.hpp>

#include <atomic>
#include <functional>
#include <iostream>
#include <memory>
#include <thread>

namespace dns {
namespace {

using namespace std::chrono_literals;
using interloop::dns::lookup_error;
using interloop::dns::resolver;
using strings = std::vector<std::string>;

interloop::future<strings> lookup(resolver& ask, const std::string& name) {
  strings addresses;
  for (const auto& each : co_await ask.a(name)) addresses.push_back(each.ip.text());
  co_return addresses;
}

// [blocking]
// lookup(resolver&, name) is a coroutine that returns a future<std::vector<std::string>>; the function that wait_for
// returns gives the vector, or throws.
const auto gethostbyname = interloop::wait_for(5s, &lookup);
// [/blocking]

std::string joined(const strings& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : " ") + each;
  return text;
}

// [call]
void show(resolver& ask, const std::string& name) {
  try {
    const std::vector<std::string> addresses = gethostbyname(std::ref(ask), name);
    std::cout << name << " -> " << joined(addresses) << "\n";
  } catch (const lookup_error& error) {
    std::cout << "lookup_error: " << error.what() << "\n";
  }
}
// [/call]

void show_timeout(resolver& mute) {
  const auto impatient = interloop::wait_for(200ms, &lookup);
  try {
    impatient(std::ref(mute), "www.example.test");
    std::cout << "an answer from a mute server\n";
  } catch (const interloop::timeout_error&) {
    std::cout << "a mute server: timeout_error after 200 ms\n";
  }
}

void show_cancel(resolver& mute) {
  const auto pending = interloop::run_in_reactor(&lookup)(std::ref(mute), "www.example.test");
  pending.cancel();
  try {
    static_cast<void>(pending.wait(5s));
    std::cout << "an answer from a mute server\n";
  } catch (const interloop::operation_cancelled&) {
    std::cout << "a mute server, and cancel(): operation_cancelled\n";
  }
}

void show_threads(resolver& ask) {
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) right += gethostbyname(std::ref(ask), "mail.example.test") == strings{"192.0.2.25"};
    });
  for (auto& each : threads) each.join();
  std::cout << "8 threads, 50 lookups each: " << right << " right\n";
}

// An object that lives in the loop's thread: made and destroyed there, by any thread.
template <class T>
class in_loop {
 public:
  /// \param make  called there.
  template <class Make>
  explicit in_loop(Make make) : object_(interloop::wait_for(5s, [make] { return std::unique_ptr<T>(make()); })()) {}
  in_loop(const in_loop&) = delete;
  in_loop& operator=(const in_loop&) = delete;
  ~in_loop() {
    interloop::wait_for(5s, [this] { object_.reset(); })();
  }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_.get(); }

 private:
  std::unique_ptr<T> object_;
};

}  // namespace

}  // namespace dns

// Without arguments, asks two servers that it runs itself; with names as arguments, asks the system's servers.
int example::blocking_program(int count, char** arguments) {
  using namespace dns;
  const auto asks = [](const interloop::dns::resolver_options& how) {
    return [how] { return new resolver(interloop::with_config(), how); };
  };
  if (count > 1) {
    const in_loop<resolver> ask(asks({}));
    for (int i = 1; i < count; ++i) show(*ask, arguments[i]);
    return 0;
  }
  const records known{{"www.example.test", {"192.0.2.10", "192.0.2.11"}}, {"mail.example.test", {"192.0.2.25"}}};
  const in_loop<server> talking_server([&] { return new server(known, false); });
  const in_loop<server> mute_server([&] { return new server(known, true); });
  const in_loop<resolver> talking(asks({.servers = talking_server->address()}));
  const in_loop<resolver> mute(asks({.servers = mute_server->address()}));
  show(*talking, "www.example.test");
  show(*talking, "mail.example.test");
  show(*talking, "nowhere.example.test");
  show_timeout(*mute);
  show_cancel(*mute);
  show_threads(*talking);
  return 0;
}
