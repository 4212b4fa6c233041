// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include <hiredis/adapters/libevent.h>

int main(int argc, char** argv) {
  event_base* native = event_base_new();
  demo::peer peer(argc, argv, [](void* base) { event_base_loopbreak(static_cast<event_base*>(base)); }, native);
  redisLibeventAttach(peer.context(), native);
  peer.start();
  event_base_dispatch(native);
  const int status = peer.report("libevent");
  event_base_free(native);
  return status;
}
