// SPDX-License-Identifier: MIT
#include "loops.hpp"

#include <gtest/gtest.h>
#include <uv.h>
#include <interloop/adapters/libuv.hpp>

#include <optional>

namespace {

class on_libuv final : public test_loop {
 public:
  on_libuv() {
    uv_loop_init(&native_);
    loop_.emplace(&native_);
  }
  ~on_libuv() override {
    loop_.reset();
    uv_run(&native_, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&native_), 0);
  }
  interloop::loop& get() override { return *loop_; }

 private:
  uv_loop_t native_;
  std::optional<interloop::libuv_loop> loop_;
};

const bool added = add_loop_kind<on_libuv>("libuv");

}  // namespace
