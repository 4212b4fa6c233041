// SPDX-License-Identifier: MIT
#include "wamp_router.hpp"

#include "loopback.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

namespace test_servers {
namespace {

// By what wamp_router.py is run: Crossbar's own Python.
std::string python() {
  const char* const elsewhere = std::getenv("INTERLOOP_CROSSBAR");
  return (elsewhere ? elsewhere : INTERLOOP_SOURCE_FOLDER "/build/crossbar") + std::string("/bin/python");
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Empty, if there is no such file.
std::map<std::string, std::string> addresses_in(const std::string& file) {
  std::map<std::string, std::string> all;
  std::ifstream in(file);
  for (std::string name, value; in >> name && in.get() && std::getline(in, value);) all[name] = value;
  return all;
}

}  // namespace

bool wamp_router::available() { return ::access(python().c_str(), X_OK) == 0; }

const wamp_router& wamp_router::shared() {
  static const wamp_router one = [] {
    const auto running = addresses_in(INTERLOOP_WAMP_ROUTER);
    if (!running.empty() && accepts(running.at("unix"))) return wamp_router(already_running());
    return wamp_router(true);
  }();
  return one;
}

wamp_router::wamp_router(already_running) : addresses_(addresses_in(INTERLOOP_WAMP_ROUTER)) {}

wamp_router::wamp_router(bool with_peers) : with_peers_(with_peers) { start(); }

void wamp_router::start() {
  const std::string file = folder_.file("addresses");
  std::vector<std::string> words{python(), INTERLOOP_SOURCE_FOLDER "/clients/support/wamp_router.py", "serve",
                                 folder_.path()};
  if (with_peers_) words.emplace_back("--peers");
  how_to_start how;
  how.log = folder_.file("output");
  how.end_signal = SIGTERM;  // upon which it kills the router
  addresses_.clear();
  std::remove(file.c_str());  // of an earlier start
  process_ = server_process(std::move(words), how);
  try {
    process_.wait_until([&] { return ::access(file.c_str(), R_OK) == 0; }, 90);
  } catch (const std::runtime_error& why) {
    throw std::runtime_error(std::string("the router did not start: ") + why.what() + "\n" + text_of(how.log));
  }
  addresses_ = addresses_in(file);
}

std::string wamp_router::url(std::string_view scheme) const {
  const std::string name(scheme);
  if (scheme == "unix") return "unix:" + value("unix");
  if (scheme == "ws+unix") return "ws+unix:" + value("unix") + "?path=/ws";
  const std::string address = "127.0.0.1:" + value(scheme == "wss" || scheme == "rss" ? "tls" : "tcp");
  return name + "://" + address + (scheme == "ws" || scheme == "wss" ? "/ws" : "");
}

}  // namespace test_servers
