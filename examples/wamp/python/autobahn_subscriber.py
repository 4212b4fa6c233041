# SPDX-License-Identifier: MIT
"""The same as subscriber.py by Autobahn|Python on Twisted, for a machine that has not built the Python module.

Usage: autobahn_subscriber.py PATH, which is the router's Unix socket.
"""

import sys
import time

import txaio

txaio.use_twisted()

from autobahn.twisted.component import Component, run  # noqa: E402: after the choice above

out = sys.stdout  # run() makes what is printed later a line of the log
heard = Component(
    transports=[{"type": "rawsocket", "url": "rs://localhost", "serializer": "msgpack",
                 "endpoint": {"type": "unix", "path": sys.argv[1]}}],
    realm="open")


@heard.subscribe("demo.progress")
def progress(count, sent):
    print(count, time.monotonic_ns() // 1000 - sent, file=out, flush=True)


@heard.on_ready
def ready(session):
    print("ready", file=out, flush=True)


if __name__ == "__main__":
    run([heard], log_level="error")
