// SPDX-License-Identifier: MIT
// Counts the lines of the standard input, on libuv: printf 'one\ntwo\n' | on_libuv
#include <starter/line_reader.hpp>

#include <fcntl.h>
#include <uv.h>
#include <interloop/adapters/libuv.hpp>

#include <cstdio>

int main() {
  ::fcntl(0, F_SETFL, ::fcntl(0, F_GETFL) | O_NONBLOCK);
  uv_loop_t* const native = uv_default_loop();
  interloop::use_libuv(native);

  const auto count = starter::count_lines(interloop::with_config(), 0);
  interloop::add_callbacks(count, [](std::size_t lines) { std::printf("%zu lines\n", lines); });

  uv_run(native, UV_RUN_DEFAULT);  // returns when nothing is pending
  interloop::close();
  uv_run(native, UV_RUN_DEFAULT);  // libuv closes its handles in a later run
  uv_loop_close(native);
}
