#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the results of a benchmark: how many times less interloop takes than its peer, one bar per row.

Usage: plot.py RESULTS.json PLOT.svg, in a Python that has matplotlib.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

VENV = Path(__file__).resolve().parent.parent / "build" / "venv" / "bin" / "python"


def draw(table: list[dict], path: Path) -> None:
    """Rows of `what`, `interloop`, `peer` and `met`, on a logarithmic scale."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [each for each in table if each["interloop"] > 0 and each["peer"] > 0][::-1]
    figure, axes = pyplot.subplots(figsize=(10, 1 + 0.22 * len(rows)))
    times = [each["peer"] / each["interloop"] for each in rows]
    axes.barh(
        [each["what"] for each in rows],
        [math.log2(each) for each in times],
        color=["#3b7dd8" if each["met"] else "#d8743b" for each in rows],
    )
    low, high = math.floor(math.log2(min(times))), math.ceil(math.log2(max(times)))
    ticks = range(low, high + 1, 1 + (high - low) // 12)
    axes.set_xticks(ticks, [f"{2.0**n:g}" for n in ticks])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xlabel("times the peer's cost is interloop's (right: interloop costs less; orange: short of what is required)")
    figure.savefig(path, bbox_inches="tight")


def written(results: Path, plot: Path) -> str:
    """Draws with the first Python that can, this one or build/venv's. Returns a line that says what was written."""
    for python in (Path(sys.executable), VENV):
        command = [python, __file__, results, plot]
        if python.exists() and subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return f"written: {results}, {plot}"
    return f"written: {results}; no plot, because matplotlib is not installed (make setup)"


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text())["table"], Path(sys.argv[2]))
