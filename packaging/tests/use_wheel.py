# SPDX-License-Identifier: MIT
"""Uses the installed Python package as its users do. Usage: use_wheel.py VERSION. Needs no other package."""

import asyncio
import os
import subprocess
import sys
import tempfile
from importlib.metadata import entry_points, version
from pathlib import Path

import interloop
from interloop import crochet, txaio


def tells(option: str) -> Path:
    """What `python -m interloop` tells build systems."""
    command = [sys.executable, "-m", "interloop", option]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


async def later() -> str:
    made = txaio.create_future()
    asyncio.get_running_loop().call_soon(txaio.resolve, made, "an answer")
    return await made


assert interloop.__version__ == sys.argv[1] == version("interloop"), interloop.__version__

txaio.use_asyncio()
assert asyncio.run(later()) == "an answer"


@crochet.wait_for(timeout=60)
async def blocking() -> int:
    await asyncio.sleep(0)
    return 3


crochet.setup()
assert blocking() == 3

# For authors of bindings.
include, cmake, lib = tells("--include-dir"), tells("--cmake-dir"), tells("--lib-dir")
for needed in (include / "interloop/interloop.hpp", include / "interloop/python.hpp", cmake / "interloopConfig.cmake"):
    assert needed.is_file(), needed
assert list(lib.glob("libinterloop-python.so*")), lib

# A library to start from, and what tests its Python module.
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.executable, "-m", "interloop", "new", "line_counter"], cwd=folder, check=True, capture_output=True)
    assert (Path(folder) / "line_counter/python/tests/test_line_counter.py").is_file()
assert [point.value for point in entry_points(group="pytest11", name="interloop")] == ["interloop.pytest_plugin"]

# This process has loaded no C++ library, and interloop-ps says so.
shown = subprocess.run([sys.executable, "-m", "interloop", "ps", str(os.getpid())], capture_output=True, text=True)
assert shown.returncode == 1 and "there is no interloop in process" in shown.stderr, shown
print("ok")
