# SPDX-License-Identifier: MIT
"""Autobahn's fuzzing server, which also chooses a subprotocol: our client asks for one. For CPython 2.7.

Usage: server.py FOLDER. Listens on a free port of 127.0.0.1, says which one in FOLDER/port, and writes its reports to FOLDER.
"""

import os
import socket
import sys

from autobahntestsuite import fuzzing
from twisted.internet import reactor


class Protocol(fuzzing.FuzzingServerProtocol):
    def onConnect(self, request):
        fuzzing.FuzzingServerProtocol.onConnect(self, request)
        return request.protocols[0]


class Factory(fuzzing.FuzzingServerFactory):
    protocol = Protocol


folder = sys.argv[1]
probe = socket.socket()
probe.bind(("127.0.0.1", 0))
port = probe.getsockname()[1]  # which the server has to know: it compares it with the one that the client asks for
probe.close()
url = "ws://127.0.0.1:%d" % port
# Compression, 12 and 13, is not offered by the client.
factory = Factory({"url": url, "outdir": folder, "cases": ["*"], "exclude-cases": ["12.*", "13.*"], "exclude-agent-cases": {}})
factory.setSessionParameters(url=url, protocols=["wamp.2.json", "wamp.2.msgpack"])
reactor.listenTCP(port, factory, interface="127.0.0.1")
with open(os.path.join(folder, "part"), "w") as out:
    out.write(str(port))
os.rename(os.path.join(folder, "part"), os.path.join(folder, "port"))
reactor.run()
