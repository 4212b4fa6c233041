# SPDX-License-Identifier: MIT
"""python -m interloop PROGRAM: the program runs as with plain Python, except that the originals' names are interloop's."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.programs import interpreter

# A program's view of its interpreter.
SIGHT = """
import os, sys
main = sys.modules["__main__"]
print(sys.argv, sys.path, main.__name__, main.__file__, main.__package__, main.__spec__ and main.__spec__.name)
print(sorted(vars(main)), sys.flags, sys._xoptions, os.getcwd())
"""
WHOSE = "import txaio, crochet; print(txaio.__name__, crochet.__name__)\n"
OURS = "interloop.txaio interloop.crochet\n"


def both(folder, *arguments, options=(), **more):
    """(exit status, output) with interloop and with plain Python."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "own")}
    return [
        interpreter(*options, *ours, *arguments, cwd=folder, env=environment, **more) for ours in (("-m", "interloop"), ())
    ]


@pytest.fixture
def folder(tmp_path):
    package = tmp_path / "own" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(SIGHT)
    (tmp_path / "program.py").write_text(SIGHT)
    (tmp_path / "whose.py").write_text(WHOSE)
    return tmp_path


@pytest.mark.parametrize("options", [(), ("-X", "dev"), ("-Bu",), ("-P", "-W", "error")], ids=" ".join)
@pytest.mark.parametrize(
    "program", [["program.py"], ["-m", "package"], ["-m", "program"], ["own/package"]], ids=" ".join
)
def test_a_program_sees_what_it_sees_with_plain_python(folder, program, options):
    if "-P" in options and program == ["-m", "program"]:
        pytest.skip("the current folder is not on the path")
    ours, plain = both(folder, *program, "-m", "--help", "a b", options=options)
    assert plain[0] == 0, plain[1]
    assert ours == plain


@pytest.mark.parametrize("cluster", [("-Bm", "interloop"), ("-Bminterloop",), ("-B", "-minterloop")], ids=" ".join)
def test_options_of_the_interpreter_work_in_every_spelling(folder, cluster):
    assert interpreter(*cluster, "program.py", cwd=folder) == interpreter("-B", "program.py", cwd=folder)


@pytest.mark.parametrize(
    "text", ["raise SystemExit(7)", "import os; os._exit(3)", "def f():\n    1 / 0\nf()", "import nothing_there", "1 +"]
)
def test_exit_status_and_traceback_are_those_of_plain_python(folder, text):
    (folder / "program.py").write_text(text)
    ours, plain = both(folder, "program.py")
    assert plain[0] != 0
    assert ours == plain


def test_a_signal_reaches_the_program(folder):
    text = "print('here', flush=True); input()"
    command = [sys.executable, "-m", "interloop", "-c", text]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "here\n"
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize("program", [["whose.py"], ["-m", "whose"], ["-c", WHOSE]], ids=lambda program: program[0])
def test_the_originals_names_find_interloop(folder, program):
    assert interpreter("-m", "interloop", *program, cwd=folder) == (0, OURS)


@pytest.mark.parametrize(
    "first", [f"#!{sys.executable}", "#!/usr/bin/env python3", f'#!/bin/sh\nexec "{sys.executable}" "$(dirname "$0")/it.py"']
)
def test_a_program_on_path_is_found(folder, first):
    script = folder / "own" / "console-script"
    script.write_text(f"{first}\n{WHOSE}" if "python" in first.partition("\n")[0] else first)
    script.chmod(0o755)
    (folder / "own" / "it.py").write_text(WHOSE)
    environment = {**os.environ, "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}
    assert interpreter("-m", "interloop", script.name, cwd=folder, env=environment) == (0, OURS)


def test_a_program_that_does_not_exist_is_reported(folder):
    status, output = interpreter("-m", "interloop", "no-such-program", cwd=folder)
    assert (status, "'no-such-program' is neither a file nor a program on PATH" in output) == (1, True), output


@pytest.mark.parametrize("option", ["-I", "-E", "-S"])
def test_options_under_which_it_cannot_work_are_refused(folder, option):
    environment = {**os.environ, "PYTHONPATH": ""}
    status, output = interpreter(option, "-m", "interloop", "whose.py", cwd=folder, env=environment)
    if "No module named interloop" in output:
        pytest.skip("interloop itself is not found with that option")
    assert (status, "omit them, or call interloop.install()" in output) == (1, True), output


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_inherit_it(folder, method):
    (folder / "program.py").write_text(
        f"""
import multiprocessing

def whose(_):
    import txaio, crochet
    return txaio.__name__, crochet.__name__

if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(1) as pool:
        print(*pool.map(whose, [0])[0])
"""
    )
    assert interpreter("-m", "interloop", "program.py", cwd=folder) == (0, OURS)


def test_an_interpreter_that_the_program_starts_inherits_it(folder):
    text = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WHOSE!r}], check=True)"
    assert interpreter("-m", "interloop", "-m", "interloop", "-c", text, cwd=folder) == (0, OURS)


@pytest.mark.parametrize(
    "text", ["import sys; sys.marked = 'marked'", "raise ValueError('mine')", "raise ImportError('mine')", "import nothing"]
)
def test_the_users_own_sitecustomize_runs_too(folder, text):
    (folder / "own" / "sitecustomize.py").write_text(text + "\n")
    seen = "import sys; print(getattr(sys, 'marked', None), getattr(sys.modules.get('sitecustomize'), '__file__', None))"
    ours, plain = both(folder, "-c", seen)
    assert plain[0] == 0 and ("marked" in text) == plain[1].startswith("marked"), plain
    if "marked" in text:
        assert ours == plain
    else:  # it fails: Python reports that in one line and continues
        assert ours[1].splitlines()[0] == plain[1].splitlines()[0] and ours[0] == 0, ours


def test_an_interpreter_without_interloop_continues(folder):
    other = Path(sys.base_prefix, "bin", f"python3.{sys.version_info[1]}")
    has = [other, "-c", "import importlib.util as util; print(util.find_spec('interloop'))"]
    if sys.prefix == sys.base_prefix or subprocess.run(has, capture_output=True, text=True).stdout != "None\n":
        pytest.skip("each interpreter here has interloop")
    (folder / "own" / "sitecustomize.py").write_text("import sys; sys.marked = 'marked'\n")
    text = f"import subprocess; subprocess.run([{str(other)!r}, '-c', 'import sys; print(sys.marked)'], check=True)"
    environment = {**os.environ, "PYTHONPATH": str(folder / "own")}
    assert interpreter("-m", "interloop", "-c", text, cwd=folder, env=environment) == (0, "marked\n")


def test_without_a_program_it_prints_its_usage():
    for arguments in [(), ("-m",), ("--no-such-option",)]:
        status, output = interpreter("-m", "interloop", *arguments)
        assert (status, output.startswith("usage: python -m interloop PROGRAM | -m MODULE")) == (2, True), output
    status, output = interpreter("-m", "interloop", "--cmake-dir")
    assert status == 0 and Path(output.strip()).is_dir(), output
