# SPDX-License-Identifier: MIT
"""Checks what must hold for every file: one licence line, nothing unfinished, and a short README.

Usage: check_files.py [PROJECT]
"""

import re
import subprocess
import sys
from pathlib import Path

SPDX = "SPDX-License-Identifier: "
LICENCE = SPDX + "MIT"
SOURCES = {".hpp", ".h", ".cpp", ".cc", ".c", ".py", ".pyi", ".sh", ".cmake"}
SOURCE_NAMES = {"CMakeLists.txt", "Makefile"}
README_LINES = 200
# Assembled from parts, so that this file does not report itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")


def files(root: Path) -> list[Path]:
    """The files of the project as git sees them: tracked, or new and not ignored."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return [root / name for name in names if name and (root / name).is_file()]


def check_file(path: Path, text: str) -> list[str]:
    """Returns the problems of one file."""
    problems = []
    lines = text.splitlines()
    if path.suffix in SOURCES or path.name in SOURCE_NAMES:
        if sum(SPDX in line for line in lines[:3]) != 1 or not any(LICENCE in line for line in lines[:3]):
            problems.append(f"{path}:1: one of the first three lines must be '{LICENCE}', once")
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            problems.append(f"{path}:{number}: unfinished: {line.strip()}")
    if path.name == "README.md" and len(lines) >= README_LINES:
        problems.append(f"{path}: {len(lines)} lines; a README has fewer than {README_LINES}, the rest goes to docs/")
    return problems


def check(root: Path) -> list[str]:
    """Returns the problems of the project at `root`."""
    problems = []
    for path in files(root):
        try:
            problems += check_file(path, path.read_text())
        except UnicodeDecodeError:
            continue  # not text
    return problems


if __name__ == "__main__":
    found = check(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(found) if found else "check_files: licence lines are there, nothing is unfinished")
    sys.exit(bool(found))
