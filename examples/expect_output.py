# SPDX-License-Identifier: MIT
"""Runs a program and compares its standard output with a file; prints the difference.

Usage: expect_output.py [--update] EXPECTED PROGRAM [ARGUMENT...]

Some parts of the output are not compared: in tracebacks, the spelling of function names, the line of a coroutine and
addresses, because compilers differ; in logs, the time; and lists of the loops that were built. With --update, the file
is written instead.
"""

import difflib
import re
import subprocess
import sys
from pathlib import Path

FUNCTION = re.compile(r"( at \S+:\d+) in .*")
TIME = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{4} ", re.MULTILINE)
CALLER = re.compile(r"(    called from )\S+\+0x[0-9a-f]+( in .*)?")
SELECTORS = re.compile(r"use_\w+\(\)(?:, use_\w+\(\))*")
COROUTINE = re.compile(r"((?:raised|created) at \S+):\d+")


def comparable(text: str) -> list[str]:
    text = TIME.sub("2016-01-21T01:02:03-0100 ", text)
    text = SELECTORS.sub("use_loop()", text)
    text = CALLER.sub(r"\1program+0x1\2", text)
    return COROUTINE.sub(r"\1", FUNCTION.sub(r"\1", text)).splitlines(keepends=True)


def main(arguments: list[str]) -> int:
    update = arguments[:1] == ["--update"]
    expected, *command = arguments[update:]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if ran.returncode != 0:
        print(f"{command[0]} ended with {ran.returncode}; its output was:\n{ran.stdout}")
        return 1
    if update:
        Path(expected).write_text(ran.stdout)
        return 0
    wanted = Path(expected).read_text()
    difference = list(difflib.unified_diff(comparable(wanted), comparable(ran.stdout), expected, "output"))
    sys.stdout.writelines(difference)
    return bool(difference)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
