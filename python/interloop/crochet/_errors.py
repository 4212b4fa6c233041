# SPDX-License-Identifier: MIT
"""The errors that a call of a decorated function may raise besides those of the function itself."""


import sys


class TimeoutError(Exception):
    """There was no result in time."""

    __module__ = "interloop.crochet"


class ReactorStopped(Exception):
    """The loop has ended, so there will be no result."""

    __module__ = "interloop.crochet"


def timed_out(goes_on):
    """A TimeoutError for a wait in this thread, after which the operation ``goes_on`` or is cancelled.

    It says so if this thread is importing a module.
    """
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return TimeoutError(
                "there was no result in time. This thread waited while it was importing a module: if the loop's thread "
                "imports it too, they deadlock. Call the function after the import."
            )
        frame = frame.f_back
    if not goes_on:
        return TimeoutError()
    return TimeoutError(
        "there was no result in time. The function is still running: wait again, or call cancel() if you no longer "
        "need its result."
    )
