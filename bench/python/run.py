#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the Python benchmarks in build/venv and prints a table: the original, interloop, the bare framework.

Usage: run.py [--framework NAME]... [--only PROGRAM]...      (or: make bench)
Ends with 0 also where a figure falls short; it measures, it does not judge.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parents[1] / "build" / "venv" / "bin" / "python"
FRAMEWORKS = ["asyncio", "uvloop", "twisted"]
ROUNDS = 3  # something else that the machine does for a while then meets one side of a comparison in one of them only
PROGRAMS = ["futures", "timers", "logger", "blocking", "process"]
REQUIRED = {  # of interloop: at least so many times faster than the original; at most so many times the bare framework
    "create_future": (1.0, 1.3),
    "as_future": (1.0, 1.3),
    "resolve": (1.0, 1.3),
    "error": (1.0, 1.3),
    "gather_1000": (1.5, None),
    "batched_call_later": (8.0, None),
    "batched_cancel": (300.0, None),
    "disabled": (1.0, 1.2),
    "enabled": (1.0, None),
}


def benchmark(program, framework):
    """{what: {side: seconds}}: the fastest value of each, of rounds in which all sides take turns."""
    found = {}
    for _ in range(ROUNDS):
        for name, values in measured(program, framework):
            _, what, side = name.split()
            times = found.setdefault(what, {})
            times[side] = min(times.get(side, float("inf")), *values)
    return found


def measured(program, framework):
    """Runs a program once. (name, seconds) of each of its benchmarks."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.json"
        command = [PYTHON, HERE / f"{program}.py", "--framework", framework, "-q", "-o", file]
        command += ["--inherit-environ", "PYTHONPATH"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        suite = json.loads(file.read_text())
    for each in suite["benchmarks"]:
        metadata = each.get("metadata") or suite["metadata"]
        yield metadata["name"], [value for run in each["runs"] for value in run.get("values", [])]


def row(framework, what, times, required):
    at_least, at_most = required
    ratio = times["original"] / times["interloop"]
    falls_short = [] if ratio >= at_least else [f"wanted {at_least:g} times"]
    text = f"{framework:8} {what:20} {_time(times['original'])} {_time(times['interloop'])} "
    text += _time(times["bare"]) if "bare" in times else " " * 9
    text += f" {ratio:8.2f} x"
    if "bare" in times and at_most:
        of_bare = times["interloop"] / times["bare"]
        text += f" {of_bare:6.2f} of bare"
        if of_bare > at_most:
            falls_short.append(f"wanted {at_most:g} of bare")
    return text + ("   FALLS SHORT: " + ", ".join(falls_short) if falls_short else ""), ratio


def _time(seconds):
    for unit, scale in (("ns", 1e9), ("us", 1e6), ("ms", 1e3)):
        if seconds * scale < 10_000:
            return f"{seconds * scale:7.5g} {unit}"
    return f"{seconds:7.3g} s "


def blocking():
    times = {}
    for side in ("bare", "original", "interloop", "asyncio", "uvloop"):
        done = subprocess.run([PYTHON, HERE / "blocking.py", side], check=True, capture_output=True, text=True)
        times[side] = float(done.stdout)
    print("wait_for, there and back, one processor (bare: callFromThread and threading.Event):")
    for side, seconds in times.items():
        print(f"  {side:10} {seconds * 1e6:8.1f} us   {times['bare'] / seconds:5.2f} times the bare calls a second")


def process():
    done = subprocess.run([PYTHON, HERE / "process.py"], check=True, capture_output=True, text=True)
    times = json.loads(done.stdout)
    for what, sides in times.items():
        print(f"{what}: " + ", ".join(f"{side} {seconds * 1e3:.1f} ms" for side, seconds in sides.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", action="append", choices=FRAMEWORKS)
    parser.add_argument("--only", action="append", choices=PROGRAMS)
    args = parser.parse_args()
    if not PYTHON.exists():
        sys.exit("no build/venv: make python")
    os.environ.setdefault("PYTHONHASHSEED", "0")
    programs = args.only or PROGRAMS
    cells = []
    print(f"{'':8} {'':20} {'original':>10} {'interloop':>10} {'bare':>10} {'faster':>7}")
    for framework in args.framework or FRAMEWORKS:
        for program in [each for each in programs if each in ("futures", "timers", "logger")]:
            for what, times in benchmark(program, framework).items():
                text, ratio = row(framework, what, times, REQUIRED[what])
                print(text, flush=True)
                if what in ("create_future", "as_future", "resolve", "error"):
                    cells.append(ratio)
    if cells:
        print(f"futures: {statistics.median(cells):.2f} times faster in the median cell (wanted 1.5), least {min(cells):.2f}")
    if "blocking" in programs:
        blocking()
    if "process" in programs:
        process()


if __name__ == "__main__":
    main()
