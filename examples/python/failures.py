# SPDX-License-Identifier: MIT
"""The contents of a failure."""

import traceback

import loops

from interloop import txaio


class OutOfCarrots(Exception):
    """An error with a name of its own."""


def open_store():
    raise OutOfCarrots("come back on Monday")


# [create]
def try_to_open():
    try:
        open_store()
    except OutOfCarrots:
        return txaio.create_failure()  # from the exception being handled


def main():
    future = txaio.create_future()
    txaio.add_callbacks(future, None, failed)
    txaio.reject(future, try_to_open())
    return txaio.gather([future])
# [/create]


# [use]
def failed(fail):
    print("value:", repr(fail.value))
    print("message:", txaio.failure_message(fail))
    frames = traceback.extract_tb(txaio.failure_traceback(fail))
    print("raised in:", frames[-1].name)
    text = txaio.failure_format_traceback(fail)
    print("formatted:", text.count("\n") > 2, "ending in", text.splitlines()[-1])
    return fail
# [/use]


loops.run(main)
