// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include <hiredis/adapters/libuv.h>

int main(int argc, char** argv) {
  uv_loop_t* native = uv_default_loop();
  demo::peer peer(argc, argv, [](void* loop) { uv_stop(static_cast<uv_loop_t*>(loop)); }, native);
  redisLibuvAttach(peer.context(), native);
  peer.start();
  uv_run(native, UV_RUN_DEFAULT);
  return peer.report("libuv", "own-adapter");
}
