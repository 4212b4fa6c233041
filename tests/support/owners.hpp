// SPDX-License-Identifier: MIT
// Tests that hold for every loop that owns its native loop. `Owner`: such a class, `asio_loop` for instance.
#pragma once

#include <interloop/interloop.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace interloop::owners {

template <class Owner>
void a_callback_may_destroy_the_owner_of_the_native_loop_that_runs() {
  auto owner = std::make_unique<Owner>();
  bool ran = false;
  (*owner)->call_later(std::chrono::microseconds(1), [&] {
    ran = true;
    owner.reset();
  });
  (*owner)->run();
  EXPECT_TRUE(ran);
  EXPECT_EQ(owner, nullptr);
}

template <class Owner>
void an_owner_may_be_assigned_another() {
  Owner owner;
  auto held = std::make_shared<int>();
  owner->call_later(std::chrono::hours(1), [held] {});
  owner = Owner();
  EXPECT_EQ(held.use_count(), 1) << "the first loop is closed";
  bool ran = false;
  owner->call_soon([&] {
    ran = true;
    owner->stop();
  });
  owner->run();
  EXPECT_TRUE(ran);
}

}  // namespace interloop::owners
