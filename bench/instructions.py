#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions that the operations of bench/timers take, with callgrind: the same on a busy machine as on a quiet one.

Usage: instructions.py BUILD_FOLDER [COUNT]      COUNT: 10000 (default), 100000 or 1000000 timers

Needs valgrind. Counts one iteration of each benchmark, and in it only what the benchmark measures.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OPERATIONS = ["schedule", "cancel", "move", "postpone", "fire"]


def kinds(program: Path) -> list[str]:
    """What the program measures: interloop's, then the peers'."""
    output = subprocess.run([program, "--benchmark_list_tests=true"], check=True, capture_output=True, text=True).stdout
    found = dict.fromkeys(re.findall(r"^timers<(\w+), ", output, re.MULTILINE))
    return sorted((kind for kind in found if not kind.endswith("_due")), key=lambda kind: "_timer" in kind)


def instructions(program: Path, kind: str, operation: str, count: int) -> float | None:
    """Of one operation, or None if there is no such benchmark."""
    for name in (kind, f"{kind}_due"):
        benchmark = f"timers<{name}, timed::{operation}>/{count}/manual_time"
        with tempfile.TemporaryDirectory() as folder:
            command = ["valgrind", "--tool=callgrind", "--toggle-collect=*bench::measured*"]
            command += [f"--callgrind-out-file={folder}/out", program, "--benchmark_min_time=0"]
            done = subprocess.run([*command, f"--benchmark_filter=^{benchmark}$"], capture_output=True, text=True)
        if found := re.search(r"Collected : (\d+)", done.stderr):
            if re.search(rf"^{re.escape(benchmark)} .* 1 items", done.stdout, re.MULTILINE) and int(found[1]):
                return int(found[1]) / count
    return None


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        sys.exit("instructions.py: valgrind is not installed")
    program = (Path(sys.argv[1]) / "bench" / "timers").resolve()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    print(f"instructions for each, among {count:,}")
    print(f"{'':20}" + "".join(f"{operation:>10}" for operation in OPERATIONS))
    for kind in kinds(program):
        print(f"{kind:20}", end="", flush=True)
        for operation in OPERATIONS:
            each = instructions(program, kind, operation, count)
            print(f"{each:10.0f}" if each else f"{'':10}", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
