// SPDX-License-Identifier: MIT
// Making, completing, cancelling and looking at futures.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

void make() {
  // [make]
  auto pending = interloop::create_future<int>();
  auto resolved = interloop::create_future<int>(42);          // arguments for the value's constructor
  auto also_resolved = interloop::create_future_success(42);  // the type is the value's
  auto done = interloop::create_future_success<void>();
  auto failed = interloop::create_future_error<int>(std::out_of_range("no such row"));
  // [/make]
  std::printf("%d %d %d %d %d\n", interloop::is_called(pending), resolved.value(), also_resolved.value(),
              interloop::is_called(done), failed.get_failure() != nullptr);
}

void complete(interloop::testing::manual_loop& loop) {
  // [callbacks]
  auto size = interloop::create_future<int>();
  interloop::add_callbacks(
      size, [](int bytes) { std::printf("%d bytes\n", bytes); },
      [](const interloop::failure& fail) { std::puts(interloop::failure_message(fail).c_str()); });

  interloop::resolve(size, 1024);
  std::puts("resolved, and the callback has not run yet");
  // [/callbacks]
  loop.run_ready();

  // [reject]
  auto row = interloop::create_future<std::string>();
  interloop::add_callbacks(row, nullptr, [](const interloop::failure& fail) {
    if (fail.is<std::logic_error>()) std::puts(interloop::failure_message(fail).c_str());
  });
  try {
    throw std::out_of_range("no such row");
  } catch (...) {
    interloop::reject(row);  // with the exception being handled; or reject(row, std::out_of_range("no such row"))
  }
  // [/reject]
  loop.run_ready();
}

void cancel(interloop::testing::manual_loop& loop) {
  // [cancel]
  auto download = interloop::create_future<std::string>([] { std::puts("the canceller closes the connection"); });
  interloop::add_callbacks(download, nullptr,
                           [](const interloop::failure& fail) { std::puts(interloop::failure_message(fail).c_str()); });

  const bool first = interloop::cancel(download, "the user pressed stop");
  const bool second = interloop::cancel(download);  // already completed: nothing happens
  // [/cancel]
  std::printf("cancel: %d, %d\n", first, second);
  loop.run_ready();
}

// [as_future]
int parse(const std::string& text) { return std::stoi(text); }

interloop::future<int> ask(std::string question) { co_return static_cast<int>(question.size()); }

void calls_of_any_kind() {
  auto a = interloop::as_future(parse, "12");      // resolved
  auto b = interloop::as_future(parse, "twelve");  // failed: std::invalid_argument
  auto c = interloop::as_future(ask, "twelve");    // the future that ask returned
  std::printf("%d %s %d\n", a.value(), b.get_failure()->type_name().c_str(), c.value());
}
// [/as_future]

void look() {
  // [look]
  auto boxed = interloop::create_future<std::unique_ptr<int>>();
  std::printf("called: %d\n", interloop::is_called(boxed));
  interloop::resolve(boxed, std::make_unique<int>(7));

  const std::unique_ptr<int>& shared = boxed.value();  // stays where it is
  std::printf("value: %d\n", *shared);
  std::unique_ptr<int> mine = boxed.take();  // moved out: value() throws invalid_state from here on
  const interloop::failure* none = boxed.get_failure();
  // [/look]
  std::printf("taken: %d, failure: %d, is_future: %d\n", *mine, none != nullptr, interloop::is_future(boxed));
}

}  // namespace

int main() {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);
  make();
  complete(loop);
  cancel(loop);
  calls_of_any_kind();
  look();
}
