// SPDX-License-Identifier: MIT
// Failures: where they come from, what they print, and what becomes of those that nobody looks at.
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

  // [handler]
  interloop::set_exception_handler([](std::string_view context, const interloop::failure& fail) {
    std::printf("\n%.*s: %s\n", static_cast<int>(context.size()), context.data(),
                interloop::failure_message(fail).c_str());
  });
  interloop::call_soon([] { throw std::logic_error("a bug in a callback"); });
  start_server();  // nobody keeps or looks at the future
  // [/handler]
  loop.advance(1ms);

  // [failure]
  interloop::failure kept = interloop::create_failure(std::out_of_range("no such row"));
  for (const interloop::trace_entry& step : interloop::failure_traceback(kept))
    std::printf("\n%s:%u\n", step.where.file_name(), static_cast<unsigned>(step.where.line()));
  try {
    kept.rethrow();
  } catch (const std::out_of_range& error) {
    std::puts(error.what());
  }
  // [/failure]
}
