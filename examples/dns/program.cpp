// SPDX-License-Identifier: MIT
//
// Ordinary blocking code in ordinary threads: only the two calls of wait_for know that there is a loop.
#include "blocking_program.hpp"

#include "resolver.hpp"
#include "server.hpp"

#include <interloop/blocking.hpp>

#include <atomic>
#include <iostream>
#include <memory>
#include <thread>

namespace dns {
namespace {

using namespace std::chrono_literals;

// [blocking]
// dns::lookup returns a future<std::vector<std::string>>; the function that wait_for returns gives the vector, or
// throws.
const auto gethostbyname = interloop::wait_for(5s, &dns::lookup);
// [/blocking]

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : " ") + each;
  return text;
}

// [call]
void show(const std::string& name, const options& how) {
  try {
    const std::vector<std::string> addresses = gethostbyname(name, how);
    std::cout << name << " -> " << joined(addresses) << "\n";
  } catch (const dns_error& error) {
    std::cout << "dns_error: " << error.what() << "\n";
  }
}
// [/call]

void show_timeout(const options& mute) {
  const auto impatient = interloop::wait_for(200ms, &dns::lookup);
  try {
    impatient("www.example.test", mute);
    std::cout << "an answer from a mute server\n";
  } catch (const interloop::timeout_error&) {
    std::cout << "a mute server: timeout_error after 200 ms\n";
  }
}

void show_cancel(const options& mute) {
  const auto pending = interloop::run_in_reactor(&dns::lookup)("www.example.test", mute);
  pending.cancel();
  try {
    static_cast<void>(pending.wait(5s));
    std::cout << "an answer from a mute server\n";
  } catch (const interloop::operation_cancelled&) {
    std::cout << "a mute server, and cancel(): operation_cancelled\n";
  }
}

void show_threads(const options& how) {
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n)
        right += gethostbyname("mail.example.test", how) == std::vector<std::string>{"192.0.2.25"};
    });
  for (auto& each : threads) each.join();
  std::cout << "8 threads, 50 lookups each: " << right << " right\n";
}

// A server lives in the loop's thread, so it is made and destroyed there.
class running_server {
 public:
  explicit running_server(bool mute)
      : server_(interloop::wait_for(5s, [mute] {
          return std::make_unique<server>(
              records{{"www.example.test", {"192.0.2.10", "192.0.2.11"}}, {"mail.example.test", {"192.0.2.25"}}}, mute);
        })()) {}
  running_server(const running_server&) = delete;
  running_server& operator=(const running_server&) = delete;
  ~running_server() {
    interloop::wait_for(5s, [this] { server_.reset(); })();
  }
  [[nodiscard]] options ask() const { return {.servers = server_->address()}; }

 private:
  std::unique_ptr<server> server_;
};

}  // namespace

}  // namespace dns

// Without arguments, asks two servers that it runs itself; with names as arguments, asks the system's servers.
int example::blocking_program(int count, char** arguments) {
  using namespace dns;
  if (count > 1) {
    for (int i = 1; i < count; ++i) show(arguments[i], {});
    return 0;
  }
  const running_server talking(false), mute(true);
  show("www.example.test", talking.ask());
  show("mail.example.test", talking.ask());
  show("nowhere.example.test", talking.ask());
  show_timeout(mute.ask());
  show_cancel(mute.ask());
  show_threads(talking.ask());
  return 0;
}
