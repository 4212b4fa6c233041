# SPDX-License-Identifier: MIT
"""What a call of a decorated function may raise besides what the function raises."""


class TimeoutError(Exception):
    """There was no result in time."""

    __module__ = "interloop.crochet"


class ReactorStopped(Exception):
    """The loop has ended: there will be no result any more."""

    __module__ = "interloop.crochet"
