# SPDX-License-Identifier: MIT
"""Tests of a library, with the fixture that comes with interloop: pytest test_on_every_framework.py"""

# [test]
import pytest

from interloop import txaio


def greet(name):
    """The library: a future."""
    if not name:
        raise ValueError("whom?")
    greeting = txaio.create_future()
    txaio.call_later(0.01, txaio.resolve, greeting, f"Hello, {name}!")
    return greeting


def test_greets(interloop):  # on asyncio, uvloop and Twisted
    assert interloop.run(greet, "Ada") == "Hello, Ada!"


def test_needs_a_name(interloop):
    with pytest.raises(ValueError, match="whom"):
        interloop.run(greet, "")
# [/test]
