# SPDX-License-Identifier: MIT
"""gdb's printers and commands, in batch mode. Usage: gdb_test.py PROGRAM SCRIPT"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM, SCRIPT = sys.argv[1:]
SKIPPED = 77


def gdb(*commands: str, program: tuple[str, ...] = (PROGRAM,)) -> str:
    """The output of gdb for these commands."""
    arguments = ["gdb", "-nx", "-batch", "-ex", f"source {SCRIPT}"]
    for each in commands:
        arguments += ["-ex", each]
    done = subprocess.run([*arguments, *program], capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


def expect(text: str, *patterns: str) -> None:
    for pattern in patterns:
        if not re.search(pattern, text, re.MULTILINE):
            sys.exit(f"expected {pattern!r} in:\n{text}")


if not shutil.which("gdb"):
    print("gdb is not installed")
    sys.exit(SKIPPED)

STOP = ("set debuginfod enabled off", "break stop_here", "run", "up")
output = gdb(*STOP, "print pending", "print resolved", "print why", "print later", "print calls", "print empty",
             "interloop ps", "interloop bt", "interloop bt waiting")
if "not being run" in output or "Operation not permitted" in output:
    print("gdb may not run programs here:\n" + output)
    sys.exit(SKIPPED)
stack = (r"^#0  future made at printed\.cpp:\d+\n"
         r"#1  coroutine .*inner \(printed\.cpp:\d+\), awaits at printed\.cpp:\d+\n"
         r"#2  coroutine .*outer \(printed\.cpp:\d+\), awaits at printed\.cpp:\d+$")
expect(output,
       r"^\$1 = pending future, made at printed\.cpp:\d+$",
       r"^\$2 = value future, made at printed\.cpp:\d+$",
       r"^\$3 = failure: std::runtime_error, printed\.cpp:\d+$",
       r"^\$4 = timer at \d+\.\d+ s on the loop's clock$",
       r"^\$5 = function that calls void \(\*\)\(\)$",
       r"^\$6 = empty function$",
       r"^loop manual at 0x[0-9a-f]+, between turns$",
       r"^  coroutine .*outer \(printed\.cpp:\d+\), awaits at printed\.cpp:\d+$",
       r"^  timer due 3\.000 s after the loop last looked: main.*lambda.* made at printed\.cpp:\d+$",
       r"^  timer due 4\.000 s after the loop last looked: .*main.*lambda.* made at printed\.cpp:\d+$",
       r"^  watch of descriptor \d+ for reading: main.*lambda.* made at printed\.cpp:\d+$",
       r"^  hold made at printed\.cpp:\d+$",
       r"^  queued: callbacks of a future made at printed\.cpp:\d+$",
       r"^  queued: main.*lambda.* made at printed\.cpp:\d+$",
       r"^  queued: .*main.*lambda\(int\).* made at printed\.cpp:\d+$",
       r"^  queued: void \(\*\)\(\) made at printed\.cpp:\d+$",
       stack + r"\n" + stack)

# The same in a core file.
with tempfile.TemporaryDirectory() as folder:
    core = Path(folder) / "core"
    expect(gdb(*STOP, f"generate-core-file {core}"), "Saved corefile")
    expect(gdb("interloop bt", program=(PROGRAM, str(core))), stack)

# Before the program runs there is nothing.
expect(gdb("interloop ps"), r"^(Error .*|.*start it first.*)?$")
