# SPDX-License-Identifier: MIT
"""One fixture over the frameworks: each test that takes ``on`` runs on asyncio, uvloop and Twisted."""

import gc
import os

import pytest
from support import frameworks

os.environ.pop("PYTHONUNBUFFERED", None)  # programs that tests run have buffers, like users' programs


@pytest.fixture(params=sorted(frameworks.KINDS))
def on(request):
    """The framework under test, selected, with a new loop. A report of an unhandled error fails the test."""
    made = frameworks.KINDS[request.param]()
    yield made
    gc.collect()  # failures that nobody looked at are reported now
    made.close()
    assert made.unhandled == [], "unexpected reports to the loop"


@pytest.fixture(params=["asyncio", "twisted"])
def clocked(request):
    """The framework under test with a clock that the test moves."""
    made = frameworks.CLOCKED[request.param]()
    yield made
    made.close()
