# SPDX-License-Identifier: MIT
"""Programs in separate interpreters, for things that can be done only once per process."""

import subprocess
import sys
import textwrap


def run(program, *arguments, timeout=60):
    """Runs a program; returns its output, both streams. AssertionError if its exit status is not 0."""
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
