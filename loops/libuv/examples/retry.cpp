// SPDX-License-Identifier: MIT
// The library of retry.hpp on libuv.
// [program]
#include <uv.h>

#include <cstdio>
#include <interloop/adapters/libuv.hpp>

#include "retry.hpp"

// [main]
int main() {
  uv_loop_t* loop = uv_default_loop();
  interloop::use_libuv(loop);

  auto answer = retry(interloop::with_config(), 5, fetch);
  interloop::add_callbacks(answer, [](const std::string& text) { std::puts(text.c_str()); });

  uv_run(loop, UV_RUN_DEFAULT);  // returns when nothing is pending
  interloop::close();
  uv_run(loop, UV_RUN_DEFAULT);  // libuv closes its handles in a later run
  uv_loop_close(loop);
}
// [/main]
// [/program]
