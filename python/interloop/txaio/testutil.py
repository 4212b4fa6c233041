# SPDX-License-Identifier: MIT
"""Helps tests of code that uses txaio."""

from contextlib import contextmanager

from interloop import txaio


@contextmanager
def replace_loop(new_loop):
    """Sets ``txaio.config.loop`` in a ``with`` block, to an event loop or a reactor (``task.Clock()``, say).

    It is restored at the end of the block, even after an exception.
    """
    config = txaio.config
    before = config.loop
    config.loop = new_loop
    try:
        yield new_loop
    finally:
        config.loop = before
