#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What does a header cost each file that includes it? CPU time of the compiler, compared with well-known headers.

Usage: headers.py [--rounds N] [--compiler CXX]      (or: make bench)

Compiles a file that includes one header and nothing else, all headers in turn, in N rounds (9), so that other load on
the machine affects each alike, and takes medians. Skips headers that are not installed. Exits with 0 even if a figure
falls short.
"""

import argparse
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CHRONO, IO_CONTEXT = "chrono", "asio/io_context.hpp"
# Header, its pkg-config module or an option, the header it is compared with, and the most times that it may cost.
HEADERS = (
    (CHRONO, "", "", 0.0),
    ("functional", "", "", 0.0),
    ("memory", "", "", 0.0),
    ("interloop/interloop.hpp", "", CHRONO, 1.5),
    ("interloop/loop.hpp", "", "", 0.0),
    ("interloop/blocking.hpp", "", "", 0.0),
    ("interloop/logger.hpp", "fmt", CHRONO, 1.7),
    ("interloop/adapters/libuv.hpp", "", CHRONO, 1.2),
    ("interloop/adapters/glib.hpp", "", CHRONO, 1.2),
    (IO_CONTEXT, "", "", 0.0),
    ("interloop/adapters/asio.hpp", "", IO_CONTEXT, 1.2),
    ("asio.hpp", "", "", 0.0),
    ("boost/asio.hpp", "-includeutility", "", 0.0),  # Boost 1.74 uses std::exchange in C++20 without including it
    ("uv.h", "libuv", "", 0.0),
    ("glib.h", "glib-2.0", "", 0.0),
    ("QCoreApplication", "Qt6Core", "", 0.0),
    ("spdlog/spdlog.h", "spdlog", "", 0.0),
)


def flags_of(module: str) -> list[str] | None:
    """The compiler flags of a pkg-config module, or None if it is not installed. An option stands for itself."""
    if not module or module.startswith("-"):
        return [module] if module else []
    found = subprocess.run(["pkg-config", "--cflags", module], capture_output=True, text=True, check=False)
    return shlex.split(found.stdout) if found.returncode == 0 else None


def seconds_of(command: list[str]) -> float | None:
    """CPU time of a command, or None if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return None if done.returncode else after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--compiler", default="g++")
    options = parser.parse_args()
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        commands = {}
        for index, (header, module, *_) in enumerate(HEADERS):
            flags = flags_of(module)
            if flags is None:
                continue
            source = Path(folder) / f"{index}.cpp"
            source.write_text(f"#include <{header}>\n")
            commands[header] = [
                options.compiler, "-std=c++20", "-fPIC", f"-I{PROJECT}/include", *flags, "-c", str(source), "-o", "/dev/null",
            ]  # fmt: skip
        for number in range(options.rounds):
            if sys.stderr.isatty():
                print(f"\rheaders: round {number + 1} of {options.rounds} ", end="", file=sys.stderr, flush=True)
            for header, command in commands.items():
                taken = seconds_of(command)
                if taken is not None:
                    times.setdefault(header, []).append(taken)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    median = {header: statistics.median(each) for header, each in times.items()}
    print(f"{'header':<32} {'seconds':>8} {'<chrono>':>9} {'wanted':>22}")
    for header, _, peer, most in HEADERS:
        if header not in median:
            print(f"{header:<32} {'not here':>8}")
            continue
        wanted = ""
        if peer:
            ratio = median[header] / median[peer]
            wanted = f"{ratio:.2f} of {most:.1f} {'' if peer == CHRONO else '<io_context> '}{'yes' if ratio <= most else 'NO'}"
        print(f"{header:<32} {median[header]:8.2f} {median[header] / median[CHRONO]:9.2f} {wanted:>22}")


if __name__ == "__main__":
    main()
