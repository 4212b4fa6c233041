// SPDX-License-Identifier: MIT
// Closing a loop, and the fate of pending futures.
#include <uv.h>

#include <cstdio>
#include <interloop/adapters/libuv.hpp>
#include <interloop/interloop.hpp>

int main() {
  uv_loop_t* native = uv_default_loop();
  interloop::use_libuv(native);

  // [close]
  auto answer = interloop::create_future<int>();
  interloop::add_callbacks(answer, nullptr,
                           [](const interloop::failure&) { std::puts("never: no callback runs now"); });

  interloop::future<void> released = interloop::close();
  std::puts(interloop::failure_message(*answer.get_failure()).c_str());
  std::printf("released: %d\n", interloop::is_called(released));

  uv_run(native, UV_RUN_DEFAULT);  // libuv needs one more run to release its handles
  std::printf("released: %d, uv_loop_close: %d\n", interloop::is_called(released), uv_loop_close(native));
  // [/close]
}
