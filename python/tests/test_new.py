# SPDX-License-Identifier: MIT
"""``python -m interloop new NAME``: what it makes, and that the shell script makes the same."""

import filecmp
import os
import subprocess
from pathlib import Path

import pytest
from support import extension, programs

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "starter" / "new.sh"


def new(folder, *arguments):
    return programs.interpreter("-m", "interloop", "new", *arguments, cwd=folder, timeout=60)


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_makes_a_library_of_that_name(tmp_path):
    status, output = new(tmp_path, "line_counter")
    assert status == 0, output
    assert output.startswith("Made line_counter. Next: cd line_counter && cmake")
    made = tmp_path / "line_counter"
    assert (made / "include" / "line_counter" / "line_reader.hpp").is_file()
    for path in files(made):
        text = str(path) + (made / path).read_text()
        assert "starter" not in text.lower(), path
    assert "option(LINE_COUNTER_PYTHON" in (made / "CMakeLists.txt").read_text()


def test_the_script_makes_the_same(tmp_path):
    (tmp_path / "by_script").mkdir()
    subprocess.run([SCRIPT, "line_counter"], cwd=tmp_path / "by_script", check=True, timeout=60)
    assert new(tmp_path, "line_counter")[0] == 0
    ours, theirs = tmp_path / "line_counter", tmp_path / "by_script" / "line_counter"
    assert files(ours) == files(theirs)
    _, different, missing = filecmp.cmpfiles(ours, theirs, files(ours), shallow=False)
    assert (different, missing) == ([], [])


def test_its_module_is_built_by_pip_and_tested_on_each_framework(tmp_path):
    pytest.importorskip("twisted")
    pytest.importorskip("uvloop")
    extension.require_cmake()
    assert new(tmp_path, "line_counter")[0] == 0
    site = extension.installed(tmp_path / "line_counter", tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(site)
    command = ("-m", "pytest", "-rA", "-p", "no:cacheprovider", "-p", "no:asyncio")
    status, output = programs.interpreter(*command, cwd=tmp_path / "line_counter", env=environment)
    assert status == 0, output
    for framework in ("asyncio", "uvloop", "twisted"):
        assert f"PASSED python/tests/test_line_counter.py::test_counts_lines[{framework}]" in output
    assert "3 passed" in output


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("line-counter", "cannot be a library's name: use a-z, 0-9 and _"),
        ("../up", "cannot be a library's name"),
        ("2fast", "cannot be a library's name"),
        ("interloop", "is the name of another library"),
        ("there", "exists already; it is left as it is"),
    ],
)
def test_both_refuse_a_wrong_name(tmp_path, name, why):
    (tmp_path / "there").mkdir()
    status, output = new(tmp_path, name)
    assert status == 2
    assert why in output
    done = subprocess.run([SCRIPT, name], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert why in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_without_a_name_it_says_how(tmp_path):
    for arguments in ([], ["one", "two"], ["--help"]):
        status, output = new(tmp_path, *arguments)
        assert (status, output.strip()) == (2, "usage: python -m interloop new NAME")
