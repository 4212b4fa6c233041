# SPDX-License-Identifier: MIT
"""How long does a call through Crochet take, there and back, on one processor?

Usage: blocking.py SIDE; prints seconds per call.

SIDE: bare (callFromThread and threading.Event), original, interloop, asyncio, uvloop.
"""

import os
import sys
import threading
import time

CALLS = 2000


def bare():
    from twisted.internet import reactor

    threading.Thread(target=lambda: reactor.run(installSignalHandlers=False), daemon=True).start()

    def call():
        done, result = threading.Event(), []

        def run():
            result.append(value())
            done.set()

        reactor.callFromThread(run)
        done.wait(5)
        return result[0]

    return call


def value():
    return 1


def crochet(side):
    if side == "original":
        import crochet

        crochet.setup()
    else:
        from interloop import crochet

        crochet.setup("twisted" if side == "interloop" else side)
    return crochet.wait_for(timeout=5)(value)


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    side = sys.argv[1]
    call = bare() if side == "bare" else crochet(side)
    best = float("inf")
    for _ in range(6):  # the first warms up
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        best = min(best, (time.perf_counter() - start) / CALLS)
    print(best)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
