// SPDX-License-Identifier: MIT
// The smallest user of an installed interloop: one timer on the loop that the build names.

#include HEADER

#include <chrono>
#include <cstdio>
#include <interloop/interloop.hpp>

int main() {
  interloop::LOOP_CLASS owner;
  owner->call_later(std::chrono::milliseconds(1), [&] {
    std::puts("ok");
    owner->stop();
  });
  owner->run();
}
