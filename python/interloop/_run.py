# SPDX-License-Identifier: MIT
"""Implements ``python -m interloop PROGRAM``: the process becomes that program, with ``_site`` on PYTHONPATH.

The interpreter starts anew, so the program finds everything as with plain Python, and processes that it starts inherit
the environment.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

_SITE = str(Path(__file__).resolve().parent / "_site")


def _interpreter_options(arguments: int) -> list[str]:
    """The options of Python itself, before ``-m interloop`` and that many arguments of ours."""
    options = sys.orig_argv[1 : len(sys.orig_argv) - arguments]
    module = options.pop() if options else ""
    if module == "interloop" and options:
        module = options.pop() + module
    rest = module.removesuffix("minterloop")  # several options in one argument, -Xm say
    return options if rest in ("", "-") else [*options, rest]


def _environment() -> dict[str, str]:
    others = os.environ.get("PYTHONPATH", "")
    if others.split(os.pathsep)[0] == _SITE:
        return dict(os.environ)
    return os.environ | {"PYTHONPATH": os.pathsep.join([_SITE, others] if others else [_SITE])}


def _is_python(path: str) -> bool:
    with open(path, "rb") as file:
        first = file.readline(1000)
    return first.startswith(b"#!") and b"python" in first


def run(arguments: list[str]) -> NoReturn:
    """Becomes a program: an existing file, ``-m MODULE``, ``-c CODE``, or otherwise a command on PATH.

    A Python script on PATH is run by this interpreter, anything else as it is. SystemExit if Python's options disable
    environment variables, or if there is no such program.
    """
    if sys.flags.ignore_environment or sys.flags.no_site:
        sys.exit(
            "python -m interloop: Python's options -I, -E and -S prevent interloop from being installed; omit them, or "
            "call interloop.install() at the beginning of the program"
        )
    options = _interpreter_options(len(arguments))
    if arguments[0] not in ("-m", "-c") and not os.path.exists(arguments[0]):
        found = shutil.which(arguments[0])
        if found is None:
            sys.exit(
                f"python -m interloop: {arguments[0]!r} is neither a file nor a program on PATH; "
                "to run a module, use -m NAME"
            )
        if not _is_python(found):
            os.execve(found, [found, *arguments[1:]], _environment())
        arguments = [found, *arguments[1:]]
    os.execve(sys.executable, [sys.executable, *options, *arguments], _environment())
