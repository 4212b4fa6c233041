#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Autobahn|Python 26.10.2 (PyPI) on Twisted, and so Crossbar 26.10.1; CPython 3.11, Linux.
#
# One would expect: TCP_NODELAY is set on WebSocket connections, as the option tcpNoDelay (Crossbar: tcp_nodelay) says,
# which is true unless somebody changes it.
# What happens: it is not set, on either side. The option is read before it is copied to the connection, and the
# AttributeError is swallowed. RawSocket connections do not try to set it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q "autobahn[twisted]==26.10.2"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from autobahn.twisted.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from twisted.internet import reactor

seen = {}


class Server(WebSocketServerProtocol):
    def onOpen(self):
        note("server", self)


class Client(WebSocketClientProtocol):
    def onOpen(self):
        note("client", self)


def note(side, protocol):
    seen[side] = protocol.tcpNoDelay, bool(protocol.transport.getTcpNoDelay())
    if len(seen) == 2:
        reactor.callLater(0, reactor.stop)


servers = WebSocketServerFactory()
servers.protocol = Server
port = reactor.listenTCP(0, servers, interface="127.0.0.1").getHost().port
clients = WebSocketClientFactory(f"ws://127.0.0.1:{port}")
clients.protocol = Client
reactor.connectTCP("127.0.0.1", port, clients)
reactor.run()
for side, (option, socket) in sorted(seen.items()):
    print(f"{side}: the option says {option}, the socket says {socket}")
if set(seen.values()) != {(True, False)}:
    sys.exit("This has changed.")
PYTHON
