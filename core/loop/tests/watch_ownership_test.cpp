// SPDX-License-Identifier: MIT
// A watch whose callback owns its handle: the usual way to let a watch live until it stops itself.
#include <gtest/gtest.h>
#include <unistd.h>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <memory>

namespace {

class watch_ownership : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::pipe(pipe_), 0); }
  void TearDown() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }

  /// A watch that only its own callback keeps alive.
  std::weak_ptr<interloop::fd_watch> self_owned(bool stops_itself) {
    auto own = std::make_shared<interloop::fd_watch>();
    *own = loop_->watch(pipe_[0], interloop::interest::read, [own, stops_itself](interloop::interest) {
      if (stops_itself) own->stop();
    });
    return own;
  }

  int pipe_[2] = {-1, -1};
  interloop::testing::manual_loop loop_;
};

TEST_F(watch_ownership, a_watch_owned_by_its_callback_is_destroyed_when_the_loop_closes) {
  const auto watch = self_owned(false);
  EXPECT_FALSE(watch.expired());
  loop_->close();
  EXPECT_TRUE(watch.expired());
}

TEST_F(watch_ownership, a_watch_owned_by_its_callback_is_destroyed_when_it_stops_itself) {
  const auto watch = self_owned(true);
  ASSERT_EQ(::write(pipe_[1], "x", 1), 1);
  loop_.run_ready();
  EXPECT_TRUE(watch.expired());
}

TEST_F(watch_ownership, a_watch_owned_by_its_callback_is_destroyed_when_it_is_stopped_from_outside) {
  const auto watch = self_owned(false);
  watch.lock()->stop();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
