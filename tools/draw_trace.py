#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws a file that start_trace() wrote, for documentation: threads, coroutines, and what queued what.

Usage: draw_trace.py TRACE.json PICTURE.svg

Every slice gets the same width, whatever time it took, because idle times would hide everything else: the picture shows
the order. docs/trace.svg is drawn from what build/dev/examples/guide/guide_trace writes.
"""

import json
import sys
from html import escape
from pathlib import Path

ROW = 22  # the height of a track
STEP = 26  # the width of a moment
LEFT = 150
COLOURS = {
    "turn": "#d9d9d9",
    "callback": "#3b7dd8",
    "future": "#6a51a3",
    "coroutine": "#2f9e5b",
    "post": "#d8743b",
    "timer": "#b8860b",
    "watch": "#a63d6c",
}


def short(name: str) -> str:
    """A coroutine's name without its parameters."""
    return name.removeprefix("coroutine ").split("(")[0]


def draw(document: dict) -> str:
    events = document["traceEvents"]
    names = {each["tid"]: each["args"]["name"] for each in events if each["ph"] == "M"}
    slices = [each for each in events if each["ph"] == "X"]
    begins = {each["id"]: each for each in events if each["ph"] == "b"}
    ends = {each["id"]: each for each in events if each["ph"] == "e"}
    flows = {each["id"]: [each] for each in events if each["ph"] == "s"}
    for each in events:
        if each["ph"] == "f":
            flows[each["id"]].append(each)

    moments = {each["ts"] for each in events if each["ph"] != "M"} | {each["ts"] + each["dur"] for each in slices}
    column = {time: index for index, time in enumerate(sorted(moments))}

    def x(time: float) -> float:
        return LEFT + STEP * column[min(column, key=lambda each: abs(each - time))]

    threads = sorted({each["tid"] for each in slices}, key=lambda tid: (tid not in names, tid))
    row_of = {tid: index * 2 for index, tid in enumerate(threads)}  # turns above what they call
    shapes, labels = [], []

    def box(left: float, right: float, row: float, colour: str, title: str) -> None:
        shapes.append(
            f'<rect x="{left:.0f}" y="{row * ROW + 14:.0f}" width="{max(right - left, 6):.0f}" height="{ROW - 6}" '
            f'rx="2" fill="{colour}"><title>{escape(title)}</title></rect>'
        )

    def label(text: str, row: float) -> None:
        labels.append(f'<text x="8" y="{row * ROW + 26:.0f}">{escape(text)}</text>')

    for tid in threads:
        label(names.get(tid, "another thread"), row_of[tid])
    for each in slices:
        row = row_of[each["tid"]] + (each["cat"] != "turn")
        box(x(each["ts"]), x(each["ts"] + each["dur"]), row, COLOURS[each["cat"]], each["name"])
    rows = 2 * len(threads)
    for number, begin in begins.items():
        label(short(begin["name"]), rows)
        box(x(begin["ts"]), x(ends[number]["ts"]), rows, "#bfe3cd", begin["name"])
        rows += 1
    for source, target in flows.values():
        from_x, to_x = x(source["ts"]) + 3, x(target["ts"]) + 1
        from_y = (row_of[source["tid"]] + 1) * ROW + ROW + 6
        to_y = (row_of[target["tid"]] + 1) * ROW + ROW + 6
        low = max(from_y, to_y) + 9
        shapes.append(
            f'<path d="M{from_x:.0f} {from_y} C{from_x:.0f} {low} {to_x:.0f} {low} {to_x:.0f} {to_y}" fill="none" '
            f'stroke="#333" marker-end="url(#arrow)"/>'
        )
    used = [each for each in COLOURS if any(each == one["cat"] for one in slices)]
    for index, each in enumerate(used):
        left = LEFT + index * 100
        box(left, left + 12, rows + 0.6, COLOURS[each], each)
        labels.append(f'<text x="{left + 18}" y="{(rows + 0.6) * ROW + 26:.0f}">{each}</text>')
    width, height = LEFT + STEP * len(column) + 20, round((rows + 2) * ROW + 10)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12">\n'
        '<marker id="arrow" markerWidth="6" markerHeight="6" refX="4" refY="3" orient="auto">'
        '<path d="M0 0 L6 3 L0 6 z"/></marker>\n'
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(shapes + labels) + "\n</svg>\n"
    )


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(draw(json.loads(Path(sys.argv[1]).read_text())))
