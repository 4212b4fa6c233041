# SPDX-License-Identifier: MIT
"""No operation leaks: the interpreter's count of blocks is the same after a thousand of them."""

import gc
import itertools
import sys

import pytest


def canceller(future):
    pass


def operations(on):
    txaio = on.txaio
    error = ValueError("x")

    def value():
        return object()

    def fails():
        raise KeyError("y")

    def both(future):
        txaio.add_callbacks(future, lambda value: None, lambda failure: None)
        return future

    def batched():
        timer = txaio.make_batched_timer(0.001)
        timer.call_later(60, value, 1, a=2).cancel()
        kept = timer.call_later(60, value)
        kept.cancel()

    def wrong_arguments():
        for call in (lambda: txaio.create_future(1, 2), lambda: txaio.resolve(), lambda: txaio.call_later(1, b=2)):
            with pytest.raises((TypeError, ValueError)):
                call()

    def failure_texts():
        failure = txaio.create_failure(error)
        txaio.failure_message(failure), txaio.failure_format_traceback(failure), txaio.failure_traceback(failure)
        txaio.failure_message("no failure")

    return {
        "resolve": lambda: txaio.resolve(both(txaio.create_future()), object()),
        "reject": lambda: txaio.reject(both(txaio.create_future()), error),
        "cancel": lambda: txaio.cancel(both(txaio.create_future(canceller=canceller))),
        "success": lambda: both(txaio.create_future_success(object())),
        "error": lambda: both(txaio.create_future_error(error)),
        "as_future": lambda: both(txaio.as_future(value)),
        "as_future fails": lambda: both(txaio.as_future(fails)),
        "gather": lambda: both(txaio.gather([txaio.create_future_success(object()), both(txaio.as_future(fails))])),
        "call_later": lambda: txaio.call_later(60, value, 1, a=2).cancel(),
        "batched timer": batched,
        "logger": lambda: txaio.make_logger().debug("{a}", a=object()),
        "wrong arguments": wrong_arguments,
        "failures": failure_texts,
        "with_config": lambda: txaio.with_config(loop=on.loop),
    }


class Nothing:
    txaio = loop = None


@pytest.mark.parametrize("name", list(operations(Nothing)))
def test_an_operation_does_not_leak(on, name):
    operation = operations(on)[name]

    def thousand():
        for _ in range(1000):
            operation()
        on.turn(3)
        if hasattr(on.loop, "calls"):
            on.loop.calls.clear()
        gc.collect()
        return sys.getallocatedblocks()

    blocks = [thousand() for _ in range(5)]  # some caches fill late, but once; a leak grows each time
    grown = [after - before for before, after in itertools.pairwise(blocks)]
    assert min(grown) < 100, grown
