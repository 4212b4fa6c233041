#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the Python benchmarks in build/venv, compares interloop with the originals and bare frameworks, and draws it.

Usage: run.py [--framework NAME]... [--only PROGRAM]... [--rounds N]      (or: make bench)

Everything takes its turn in each round, and the median of the rounds counts, so that a temporary load on the machine
affects one side of a comparison in one round only. Writes build/bench/: python.json, and python.svg if matplotlib is
found. Exits with 0 even if a figure falls short: it measures, it does not judge.
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
sys.path.insert(0, str(HERE.parent))
from plot import VENV, written  # noqa: E402

FOLDER = VENV.parents[2] / "bench"
FRAMEWORKS = ["asyncio", "uvloop", "twisted"]
WITH_PYPERF = ["futures", "timers", "logger"]
PROGRAMS = [*WITH_PYPERF, "lines", "blocking", "bridge", "process"]
# Of interloop: times faster than the original, at least; times the bare framework, at most. For the bridge, which has no
# original, that is an extension written by hand.
REQUIRED = {
    "create_future": (1.0, 1.3),
    "as_future": (1.0, 1.3),
    "resolve": (1.3, 1.1),
    "uvloop resolve": (1.6, 1.1),
    "error": (1.3, 1.3),
    "gather_1000": (1.5, None),
    "batched_call_later": (8.0, None),
    "batched_cancel": (300.0, None),
    "batched_call_later_60s": (2.0, None),
    "batched_cancel_60": (3.0, None),
    "disabled": (1.0, 1.2),
    "enabled": (1.0, None),
    "written": (0.9, None),
    "wait_for": (1.0, 1 / 1.2),
    "bridge_back": (5.0, None),
    "bridge_back_100": (5.0, None),
    "bridge_loop": (1.0, None),
    "bridge_loop_100": (1.0, None),
    "bridge_thread": (1.0, None),
    "bridge_thread_100": (1.0, None),
    "import": (1.0, None),
}
CELLS = ["create_future", "as_future", "resolve", "error"]  # their median counts as well
MEDIAN = 1.5
LATER_EXIT = 0.020  # seconds later than with the bare reactor thread


def with_pyperf(program, framework):
    """((framework, what), side, seconds) for each of a program's benchmarks."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.json"
        command = [VENV, HERE / f"{program}.py", "--framework", framework, "-q", "-o", file]
        command += ["--inherit-environ", "PYTHONPATH"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        suite = json.loads(file.read_text())
    for each in suite["benchmarks"]:
        _, what, side = (each.get("metadata") or suite["metadata"])["name"].split()
        yield (framework, what), side, min(value for run in each["runs"] for value in run.get("values", []))


def output(program, *arguments):
    done = subprocess.run([VENV, HERE / f"{program}.py", *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def lines(frameworks):
    for framework in frameworks:
        for side in ("original", "interloop", "bare"):
            yield (framework, "written"), side, output("lines", side, framework)


def blocking():
    original, bare = output("blocking", "original"), output("blocking", "bare")
    for framework in FRAMEWORKS:
        yield (framework, "wait_for"), "original", original
        yield (framework, "wait_for"), "bare", bare
        yield (framework, "wait_for"), "interloop", output("blocking", "interloop" if framework == "twisted" else framework)


def bridge(frameworks):
    for framework in frameworks:
        for name, side in (("by_hand", "original"), ("interloop", "interloop"), ("bare", "bare")):
            for what, seconds in output("bridge", name, framework).items():
                yield (framework, what), side, seconds


def process():
    for what, sides in output("process").items():
        for side, seconds in sides.items():
            yield ("", what), side, seconds


def one_round(frameworks, programs):
    for framework in frameworks:
        for program in [each for each in WITH_PYPERF if each in programs]:
            print(f"  {framework} {program}", file=sys.stderr, flush=True)
            yield from with_pyperf(program, framework)
    if "lines" in programs:
        print("  lines", file=sys.stderr, flush=True)
        yield from lines([each for each in frameworks if each != "uvloop"])  # uvloop logs through asyncio
    if "bridge" in programs:
        print("  bridge", file=sys.stderr, flush=True)
        yield from bridge([each for each in frameworks if each != "twisted"])
    for program in [each for each in (blocking, process) if each.__name__ in programs]:
        print(f"  {program.__name__}", file=sys.stderr, flush=True)
        yield from program()


def row(framework, what, times):
    """A line of the table, as bench/plot.py expects it."""
    made = {"what": f"{framework} {what}".strip(), "interloop": times["interloop"], "peer": times["original"]}
    made |= {"bare": times.get("bare"), "short": []}
    if what == "exit":
        if times["interloop"] > times["bare"] + LATER_EXIT:
            made["short"].append(f"{LATER_EXIT * 1e3:g} ms after bare")
    else:
        at_least, of_bare = REQUIRED.get(f"{framework} {what}") or REQUIRED[what]
        if times["original"] < at_least * times["interloop"]:
            made["short"].append(f"{at_least:g} times faster")
        if of_bare and times["interloop"] > of_bare * times["bare"]:
            made["short"].append(f"{of_bare:.2g} of bare")
    return made | {"met": not made["short"]}


def _time(seconds):
    for unit, scale in (("ns", 1e9), ("us", 1e6), ("ms", 1e3)):
        if seconds * scale < 10_000:
            return f"{seconds * scale:7.5g} {unit}"
    return f"{seconds:7.3g} s "


def show(table):
    print(f"{'':27} {'original':>10} {'interloop':>10} {'bare':>10} {'faster':>9} {'of bare':>8}")
    for each in table:
        bare = each["bare"]
        line = f"{each['what']:27} {_time(each['peer'])} {_time(each['interloop'])} {_time(bare) if bare else '':10} "
        line += f"{each['peer'] / each['interloop']:9.2f} " + (f"{each['interloop'] / bare:8.2f}" if bare else " " * 8)
        print(line + ("" if each["met"] else "   FALLS SHORT: wanted " + ", ".join(each["short"])))
    cells = [each["peer"] / each["interloop"] for each in table if each["what"].split()[-1] in CELLS]
    if cells:
        print(f"futures: {statistics.median(cells):.2f} times faster in the median cell (wanted {MEDIAN}), least {min(cells):.2f}")
    print(f"{sum(each['met'] for each in table)} of {len(table)} as required")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", action="append", choices=FRAMEWORKS)
    parser.add_argument("--only", action="append", choices=PROGRAMS)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    if not VENV.exists():
        sys.exit("build/venv does not exist; run make python")
    os.environ.setdefault("PYTHONHASHSEED", "0")
    if "bridge" in (args.only or PROGRAMS):
        subprocess.run([VENV, HERE / "bridge.py", "--build"], check=True)
    measured = {}
    for number in range(1, args.rounds + 1):
        print(f"[round {number}/{args.rounds}]", file=sys.stderr, flush=True)
        for key, side, seconds in one_round(args.framework or FRAMEWORKS, args.only or PROGRAMS):
            measured.setdefault(key, {}).setdefault(side, []).append(seconds)
    table = [
        row(*key, {side: statistics.median(times) for side, times in sides.items()}) for key, sides in measured.items()
    ]
    show(table)
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = FOLDER / "python.json"
    results.write_text(json.dumps({"table": table}, indent=1))
    print(written(results, results.with_suffix(".svg")))


if __name__ == "__main__":
    main()
