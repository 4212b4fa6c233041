# SPDX-License-Identifier: MIT
"""The originals' own tests, from their released sources, on the replacements."""

import shutil

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


def test_txaios_own_tests_pass(tmp_path):
    outcomes = originals.compare(tmp_path, originals.sources("txaio") / "tests")
    assert len(outcomes) > 100


def test_crochets_own_tests_pass(tmp_path):
    package = tmp_path / "crochet"
    package.mkdir()
    (package / "__init__.py").write_text(CROCHET)
    (package / "__init__.pyi").write_text(CROCHET_TYPES)
    (package / "mypy.py").write_text("from interloop.crochet.mypy import plugin\n")
    shutil.copytree(originals.sources("crochet") / "crochet" / "tests", package / "tests")
    ours, output = originals.outcomes(tmp_path, tmp_path, ["crochet/tests"], drop_in=False)
    original = originals.sources("crochet")
    theirs, _ = originals.outcomes(tmp_path, original, ["crochet/tests"], drop_in=False)
    originals.require_no_worse(ours, theirs, output)
    assert len(ours) > 100
