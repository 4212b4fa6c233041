// SPDX-License-Identifier: MIT
// A failure that passes through two coroutines, and its traceback.
#include <cstdio>
#include <exception>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

// [chain]
interloop::future<std::string> read_config(std::string path) {
  co_await interloop::sleep(1ms);
  try {
    throw std::runtime_error("permission denied");
  } catch (...) {
    std::throw_with_nested(std::runtime_error("cannot read " + path));
  }
}

interloop::future<int> start_server() {
  const std::string config = co_await read_config("/etc/server.conf");
  co_return static_cast<int>(config.size());
}
// [/chain]

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);

  // [print]
  auto server = start_server();
  interloop::add_callbacks(server, nullptr, [](const interloop::failure& fail) {
    std::printf("%s\n\n", interloop::failure_message(fail).c_str());
    std::printf("%s\n", interloop::failure_format_traceback(fail).c_str());
  });
  // [/print]
  loop.advance(1ms);
}
