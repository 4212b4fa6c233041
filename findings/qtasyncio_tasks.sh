#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# PySide6 6.12.0 (PyPI: PySide6_Addons), CPython 3.11 to 3.13, Linux. Downloads about 270 MB; needs no display.
#
# One would expect: asyncio.create_task returns an asyncio.Task, and loop.create_future returns an asyncio.Future, on
# every event loop.
# What happens: on QtAsyncio's loop, both return objects of its own classes that derive from neither, so isinstance says
# no. Only asyncio.isfuture, which looks for an attribute, says yes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q PySide6_Addons==6.12.0
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import sys

import PySide6.QtAsyncio as QtAsyncio

seen = {}


async def work():
    return 42


async def main():
    task, future = asyncio.create_task(work()), asyncio.get_running_loop().create_future()
    future.set_result(None)
    seen["task"] = (isinstance(task, asyncio.Task), isinstance(task, asyncio.Future), asyncio.isfuture(task), await task)
    seen["future"] = (isinstance(future, asyncio.Future), asyncio.isfuture(future), await future)


def show(loop):
    print(f"{loop}: the task is an asyncio.Task: {seen['task'][0]}, an asyncio.Future: {seen['task'][1]},", end=" ")
    print(f"isfuture: {seen['task'][2]}; the future is an asyncio.Future: {seen['future'][0]}, isfuture: {seen['future'][1]}")


asyncio.run(main())
show("asyncio")
if seen != {"task": (True, True, True, 42), "future": (True, True, None)}:
    sys.exit("asyncio itself has changed.")
QtAsyncio.run(main(), keep_running=False)
show("QtAsyncio 6.12.0")
if seen != {"task": (False, False, True, 42), "future": (False, True, None)}:
    sys.exit("This has changed.")
PYTHON
