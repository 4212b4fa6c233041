# SPDX-License-Identifier: MIT
"""Each test runs on asyncio, uvloop and Twisted: the fixture comes with interloop."""

import os

import starter


def test_counts_lines(interloop):
    ours, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.write(theirs, b"one\ntwo\n")
        os.close(theirs)
        assert interloop.run(starter.count_lines, ours) == 2
    finally:
        os.close(ours)
