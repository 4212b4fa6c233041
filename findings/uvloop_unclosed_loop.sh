#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# uvloop 0.23.0 (PyPI), CPython 3.11 to 3.13, Linux.
#
# One would expect: an event loop that nobody refers to any more is collected and its descriptors are closed, like
# asyncio's own loops (with a ResourceWarning).
# What happens: uvloop's loops stay forever, each with its epoll instance, pipe and eventfds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q uvloop==0.23.0
"$folder/venv/bin/python" -W ignore::ResourceWarning - <<'PYTHON'
import asyncio
import gc
import os
import sys
import weakref

import uvloop


def left_open(make):
    """The descriptors left by ten loops that were run once and dropped, and the number of loops that still exist."""
    make().close()
    before = len(os.listdir("/proc/self/fd"))
    alive = []
    for _ in range(10):
        loop = make()
        loop.run_until_complete(asyncio.sleep(0))
        alive.append(weakref.ref(loop))
        del loop
    gc.collect()
    return len(os.listdir("/proc/self/fd")) - before, sum(each() is not None for each in alive)


asyncios, uvloops = left_open(asyncio.SelectorEventLoop), left_open(uvloop.new_event_loop)
print(f"asyncio: {asyncios[0]} descriptors and {asyncios[1]} of 10 loops are left")
print(f"uvloop {uvloop.__version__}: {uvloops[0]} descriptors and {uvloops[1]} of 10 loops are left")
if asyncios != (0, 0) or uvloops[0] < 10 or uvloops[1] != 10:
    sys.exit("This has changed.")
PYTHON
