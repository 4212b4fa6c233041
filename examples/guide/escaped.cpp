// SPDX-License-Identifier: MIT
// Exceptions that the user's code does not catch, and a failure as a value.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <stdexcept>
#include <string_view>

namespace {

using namespace std::chrono_literals;

interloop::future<void> save() {
  co_await interloop::sleep(1ms);
  throw std::runtime_error("the disk is full");
}

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);

  // [handler]
  interloop::set_exception_handler([](std::string_view context, const interloop::failure& fail) {
    std::printf("%.*s: %s\n", static_cast<int>(context.size()), context.data(),
                interloop::failure_message(fail).c_str());
  });
  interloop::call_soon([] { throw std::logic_error("a bug in a callback"); });
  save();  // nobody keeps the future or looks at it
  // [/handler]
  loop.advance(1ms);

  // [failure]
  interloop::failure kept = interloop::create_failure(std::out_of_range("no such row"));
  for (const interloop::trace_entry& step : interloop::failure_traceback(kept))
    std::printf("%s:%u\n", step.where.file_name(), static_cast<unsigned>(step.where.line()));
  try {
    kept.rethrow();
  } catch (const std::out_of_range& error) {
    std::puts(error.what());
  }
  // [/failure]
}
