// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include <hiredis/adapters/libev.h>

int main(int argc, char** argv) {
  struct ev_loop* native = ev_default_loop(EVFLAG_AUTO);
  demo::peer peer(argc, argv, [](void* loop) { ev_break(static_cast<struct ev_loop*>(loop), EVBREAK_ALL); }, native);
  redisLibevAttach(native, peer.context());
  peer.start();
  ev_run(native, 0);
  return peer.report("libev", "own-adapter");
}
