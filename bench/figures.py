#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes measured figures into the documentation's tables: all of a table from one run of bench/run.py or bench/python/run.py.

Usage: figures.py RESULTS.json [python.json], or figures.py --check, which only looks whether each table of bench/figures.md
stands in its document, with whatever figures. Tables of programs that were not run stay as they are. To change a table's
words, change both.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "bench" / "figures.md"
FIGURE = re.compile(r"\{(\w+): (.+?)(?: (µs|\.\w+))?\}")


def tables() -> list[tuple[Path, list[str]]]:
    """Each document with the lines of one table of it, in which `{…}` stand for figures."""
    sections = re.split(r"^## ", TABLES.read_text(), flags=re.MULTILINE)[1:]
    return [(ROOT / lines[0], lines[1:]) for lines in (section.strip().split("\n") for section in sections)]


def pattern(table: list[str]) -> re.Pattern[str]:
    """What the table looks like in its document."""
    words = FIGURE.sub("\0", "\n".join(table)).split("\0")
    return re.compile(r"[\d.,]+".join(map(re.escape, words)))


def text(nanoseconds: float) -> str:
    """As many digits as mean something: two, and three of what is 100 or more."""
    if nanoseconds < 10:
        return f"{nanoseconds:.2g}" if nanoseconds < 1 else f"{nanoseconds:.1f}"
    digits = len(str(round(nanoseconds)))
    return f"{round(nanoseconds, min(0, 3 - digits)):,.0f}"


def measured(file: str) -> dict[str, dict]:
    """The results of either run.py, by program and benchmark."""
    content = json.loads(Path(file).read_text())
    if "results" in content:
        return content["results"]
    python = {}
    for each in content["table"]:
        made = {"ns": each["interloop"] * 1e9, "faster": each["peer"] / each["interloop"], "original_µs": each["peer"] * 1e6}
        if each["bare"]:
            made |= {"of_bare": each["interloop"] / each["bare"], "bare_µs": each["bare"] * 1e6}
        python[each["what"]] = made
    return {"python": python}


def filled(table: list[str], results: dict[str, dict]) -> str:
    def figure(match: re.Match[str]) -> str:
        program, name, unit = match.groups()
        if name not in results.get(program, {}):
            sys.exit(f"figures.py: {program}: {name} was not measured; see bench/run.py")
        found = results[program][name]
        if unit and unit.startswith("."):
            return text(found[unit[1:]])
        return text(found["ns"] / (1000 if unit else 1))

    return FIGURE.sub(figure, "\n".join(table))


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    missing = [path for path, table in tables() if not pattern(table).search(path.read_text())]
    for path in missing:
        print(f"figures.py: {path.relative_to(ROOT)} has no table like that in {TABLES.relative_to(ROOT)}")
    if missing:
        sys.exit(1)
    if sys.argv[1] == "--check":
        print(f"figures: {len(tables())} tables of figures, each in its document")
        return
    results = {}
    for file in sys.argv[1:]:
        results |= measured(file)
    new = {}
    for path, table in tables():
        if left := {program for program, *_ in FIGURE.findall("\n".join(table))} - results.keys():
            print(f"left as it is: a table of {path.relative_to(ROOT)}, which needs {', '.join(sorted(left))}")
            continue
        words = filled(table, results)
        new[path] = pattern(table).sub(lambda _: words, new.get(path) or path.read_text(), count=1)
    for path, content in new.items():  # all were measured, so all are written
        path.write_text(content)
        print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
