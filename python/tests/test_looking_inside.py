# SPDX-License-Identifier: MIT
"""python -m interloop ps: what C++ futures wait for, in a process of each framework."""

import subprocess
import sys

import pytest
from support import extension as built

ASYNCIO = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
{policy}
async def main():
    import extension
    await extension.doubled_later(1, 0)
    waiting = [extension.never(), extension.doubled_later(1, 3600)]
    print("ready", flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
"""
PROGRAMS = {
    "asyncio": ASYNCIO.format(policy=""),
    "uvloop": ASYNCIO.format(policy="import uvloop; uvloop.install()"),
    "twisted": """
import sys
sys.path.insert(0, sys.argv[1])
from twisted.internet import reactor
def main():
    import extension
    reactor.waiting = [extension.never(), extension.doubled_later(1, 3600)]
    print("ready", flush=True)
reactor.callWhenRunning(main)
reactor.run()
""",
}


def ps(*arguments):
    done = subprocess.run([sys.executable, "-m", "interloop", "ps", *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def extension_folder():
    built.load()
    return str(built.folder())


@pytest.mark.parametrize("kind", PROGRAMS)
def test_cpp_futures_and_coroutines_of_another_process_are_shown(kind, extension_folder):
    program = [sys.executable, "-c", PROGRAMS[kind], extension_folder]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            status, tree = ps("--tree", str(process.pid))
        finally:
            process.kill()
    assert status == 0, tree
    assert f"process {process.pid} (python" in tree, tree
    assert "future made at library.cpp:" in tree, tree
    assert "coroutine doubled_later (library.cpp:" in tree, tree
    assert "timer due in" in tree, tree


def test_it_says_what_is_wrong():
    assert ps("nonsense")[0] == 2
    status, text = ps("4194304")
    assert (status, text) == (1, "interloop-ps: there is no process 4194304\n")
