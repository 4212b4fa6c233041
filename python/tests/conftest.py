# SPDX-License-Identifier: MIT
"""One fixture over the frameworks: each test that takes ``on`` runs on asyncio, uvloop and Twisted."""

import gc
import os

import pytest
from support import frameworks

os.environ.pop("PYTHONUNBUFFERED", None)  # programs that tests run have buffers, as their users' have


@pytest.fixture(params=sorted(frameworks.KINDS))
def on(request):
    """The framework under test, selected, with a loop of its own. What its loop reports as unhandled fails the test."""
    made = frameworks.KINDS[request.param]()
    yield made
    gc.collect()  # failures that nobody looked at are reported now
    made.close()
    assert made.unhandled == [], "the loop was told of what the test did not expect"


@pytest.fixture(params=["asyncio", "twisted"])
def clocked(request):
    """The framework under test with a clock that the test moves."""
    made = frameworks.CLOCKED[request.param]()
    yield made
    made.close()
