# SPDX-License-Identifier: MIT
"""Runs an original's own tests on the original and on the replacement, and compares each test's outcome."""

import os
import subprocess
import sys
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ORIGINALS = ROOT / "build" / "originals"
SUPPORT = Path(__file__).parents[1]


def sources(name):
    """The unpacked sources of an original. If the set-up could not get them, skips, or in CI fails."""
    found = sorted(ORIGINALS.glob(f"{name}-*/"))
    if not found:
        message = f"{ORIGINALS} has no {name}: make python downloads it where a package index is reached"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    return found[-1]


def outcomes(report, folder, arguments, drop_in=False):
    """Runs pytest in `folder`, which writes `report`: {test: passed, skipped or failed}, and its output."""
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider"]
    command += ["--timeout", "120", f"--junitxml={report}", *arguments]
    if drop_in:
        command += ["-p", "support.drop_in"]
    env = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    done = subprocess.run(
        command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800
    )
    assert report.exists(), done.stdout
    found = {}
    for case in xml.parse(report).getroot().iter("testcase"):
        kind = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        found[f"{case.get('classname')}.{case.get('name')}"] = kind
    return found, done.stdout


def compare(tmp_path, ours, theirs):
    """Runs two suites at once, each given as `outcomes` takes it. Requires ours to be no worse; returns its outcomes.

    AssertionError: a test fails on the replacement, or does not run there and does on the original.
    """
    with ThreadPoolExecutor() as pool:
        ours = pool.submit(outcomes, tmp_path / "ours.xml", *ours)
        theirs = pool.submit(outcomes, tmp_path / "theirs.xml", *theirs)
        (ours, output), (theirs, _) = ours.result(), theirs.result()
    assert set(theirs) == set(ours), output
    bad = ("failure", "error")
    failed = {name for name, kind in ours.items() if kind in bad and theirs[name] not in bad}
    assert not failed, f"{sorted(failed)}\n{output}"
    left_out = {name for name, kind in ours.items() if kind == "skipped" and theirs[name] == "passed"}
    assert not left_out, f"{sorted(left_out)}\n{output}"
    assert sum(kind == "passed" for kind in ours.values()) > len(ours) / 2, output
    return ours
