# SPDX-License-Identifier: MIT
"""Runs the same Redis workload on every loop that was built, beside hiredis' own adapters, and prints a table.

It starts a real redis-server on a free port of 127.0.0.1, without persistence, and stops it however this ends. The
programs take turns, round by round, so that what else the machine does hits all alike; the table has the medians.
"""

import argparse
import ctypes
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples"))
from demo_table import table  # noqa: E402: found by the line above

LOOPS = tuple(sorted(path.parent.parent.name for path in ROOT.glob("loops/*/examples/running.cpp")))
PYTHON_LOOPS = ("asyncio", "uvloop", "twisted")
STYLES = ("callbacks", "coroutines", "attached")
OWN = "own-adapter"  # how the programs on hiredis' own adapter call their style
START_SECONDS = 10
RUN_SECONDS = 60


class Problem(Exception):
    """Ends the demonstration with a message."""


def end_with_parent() -> None:
    """Runs in a child before its exec: on Linux, the child then ends when this process does, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Progress:
    """One line that changes on a terminal; otherwise, one line per step."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.step = 0
        self.terminal = sys.stderr.isatty()

    def next(self, what: str) -> None:
        if self.terminal:
            filled = 24 * self.step // self.steps
            bar = "#" * filled + "." * (24 - filled)
            print(f"\r\033[K[{bar}] {self.step}/{self.steps} {what}", end="", file=sys.stderr, flush=True)
        else:
            print(f"[{self.step + 1}/{self.steps}] {what}", file=sys.stderr, flush=True)
        self.step += 1

    def clear(self) -> None:
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


class Server:
    """Our own redis-server and its folder; both are removed at the end of the `with`."""

    def __enter__(self) -> "Server":
        program = shutil.which("redis-server")
        if not program:
            raise Problem("redis-server is not installed (Debian has it as redis-server)")
        self.folder = tempfile.TemporaryDirectory(prefix="interloop-demo-")
        self.process = None
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            self.log = Path(self.folder.name) / "log"
            with self.log.open("w") as log:
                self.process = subprocess.Popen(
                    [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no",
                     "--dir", self.folder.name],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True,  # Ctrl-C is ours to handle
                    preexec_fn=end_with_parent)
            self.wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                    connection.sendall(b"PING\r\n")
                    if connection.recv(64).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            time.sleep(0.02)
        raise Problem("redis-server did not start:\n" + self.log.read_text(errors="replace"))

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.folder.cleanup()


def run(program: list[str], port: int, options: argparse.Namespace, style: str | None) -> dict[str, str]:
    """One run of one program: its output as a dictionary, with its exit status as `status`."""
    command = [*program, "--port", str(port), "--commands", str(options.commands), "--window", str(options.window),
               "--seed", str(random.getrandbits(63))]
    if style:
        command += ["--style", style]
    name = " ".join(Path(part).name for part in program)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=end_with_parent) as process:
        try:
            output, _ = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Problem(f"{name} did not end within {RUN_SECONDS} s") from None
        except BaseException:
            process.kill()
            raise
    result = dict(field.split("=", 1) for field in output.split())
    if "per_second" not in result:
        raise Problem(f"{name} ended with status {process.returncode} and no result")
    return result | {"status": str(process.returncode)}


def summary(results: dict[tuple[str, str], list[dict[str, str]]]) -> str:
    """The table of all results."""

    def median(runs: list[dict[str, str]], name: str) -> float:
        return statistics.median(float(each[name]) for each in runs)

    rows = [("loop", "style", "done", "failed", "differ", "commands/s", "p50 us", "p99 us", "cpu us",
             "own adapter/s", "own cpu us", "ratio")]
    for (loop, style), runs in results.items():
        if style == OWN:
            continue
        rate = median(runs, "per_second")
        if own := results.get((loop, OWN)):
            own_rate = median(own, "per_second")
            comparison = (f"{own_rate:,.0f}", f"{median(own, 'cpu_us'):.2f}", f"{rate / own_rate:.2f}")
        else:
            comparison = ("none", "-", "-")
        counts = (f"{sum(int(each[name]) for each in runs):,}" for name in ("done", "failed", "wrong"))
        rows.append((loop, style, *counts, f"{rate:,.0f}", f"{median(runs, 'p50_us'):.1f}",
                     f"{median(runs, 'p99_us'):.1f}", f"{median(runs, 'cpu_us'):.2f}", *comparison))
    return table(rows)


def python_programs(build: Path) -> list[tuple[str, str, list[str]]]:
    """The Python module on Python's loops, if demo.sh has built it."""
    module = build / "redis-python"
    python = build / "venv" / "bin" / "python"
    if not list(module.glob("interloop_redis*.so")) or not python.exists():
        print("not built: the Python module on asyncio, uvloop and Twisted (make demo says above what is missing)")
        return []
    os.environ["PYTHONPATH"] = str(module.resolve())
    command = [str(python), str(Path(__file__).resolve().parent / "python" / "demo.py")]
    return [(loop, "await", [*command, "--loop", loop]) for loop in PYTHON_LOOPS]


def demonstrate(options: argparse.Namespace) -> int:
    folder = options.build_dir / "examples" / "redis"
    built = [loop for loop in LOOPS if (folder / f"redis_{loop}").exists()]
    for loop in LOOPS:
        if loop not in built:
            print(f"not built: redis_{loop} (the {loop} adapter or libhiredis-dev was missing)")
    if not built:
        raise Problem(f"nothing to run in {folder}; build the preset 'release' first")

    programs: list[tuple[str, str, list[str]]] = []
    for loop in built:
        programs += [(loop, style, [str(folder / f"redis_{loop}")]) for style in STYLES]
        own = folder / f"redis_peer_{loop}"
        if own.exists():
            programs.insert(len(programs) - 1, (loop, OWN, [str(own)]))
    programs += python_programs(options.build_dir.parent)

    progress = Progress(options.rounds * len(programs))
    results: dict[tuple[str, str], list[dict[str, str]]] = {}
    try:
        with Server() as server:
            for turn in range(options.rounds):
                for loop, style, program in programs:
                    progress.next(f"round {turn + 1} of {options.rounds}: {loop}, {style}")
                    result = run(program, server.port, options, None if style == OWN else style)
                    results.setdefault((loop, style), []).append(result)
    finally:
        progress.clear()

    print(f"{options.commands:,} commands a run, half SET, half GET, {options.window} in flight, each value checked; "
          f"{options.rounds} rounds, rates and latencies are medians.")
    print(summary(results))
    print("cpu: of the client's process, for each command.  own adapter: the same work by callbacks, directly on hiredis "
          "and the\nadapter that it ships for the loop, if it has one.  ratio: commands/s to own adapter/s.")
    bad = [f"{loop}, {style}" for (loop, style), runs in results.items() if any(r["status"] != "0" for r in runs)]
    if bad:
        raise Problem("commands failed or values differed: " + "; ".join(bad))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build_dir", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--commands", type=int, default=400_000, help="in each run")
    parser.add_argument("--window", type=int, default=64, help="commands in flight")
    options = parser.parse_args()
    if options.rounds < 1 or options.commands < 2 or options.window < 1:
        parser.error("at least one round, two commands and a window of one")

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough: only the clean-up follows
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        return demonstrate(options)
    except Problem as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
