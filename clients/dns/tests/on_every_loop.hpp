// SPDX-License-Identifier: MIT
// What the tests have in common: a loop, and waiting for a future there.
#pragma once

#include <interloop/dns.hpp>
#include <interloop/interloop.hpp>

#include "support/loops.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/// Runs the loop until the future is completed and its callbacks have run.
template <class T>
void finish(const interloop::future<T>& f) {
  interloop::loop& loop = f.loop();
  interloop::add_callbacks(f, [&loop](const T&) { loop.stop(); }, [&loop](const interloop::failure&) { loop.stop(); });
  loop.run();
}

template <class T>
T get(const interloop::future<T>& f) {
  finish(f);
  return f.value();
}

/// The failure of a future that must fail with this kind.
template <class Exception, class T>
Exception failed_with(const interloop::future<T>& f) {
  if (!interloop::is_called(f)) finish(f);
  const interloop::failure* why = f.get_failure();
  if (!why) throw std::runtime_error("the future did not fail");
  try {
    why->rethrow();
  } catch (const Exception& wanted) {
    return wanted;
  }
}

/// How many descriptors the process has.
inline std::size_t descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class on_every_loop : public testing::TestWithParam<std::string> {
 protected:
  on_every_loop() {
    loop_->core().set_exception_handler([this](std::string_view what, const interloop::failure& why) {
      escaped_.push_back(std::string(what) + ": " + interloop::failure_message(why));
    });
  }
  void TearDown() override { EXPECT_EQ(escaped_, std::vector<std::string>()); }

  std::vector<std::string> escaped_;
  std::unique_ptr<interloop::test::native_loop> loop_ = interloop::test::make_loop(GetParam());
  interloop::api async_{loop_->core()};
};
