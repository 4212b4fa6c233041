// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include <hiredis/adapters/libevent.h>

#include <memory>

int main(int argc, char** argv) {
  const std::unique_ptr<event_base, void (*)(event_base*)> native(event_base_new(), &event_base_free);
  demo::peer peer(argc, argv, [](void* base) { event_base_loopbreak(static_cast<event_base*>(base)); }, native.get());
  redisLibeventAttach(peer.context(), native.get());
  peer.start();
  event_base_dispatch(native.get());
  return peer.report("libevent", "own-adapter");
}
