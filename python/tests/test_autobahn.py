# SPDX-License-Identifier: MIT
"""Autobahn|Python, unmodified, on interloop: its own tests under both frameworks."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

autobahn = pytest.importorskip("autobahn", reason="autobahn is not installed: tools/requirements-python-once.txt has it")
PACKAGE = Path(autobahn.__file__).parent
TRIAL = ["test", "twisted.test", "websocket.test", "rawsocket.test", "wamp.test", "nvx.test"]


def environment(framework):
    return {**os.environ, f"USE_{framework.upper()}": "1"}


def run(arguments, framework, folder):
    done = subprocess.run(
        [sys.executable, "-m", "interloop", *arguments],
        cwd=folder,
        env=environment(framework),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=1200,
    )
    return done.returncode, done.stdout


@pytest.fixture(autouse=True)
def it_is_on_interloop(tmp_path):
    status, output = run(["-c", "import txaio; print(txaio.__name__)"], "asyncio", tmp_path)
    assert (status, output.strip()) == (0, "interloop.txaio")


def test_its_tests_pass_on_asyncio(tmp_path):
    arguments = ["-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(PACKAGE), "-p", "no:cacheprovider"]
    arguments += ["--timeout", "120", "--ignore", str(PACKAGE / "twisted"), str(PACKAGE)]
    status, output = run(arguments, "asyncio", tmp_path)
    assert status == 0, output
    assert int(re.search(r"(\d+) passed", output)[1]) > 300, output


def test_its_tests_pass_on_twisted(tmp_path):
    status, output = run(["-m", "twisted.trial", "--no-recurse", *("autobahn." + n for n in TRIAL)], "twisted", tmp_path)
    assert status == 0, output
    assert int(re.search(r"successes=(\d+)", output)[1]) > 300, output
