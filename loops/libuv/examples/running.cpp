// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <interloop/adapters/libuv.hpp>

#include <uv.h>

int main(int argc, char** argv) {
  uv_loop_t* native = uv_default_loop();
  interloop::use_libuv(native);
  demo::program program(argc, argv, [&] { uv_stop(native); });
  uv_run(native, UV_RUN_DEFAULT);
  return program.report();
}
