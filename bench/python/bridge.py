# SPDX-License-Identifier: MIT
"""What does it cost Python to await an operation of C++, and C++ to await one of Python?

Usage: bridge.py SIDE FRAMEWORK; prints seconds per operation, as JSON: the median of some runs.

SIDE: interloop (its bridge), by_hand (an extension that calls `loop.call_soon_threadsafe(future.set_result, value)`),
bare (asyncio's own futures, in Python). FRAMEWORK: asyncio, uvloop. The extension is built by --build, once.

bridge_back: Python awaits an operation of C++ that awaits a future of Python, which the loop completes: there and back.
bridge_loop, bridge_thread: Python awaits an operation that the loop's thread, or another thread, completes.
Each: one after another. _100: a hundred at a time.
"""

import asyncio
import importlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "bench" / "python-extension"
ONE_BY_ONE, AT_ONCE, RUNS = 2000, 100, 9


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def build():
    """Compiles the extension against the installed package."""
    prefix = output(sys.executable, "-m", "interloop", "--cmake-dir")
    prefix += ";" + output(sys.executable, "-m", "nanobind", "--cmake_dir")
    output("cmake", "-S", HERE / "extension", "-B", BUILT, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
           f"-DCMAKE_PREFIX_PATH={prefix}", f"-DPython_EXECUTABLE={sys.executable}")  # fmt: skip
    output("cmake", "--build", BUILT)


class Bare:
    """The least that a future of asyncio costs."""

    def from_loop(self, value):
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, value)
        return future

    def plus_one(self, awaitable):
        outer = asyncio.get_running_loop().create_future()
        awaitable.add_done_callback(lambda inner: outer.set_result(inner.result() + 1))
        return outer


def operations(module):
    def back():
        loop = asyncio.get_running_loop()
        inner = loop.create_future()
        made = module.plus_one(inner)
        loop.call_soon(inner.set_result, 1)
        return made

    made = {"bridge_back": (back, None), "bridge_loop": (lambda: module.from_loop(2), None)}
    if hasattr(module, "from_thread"):
        made["bridge_thread"] = (lambda: module.from_thread(2), module.wake_worker)
    return made


async def one_by_one(operation, begin):
    start = time.perf_counter()
    for _ in range(ONE_BY_ONE):
        made = operation()
        if begin:
            begin()
        await made
    return (time.perf_counter() - start) / ONE_BY_ONE


async def at_once(operation, begin):
    start = time.perf_counter()
    for _ in range(ONE_BY_ONE // AT_ONCE):
        made = [operation() for _ in range(AT_ONCE)]
        if begin:
            begin()
        for each in made:
            await each
    return (time.perf_counter() - start) / ONE_BY_ONE


async def measure(module):
    times = {}
    for what, (operation, begin) in operations(module).items():
        made = operation()
        if begin:
            begin()
        if await made != 2:
            sys.exit(f"{what}: a wrong value")
        for suffix, how in (("", one_by_one), ("_100", at_once)):
            times[what + suffix] = statistics.median([await how(operation, begin) for _ in range(RUNS)])
    return times


def main():
    if sys.argv[1:] == ["--build"]:
        return build()
    side, framework = sys.argv[1:]
    sys.path.insert(0, str(BUILT))
    module = Bare() if side == "bare" else importlib.import_module("through_interloop" if side == "interloop" else side)
    make = None
    if framework == "uvloop":
        import uvloop

        make = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=make) as runner:
        print(json.dumps(runner.run(measure(module))))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
