// SPDX-License-Identifier: MIT
// A C library's operations as futures, and futures for a C program.
#include <cstdio>
#include <interloop/bridge.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// Represents a C library, which calls `done` once for each lookup.
struct lookup {
  std::string host;
  void (*done)(void* data, int status, const char* address);
  void* data;
};
std::vector<lookup*> lookups;

lookup* lookup_start(const char* host, void (*done)(void*, int, const char*), void* data) {
  return lookups.emplace_back(new lookup{host, done, data});
}

void lookup_end(lookup* one, int status) {
  std::erase(lookups, one);
  one->done(one->data, status, "127.0.0.1");
  delete one;
}

void lookup_cancel(lookup* one) { lookup_end(one, -1); }

void lookups_answer() {
  while (!lookups.empty()) lookup_end(lookups.front(), lookups.front()->host == "localhost" ? 0 : 1);
}

// [in]
interloop::future<std::string> address_of(interloop::loop& loop, const char* host) {
  const auto running = std::make_shared<lookup*>();
  interloop::promise<std::string> end(loop, [running] { lookup_cancel(*running); });
  auto address = end.get_future();
  const auto done = [](void* data, int status, const char* text) {
    auto back = interloop::promise<std::string>::adopt(data);
    if (status == 0) {
      back.resolve(text);
    } else if (status < 0) {
      back.cancelled();
    } else {
      back.reject(std::runtime_error("no such host"));
    }
  };
  *running = lookup_start(host, done, end.release());
  return address;
}
// [/in]

// [out]
struct ask {
  interloop::observation running;
};

/// Calls `done` once, in each case; after that, the returned pointer is no longer valid.
ask* ask_start(interloop::loop& loop, const char* host, void (*done)(const char* address, const char* error)) {
  auto* made = new ask;
  made->running = interloop::observe(address_of(loop, host), [made, done](interloop::outcome<std::string>& ended) {
    if (const interloop::failure* why = ended.take_failure()) {
      done(nullptr, why->message().c_str());
    } else {
      done(ended.value().c_str(), nullptr);
    }
    delete made;
  });
  return made;
}

void ask_cancel(ask* one) { one->running.cancel(); }
// [/out]

void print(const char* address, const char* error) { std::puts(address ? address : error); }

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  ask_start(*loop, "localhost", print);
  ask_start(*loop, "nowhere", print);
  ask_cancel(ask_start(*loop, "localhost", print));
  lookups_answer();
  loop.run_ready();
  ask_start(*loop, "localhost", print);
  loop->close();
  lookups_answer();  // too late, which does no harm
}
