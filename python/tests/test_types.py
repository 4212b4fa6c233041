# SPDX-License-Identifier: MIT
"""The types, with two checkers: correct code passes, and each mistake is found. The stubs' own tests: test_stubs.py."""

import ast
import inspect
import json
import re
import sys
from pathlib import Path

import pytest
from support import programs

TYPES = Path(__file__).parent / "types"
MYPY = ["-m", "mypy", "--strict", "--no-error-summary", "--cache-dir"]


def run(*arguments, folder):
    return programs.interpreter(*arguments, cwd=folder, timeout=600)


def marked(path):
    return [number for number, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# wrong")]


def test_mypy_accepts_correct_code(tmp_path):
    pytest.importorskip("mypy")
    status, output = run(*MYPY, tmp_path / "cache", TYPES / "usage.py", folder=tmp_path)
    assert status == 0, output


def test_mypy_finds_each_mistake(tmp_path):
    pytest.importorskip("mypy")
    _, output = run(*MYPY, tmp_path / "cache", TYPES / "mistakes.py", folder=tmp_path)
    found = sorted({int(line) for line in re.findall(r"mistakes\.py:(\d+): error", output)})
    assert found == marked(TYPES / "mistakes.py"), output


@pytest.mark.parametrize("name", ["usage.py", "mistakes.py"])
def test_pyright_agrees(tmp_path, name):
    pytest.importorskip("pyright")
    _, output = run("-m", "pyright", "--pythonpath", sys.executable, "--outputjson", TYPES / name, folder=tmp_path)
    if "generalDiagnostics" not in output:
        pytest.skip(f"pyright does not run here: {output[-300:]}")
    diagnostics = json.loads(output[output.index("{") :])["generalDiagnostics"]
    found = sorted({each["range"]["start"]["line"] + 1 for each in diagnostics if each["severity"] == "error"})
    assert found == marked(TYPES / name), diagnostics


def stub_of(module):
    tree = ast.parse(Path(module.__file__).with_suffix(".pyi").read_text())
    names, functions = set(), {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif isinstance(node, ast.ImportFrom):
            names.update(alias.asname for alias in node.names if alias.asname)
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            functions[node.name] = [each.arg for each in every if each]
    return {name for name in names if not name.startswith("_") or name == "__version__"}, functions


def test_txaios_stub_has_the_names_and_arguments_of_both_frameworks():
    from interloop import txaio
    from interloop.txaio import aio, tx

    names, functions = stub_of(txaio)
    assert set(txaio.__all__) <= names
    assert names <= {*dir(txaio), "failure_formatted_traceback"}
    for name, arguments in functions.items():
        for module in (tx,) if name == "make_logger" else (aio, tx):
            function = getattr(module, name, None) or getattr(txaio, name)
            if "/" not in str(function) and not name.endswith("_ns"):
                assert list(inspect.signature(function).parameters) == arguments, (name, module)
