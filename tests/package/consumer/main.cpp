// SPDX-License-Identifier: MIT
// The smallest user of an installed interloop: one timer on libuv's default loop.

#include <uv.h>

#include <chrono>
#include <cstdio>
#include <interloop/adapters/libuv.hpp>
#include <interloop/interloop.hpp>

int main() {
  uv_loop_t* loop = uv_default_loop();
  interloop::use_libuv(loop);
  interloop::call_later(std::chrono::milliseconds(1), [] { std::puts("ok"); });
  uv_run(loop, UV_RUN_DEFAULT);
  interloop::close();
  uv_run(loop, UV_RUN_DEFAULT);
}
