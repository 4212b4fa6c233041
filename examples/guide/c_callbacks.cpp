// SPDX-License-Identifier: MIT
// A C library's operations as futures, and futures for a C program, where each calls back once.
#include <cstdio>
#include <interloop/api.hpp>
#include <interloop/c_callback.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

// Represents a C library, which calls `done` once for each lookup that it accepts.
struct lookup {
  std::string host;
  void (*done)(int status, const char* address, void* data);
  void* data;
};
std::vector<lookup> lookups;

// [library]
using lookup_done = void (*)(int status, const char* address, void* data);
int lookup_start(const char* host, lookup_done done, void* data);
// [/library]

int lookup_start(const char* host, lookup_done done, void* data) {
  if (*host == '\0') return -1;
  lookups.push_back({host, done, data});
  return 0;
}

void lookups_answer() {
  for (const lookup& each : std::exchange(lookups, {}))
    each.done(each.host == "localhost" ? 0 : 1, "127.0.0.1", each.data);
}

// [in]
interloop::future<std::string> address_of(interloop::loop& loop, const char* host) {
  auto [address, callback, data] = interloop::c_callback<lookup_done>(loop, [](int status, const char* text) {
    if (status != 0) throw std::runtime_error("no such host");
    return std::string(text);
  });
  if (lookup_start(host, callback, data) != 0) data.reject(std::invalid_argument("this is not a host"));
  return address;
}
// [/in]

// [out]
using told = void (*)(int error, const char* message, const char* address, void* data);

/// For a C program. Returns 0, and calls `done` once, in each case; or returns -1 without calling it.
extern "C" int ask(interloop::loop* loop, const char* host, told done, void* data) noexcept try {
  interloop::on_done(address_of(*loop, host), done, data);
  return 0;
} catch (...) {
  return -1;
}
// [/out]

void print(int error, const char* message, const char* address, void* data) {
  std::printf("%s: %s (%d)\n", static_cast<const char*>(data), error == 0 ? address : message, error);
}

int ask(interloop::loop& loop, const char* host) { return ask(&loop, host, &print, const_cast<char*>(host)); }

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  ask(*loop, "localhost");
  ask(*loop, "nowhere");
  ask(*loop, "");
  lookups_answer();
  loop.run_ready();
  ask(*loop, "localhost");
  loop->close();
  lookups_answer();  // too late, which does no harm
}
