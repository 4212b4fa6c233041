// SPDX-License-Identifier: MIT
// The smallest user of the package: one timer on the loop that the build names.

#include HEADER

#include <chrono>
#include <cstdio>
#include <interloop/interloop.hpp>
#if __has_include(<QCoreApplication>)  // only where the loop's library has it
#include <QCoreApplication>
#endif

int main([[maybe_unused]] int count, [[maybe_unused]] char** arguments) {
#if __has_include(<QCoreApplication>)
  QCoreApplication application(count, arguments);
#endif
  interloop::LOOP_CLASS owner;
  owner->call_later(std::chrono::milliseconds(1), [&] {
    std::puts("ok");
    owner->stop();
  });
  owner->run();
}
