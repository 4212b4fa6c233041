#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows how what operations cost grows with their number: one timer to ten million, and so on (bench/scale.cpp).

Usage: scale.py BUILD_FOLDER [PLOT.svg [PAGE.md]], in a Python that has matplotlib. Prints a table and writes
BUILD_FOLDER/../bench/scale.json, and the plot, by default scale.svg beside it. PAGE, in the plot's folder, is made to show
it, between its lines `plots: begin` and `plots: end`. Takes some minutes, and 2 GB of memory for ten million futures.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import matplotlib

# What is drawn together: title, horizontal axis, pattern of the benchmarks' names (its group is a line's name).
PANELS = (
    ("Timers and futures, one loop", "how many at once", r"(timers_\w+|futures)"),
    ("A byte over a watched socketpair", "descriptors watched and quiet besides", r"watches<(\w+)>"),
    ("Posting to one loop, until run", "threads that post", r"posting<(\w+)>"),
    ("Futures on a loop each, two processors", "threads with a loop each", r"loops<(\w+)>"),
)

Line = dict[int, float]  # nanoseconds for each, by how many there are


def measure(program: Path) -> dict[str, Line]:
    """One program for each benchmark, so that what one has left behind does not slow the next one."""
    command = [program, "--benchmark_list_tests=true"]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")
    names = [name for name in listed if name]
    lines: dict[str, Line] = defaultdict(dict)
    for number, name in enumerate(names, 1):
        print(f"[{number}/{len(names)}] {name}", file=sys.stderr, flush=True)
        chosen = f"--benchmark_filter=^{re.escape(name)}$"
        command = [program, "--benchmark_format=json", "--benchmark_min_time=0.2", "--benchmark_repetitions=3", chosen]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        for each in json.loads(output)["benchmarks"]:
            if each.get("run_type") != "aggregate" and not each.get("error_occurred"):
                what, count = each["run_name"].removesuffix("/real_time").split("/")
                took = 1e9 / each["items_per_second"]
                lines[what][int(count)] = min(took, lines[what].get(int(count), took))
    return lines


def show(lines: dict[str, Line]) -> None:
    for title, across, pattern in PANELS:
        shown = {match[1]: line for what, line in lines.items() if (match := re.fullmatch(pattern, what))}
        counts = sorted({count for line in shown.values() for count in line})
        print(f"\n{title}: ns for each, by {across}\n{'':20}" + "".join(f"{count:>11,}" for count in counts))
        for name, line in shown.items():
            print(f"{name:20}" + "".join(f"{line[count]:11.1f}" if count in line else f"{'':11}" for count in counts))


def draw(lines: dict[str, Line], path: Path) -> None:
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "interloop"  # the same figures give the same file
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, 2, figsize=(11, 8), layout="constrained")
    for axes, (title, across, pattern) in zip(panels.flat, PANELS):
        for what, line in lines.items():
            if match := re.fullmatch(pattern, what):
                axes.plot(*zip(*sorted(line.items())), marker="o", markersize=3, linewidth=1.2, label=match[1].replace("_", " "))
        shown = [y for drawn in axes.lines for y in drawn.get_ydata()]
        if shown and max(shown) > 100 * min(shown):  # a native loop may look at each descriptor
            axes.set_yscale("log")
        else:
            axes.set_ylim(0, None)
        axes.set(title=title, xlabel=across, ylabel="ns for each", xscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(path, metadata={"Date": None})


def show_on(page: Path, plot: Path) -> None:
    words = ("How costs grow with the number of timers, futures, descriptors and threads, measured by `bench/scale.py`. A\n"
             "native loop that asks `poll()` about all descriptors in each turn is slower the more of them are watched:\n\n"
             f"![Nanoseconds for each operation, by how many there are]({plot.name})")
    shown, places = re.subn(r"(<!-- plots: begin -->\n).*?(?=<!-- plots: end -->)", rf"\g<1>{words}\n", page.read_text(), flags=re.S)
    if not places:
        sys.exit(f"{page}: has no line '<!-- plots: begin -->'")
    page.write_text(shown)


def main() -> None:
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    build = Path(sys.argv[1])
    raw = build.parent / "bench" / "scale.json"
    raw.parent.mkdir(parents=True, exist_ok=True)
    lines = measure((build / "bench" / "scale").resolve())
    raw.write_text(json.dumps(lines, indent=1))
    show(lines)
    plot = Path(sys.argv[2]) if len(sys.argv) > 2 else raw.with_suffix(".svg")
    draw(lines, plot)
    if len(sys.argv) > 3:
        show_on(Path(sys.argv[3]), plot)
    print(f"written: {raw}, {plot}")


if __name__ == "__main__":
    main()
