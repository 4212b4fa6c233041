# SPDX-License-Identifier: MIT
"""The originals' own tests, from their released sources, on the replacements."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from support import originals

# Crochet's tests are a package inside Crochet's, and start programs there that `import crochet`.
CROCHET = """
import os, sys
import interloop
del sys.modules["crochet"]
interloop.install()
import crochet
crochet.__path__.append(os.path.dirname(__file__))
"""
CROCHET_TYPES = """
from interloop.crochet import (
    EventualResult as EventualResult, ReactorStopped as ReactorStopped, TimeoutError as TimeoutError,
    no_setup as no_setup, retrieve_result as retrieve_result, run_in_reactor as run_in_reactor, setup as setup,
    wait_for as wait_for, __version__ as __version__,
)
"""
# The example `multiloop` asks for the thread's loop, which asyncio no longer makes from CPython 3.14 on.
EXAMPLE = """
import asyncio, runpy, sys
asyncio.set_event_loop(asyncio.new_event_loop())
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_txaios_own_tests_pass(tmp_path):
    tests = originals.sources("txaio") / "tests"
    assert len(originals.compare(tmp_path, (tests, [], True), (tests, []))) > 100


def test_crochets_own_tests_pass(tmp_path):
    package = tmp_path / "crochet"
    package.mkdir()
    (package / "__init__.py").write_text(CROCHET)
    (package / "__init__.pyi").write_text(CROCHET_TYPES)
    (package / "mypy.py").write_text("from interloop.crochet.mypy import plugin\n")
    shutil.copytree(originals.sources("crochet") / "crochet" / "tests", package / "tests")
    tests = ["crochet/tests"]
    assert len(originals.compare(tmp_path, (tmp_path, tests), (originals.sources("crochet"), tests))) > 100


@pytest.mark.parametrize("name", ["basic.py", "log_interop_stdlib.py", "log_interop_twisted.py", "multiloop.py"])
def test_txaios_examples_print_the_same(tmp_path, name):
    example = originals.sources("txaio") / "examples" / name
    program = tmp_path / "program.py"
    program.write_text(EXAMPLE)

    def output(*how):
        done = subprocess.run(
            [sys.executable, *how, program, example],
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d{4})?", "TIME", done.stdout)
        text = re.sub(r"0x[0-9a-f]+|\d{10}\.\d+", "NUMBER", text)
        return done.returncode, text.replace("interloop.txaio", "txaio")

    ours = output("-m", "interloop")
    assert ours == output()
    assert ours[0] == 0
