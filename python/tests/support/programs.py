# SPDX-License-Identifier: MIT
"""Programs in interpreters of their own, for what can be done once in a process."""

import subprocess
import sys
import textwrap


def run(program, *arguments, timeout=60):
    """Runs a program; its output, both streams. AssertionError: its exit status is not 0."""
    status, output = result(program, *arguments, timeout=timeout)
    assert status == 0, output
    return output


def result(program, *arguments, timeout=60):
    """Runs a program: (exit status, output)."""
    return interpreter("-c", textwrap.dedent(program), *arguments, timeout=timeout)


def interpreter(*arguments, timeout=60, **options):
    """Runs this interpreter: (exit status, output). Options: those of subprocess.run."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        **options,
    )
    return done.returncode, done.stdout
