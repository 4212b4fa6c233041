# SPDX-License-Identifier: MIT
"""The stubs match the modules: the compiled module's stub is generated, the others are compared with the code."""

import os
import re
import shutil
from pathlib import Path

import interloop
import pytest
from support import expected, programs

ROOT = Path(__file__).parents[2]
STUBS = ROOT / "python" / "stubs"
REFERENCE = ROOT / "python" / "interloop" / "_core.pyi"


def run(*command, folder, path=""):
    # A path means the package there, otherwise the installed one is meant.
    environment = {**os.environ, "PYTHONPATH": path, "MYPYPATH": path}
    return programs.interpreter(*command, cwd=folder, env=environment, timeout=600)


def stubtest(folder, path=""):
    pytest.importorskip("mypy")
    # The stubs do not say which classes cannot be bases together: today's type checkers do not know the decorator.
    arguments = ["interloop", "--allowlist", STUBS / "allowlist.txt", "--ignore-disjoint-bases"]
    return run("-m", "mypy.stubtest", *arguments, folder=folder, path=path)


def test_the_compiled_modules_stub_is_the_generated_one(tmp_path):
    status, text = run(STUBS / "make.py", folder=tmp_path)
    assert status == 0, text
    expected.require(REFERENCE, text)


def test_the_compiled_modules_stub_has_a_type_for_everything():
    text = REFERENCE.read_text()
    joined = re.sub(r"\(\n.*?\n\s*\)", "()", text, flags=re.DOTALL)
    untyped = re.findall(r"^.*(?:Descriptor|def (?!.*->)).*$", joined, re.MULTILINE)
    assert untyped == [], "python/stubs/_core.patterns does not name these"


def test_stubtest_finds_that_the_stubs_match_the_modules(tmp_path):
    status, output = stubtest(tmp_path)
    assert status == 0, output


def test_stubtest_notices_wrong_stubs(tmp_path):
    package = tmp_path / "interloop"
    ignored = shutil.ignore_patterns("include", "lib", "__pycache__")
    shutil.copytree(Path(interloop.__file__).parent, package, ignore=ignored)
    with (package / "txaio" / "tx.pyi").open("a") as stub:
        stub.write("def no_such_function() -> None: ...\n")
    stub = package / "crochet" / "__init__.pyi"
    stub.write_text(stub.read_text().replace("def wait(self, timeout:", "def wait(self, seconds:"))
    status, output = stubtest(tmp_path, str(tmp_path))
    assert status == 1, output
    assert "interloop.txaio.tx.no_such_function is not present at runtime" in output
    assert 'interloop.crochet.EventualResult.wait is inconsistent, stub parameter "seconds"' in output
