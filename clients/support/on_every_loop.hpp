// SPDX-License-Identifier: MIT
// What the clients' tests have in common: a loop of each kind, and waiting for futures there.
#pragma once

#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <interloop/interloop.hpp>

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace interloop::test {

/// Runs the loop until the future is completed and its callbacks have run.
template <class T>
void finish(const future<T>& f) {
  interloop::loop& core = f.loop();
  const auto ended = std::make_shared<bool>(false);
  const auto stop = [&core, ended] {
    *ended = true;
    core.stop();
  };
  if constexpr (std::is_void_v<T>) {
    add_callbacks(f, stop, [stop](const failure&) { stop(); });
  } else {
    add_callbacks(f, [stop](const T&) { stop(); }, [stop](const failure&) { stop(); });
  }
  while (!*ended) core.run();
}

/// Its value, which is taken.
template <class T>
decltype(auto) get(const future<T>& f) {
  if (!is_called(f)) finish(f);
  return f.take();
}

/// The exception of a future that must fail with that.
template <class Exception, class T>
Exception error_of(const future<T>& f) {
  if (!is_called(f)) finish(f);
  const failure* why = f.get_failure();
  if (!why) throw std::logic_error("the future did not fail");
  try {
    why->rethrow();
  } catch (const Exception& thrown) {
    return thrown;
  }
}

/// The message of a future that must fail.
template <class Exception, class T>
std::string failed_with(const future<T>& f) {
  if (!is_called(f)) finish(f);
  const failure* why = f.get_failure();
  if (!why) {
    ADD_FAILURE() << "the future did not fail";
    return {};
  }
  EXPECT_TRUE(why->is<Exception>()) << failure_message(*why);
  return why->message();
}

/// How many descriptors this process has open.
[[nodiscard]] inline std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// A loop of the parameter's kind. Exceptions that escape there fail the test.
class on_every_loop : public ::testing::TestWithParam<std::string> {
 protected:
  on_every_loop() {
    loop_->core().set_exception_handler([this](std::string_view what, const failure& why) {
      escaped_.push_back(std::string(what) + ": " + failure_message(why));
    });
  }
  void TearDown() override { EXPECT_EQ(escaped_, std::vector<std::string>()); }

  std::vector<std::string> escaped_;
  std::unique_ptr<native_loop> loop_ = make_loop(GetParam());
  api async_{loop_->core()};
};

/// On each kind that can have a native loop of its own: a real server needs real time.
#define INTERLOOP_ON_EVERY_LOOP(suite)                                                           \
  INSTANTIATE_TEST_SUITE_P(loops, suite, ::testing::ValuesIn(interloop::test::own_loop_names()), \
                           [](const auto& each) { return each.param; })

}  // namespace interloop::test
