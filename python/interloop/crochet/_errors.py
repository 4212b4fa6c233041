# SPDX-License-Identifier: MIT
"""What a call of a decorated function may raise besides what the function raises."""


import sys


class TimeoutError(Exception):
    """There was no result in time."""

    __module__ = "interloop.crochet"


class ReactorStopped(Exception):
    """The loop has ended: there will be no result any more."""

    __module__ = "interloop.crochet"


def timed_out(goes_on):
    """A TimeoutError of a wait in this thread, for what ``goes_on`` or is cancelled.

    It says so where the thread is importing a module meanwhile.
    """
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return TimeoutError(
                "there was no result in time. This thread waited while it was importing a module: where the loop's thread "
                "imports that, too, each waits for the other. Call the function after the import."
            )
        frame = frame.f_back
    if not goes_on:
        return TimeoutError()
    return TimeoutError(
        "there was no result in time. The function goes on: wait again, or call cancel() if nobody waits for it any more."
    )
