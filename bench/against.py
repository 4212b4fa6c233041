# SPDX-License-Identifier: MIT
"""Compares two builds of interloop, benchmark by benchmark: `run.py --against OTHER_BUILD BUILD`, or
`make bench-against REF=main~1`, which builds both.

The programs of both builds run in turn, several times; each round gives a ratio, and their median counts, because work
of the machine's that lasts longer than a round slows both. What a benchmark of interloop is compared with elsewhere, a
peer, does not run here.
"""

import re
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

Measure = Callable[[Path, str], dict[str, dict]]

# A difference that is less may be noise even on a quiet machine.
NOISE = 0.03


def ratios(program: str, folders: tuple[Path, Path], peers: set[str], measure: Measure, rounds: int) -> dict[str, list[float]]:
    """For each benchmark that both builds have: this build's time by the other's, once a round."""
    skipped = "-^(" + "|".join(map(re.escape, sorted(peers))) + ")(/manual_time)?$" if peers else "."
    found: dict[str, list[float]] = {}
    for number in range(rounds):
        order = folders if number % 2 == 0 else folders[::-1]  # the second may find warmer caches
        results = {folder: measure(folder / "bench" / program, skipped) for folder in order}
        mine, other = (results[folder] for folder in folders)
        for name in mine.keys() & other.keys():
            if mine[name]["ns"] and other[name]["ns"]:
                found.setdefault(name, []).append(mine[name]["ns"] / other[name]["ns"])
    return found


def compare(programs: list[str], folders: tuple[Path, Path], peers: dict[str, set[str]], measure: Measure, rounds: int) -> None:
    """Measures and prints the table. `folders`: this build's, and the other's."""
    table = []
    for number, program in enumerate(programs, 1):
        print(f"[{number}/{len(programs)}] {program}", file=sys.stderr, flush=True)
        found = ratios(program, folders, peers.get(program, set()), measure, rounds)
        table += [(statistics.median(each), min(each), max(each), f"{program}: {name}") for name, each in found.items()]
    if not table:
        sys.exit("run.py: the builds have no benchmark in common")
    print(f"\n{'ratio':>6}  {'lowest':>6} {'highest':>7}  benchmark (below 1: faster than in {folders[1]})")
    for ratio, lowest, highest, what in sorted(table):
        mark = "slower" if ratio > 1 + NOISE else "faster" if ratio < 1 - NOISE else ""
        print(f"{ratio:6.3f}  {lowest:6.3f} {highest:7.3f}  {what}  {mark}".rstrip())
    slower = sum(row[0] > 1 + NOISE for row in table)
    print(f"\n{len(table)} benchmarks, {slower} slower by more than {NOISE:.0%}, {rounds} rounds")
