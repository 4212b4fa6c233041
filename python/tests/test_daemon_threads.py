# SPDX-License-Identifier: MIT
"""Daemon threads that the interpreter ends inside compiled functions. For Crochet's, see test_crochet.py."""

import pytest
from support.programs import run


@pytest.mark.parametrize("framework", ["asyncio", "twisted"])
def test_a_thread_that_the_interpreter_ends_below_txaio_does_no_harm(framework):
    output = run(
        f"""
        import asyncio, logging, os, sys, threading, time
        from interloop import txaio
        txaio.use_{framework}()
        threading.Thread(target=int).start()
        time.sleep(0.05)
        others = len(os.listdir("/proc/self/task"))  # with the first thread, a sanitizer starts one of its own

        def blocks(*arguments):
            started.release()
            while True:
                time.sleep(0.01)

        class Blocking:
            __str__ = __hash__ = __float__ = blocks

        def calls_back():
            future = txaio.create_future()
            txaio.add_callbacks(future, blocks, None)
            txaio.resolve(future, 1)
            asyncio.get_event_loop().run_forever()

        def logs():
            txaio.make_logger().info("{{what}}", what=Blocking())

        work = [
            lambda: txaio.as_future(blocks, 1, 2),
            lambda: txaio.make_batched_timer(1).call_later(Blocking(), print),
            calls_back,
            logs,
        ]

        class Last:  # while it is destroyed, threads that ask for the GIL are ended: it waits until they are gone
            def __del__(self, listdir=os.listdir, now=time.monotonic, sleep=time.sleep, end=time.monotonic() + 10):
                while len(listdir("/proc/self/task")) > self.others and now() < end:
                    sleep(0.01)

        started = threading.Semaphore(0)
        txaio.start_logging(out=open(os.devnull, "w"), level="info")
        asyncio.set_event_loop(asyncio.new_event_loop())
        def serve(f):
            asyncio.set_event_loop(asyncio.new_event_loop())
            f()
        for f in work:
            threading.Thread(target=serve, args=(f,), daemon=True).start()
            if not started.acquire(timeout=10):
                print("it did not come to", f)
        sys.last = Last()
        sys.last.others = others
        """
    )
    assert output == "", output
