# SPDX-License-Identifier: MIT
"""Three processes and a router: a callee on one loop, a caller on another one, and a subscriber on Python's Twisted.

It starts a real router, Crossbar, on free ports of 127.0.0.1, and stops it however this ends. Each loop that was built
is the callee's once, and the caller's once. While they work, the bar shows what the subscriber hears. With --install,
Crossbar itself runs on interloop's compiled txaio.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "clients" / "support"), str(ROOT / "examples")]
import wamp_router  # noqa: E402: found by the line above
from demo_table import table  # noqa: E402: the same

PYTHON_FOLDER = Path(__file__).resolve().parent / "python"
RUN_SECONDS = 120


class Problem(Exception):
    """Ends the demonstration with a message."""


class Progress:
    """One line that changes on a terminal; otherwise a line for each pair of loops."""

    def __init__(self, steps: int, calls: int) -> None:
        self.steps, self.calls = steps, calls
        self.step = 0
        self.terminal = sys.stderr.isatty()

    def next(self, what: str) -> None:
        self.step += 1
        self.what = f"{self.step}/{self.steps} {what}"
        if self.terminal:
            self.show(0)
        else:
            print(f"[{self.what}]", file=sys.stderr, flush=True)

    def show(self, done: int) -> None:
        if self.terminal:
            filled = 24 * min(done, self.calls) // self.calls
            bar = "#" * filled + "." * (24 - filled)
            print(f"\r\033[K[{bar}] {self.what}: {done:,} calls", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


class Program:
    """A process that says `ready`, and ends with the `with`."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.command, self.environment = command, environment

    def __enter__(self) -> "Program":
        self.process = subprocess.Popen(self.command, env={**os.environ, **(self.environment or {})}, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        preexec_fn=wamp_router.end_with_parent)
        for line in self.process.stdout:
            if line == "ready\n":
                return self
        self.__exit__()
        raise Problem(f"{Path(self.command[0]).name} ended with status {self.process.returncode}")

    def result(self) -> dict[str, str]:
        try:
            output, _ = self.process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            raise Problem(f"{Path(self.command[0]).name} did not end within {RUN_SECONDS} s") from None
        return fields(output, self.process.returncode, self.command)

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def fields(output: str, status: int, command: list[str]) -> dict[str, str]:
    found = dict(field.split("=", 1) for field in output.split() if "=" in field)
    if status != 0 or "done" not in found:
        raise Problem(f"{' '.join(command)} ended with status {status}: {output}")
    return found


class Subscriber(Program):
    """Hears the callee's events; `latencies` has their microseconds."""

    def __init__(self, build: Path, router: wamp_router.Router, progress: Progress) -> None:
        module = build / "wamp-python"
        python = build / "venv" / "bin" / "python"
        if list(module.glob("interloop_wamp*.so")) and python.exists():
            self.kind = "interloop's client on Twisted"
            command = [str(python), str(PYTHON_FOLDER / "subscriber.py"), "twisted", "unix:" + router.addresses["unix"]]
        else:
            self.kind = "Autobahn|Python on Twisted"
            command = [str(wamp_router.PYTHON), str(PYTHON_FOLDER / "autobahn_subscriber.py"), router.addresses["unix"]]
        super().__init__(command, {"PYTHONPATH": str(module.resolve())})
        self.progress = progress
        self.latencies: list[int] = []

    def __enter__(self) -> "Subscriber":
        super().__enter__()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def read(self) -> None:
        for line in self.process.stdout:
            done, latency = line.split()
            self.latencies.append(int(latency))
            self.progress.show(int(done))


def run(programs: dict[str, str], callee: str, caller: str, url: str, calls: int) -> tuple[dict, dict]:
    """One callee and one caller, in processes of their own: what both report."""
    common = ["--url", url, "--calls", str(calls)]
    with Program([programs[callee], "--role", "callee", *common]) as answering:
        command = [programs[caller], "--role", "caller", *common]
        asking = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=RUN_SECONDS,
                                preexec_fn=wamp_router.end_with_parent)
        return answering.result(), fields(asking.stdout, asking.returncode, command)


def demonstrate(options: argparse.Namespace) -> int:
    if not wamp_router.PYTHON.exists():
        print("not installed: Crossbar (make setup)")
        return 0
    folder = options.build_dir / "examples" / "wamp"
    loops = sorted(path.parent.parent.name for path in ROOT.glob("loops/*/examples/running.cpp"))
    programs = {loop: str(folder / f"wamp_{loop}") for loop in loops if (folder / f"wamp_{loop}").exists()}
    for loop in loops:
        if loop not in programs:
            print(f"not built: wamp_{loop} (the {loop} adapter or the client's libraries were missing)")
    if not programs:
        raise Problem(f"nothing to run in {folder}; build the preset 'release' first")
    built = list(programs)
    # Different loops for both, as far as there are several.
    pairs = [(built[(number + len(built) * 5 // 8) % len(built)], caller) for number, caller in enumerate(built)]

    package = interloop_for_crossbar(options.build_dir.parent) if options.install else None
    progress = Progress(len(pairs), options.calls)
    rows = [("callee", "caller", "answered", "done", "wrong", "calls/s", "p50 us", "p99 us", "caller cpu us", "callee cpu us",
             "events", "event p50 us")]
    try:
        with tempfile.TemporaryDirectory(prefix="interloop-demo-") as place:
            with (wamp_router.Router(Path(place), package) as router,
                  Subscriber(options.build_dir.parent, router, progress) as subscriber):
                for callee, caller in pairs:
                    progress.next(f"callee on {callee}, caller on {caller}")
                    before = len(subscriber.latencies)
                    answered, done = run(programs, callee, caller, "unix:" + router.addresses["unix"], options.calls)
                    events = subscriber.latencies[before:]
                    rows.append((callee, caller, f"{int(answered['done']):,}", f"{int(done['done']):,}", done["wrong"],
                                 f"{float(done['per_second']):,.0f}", done["p50_us"], done["p99_us"], done["cpu_us"],
                                 answered["cpu_us"], str(len(events)), f"{statistics.median(events or [0]):.0f}"))
    finally:
        progress.clear()
    print(f"{options.calls:,} calls for each pair, 64 in flight, through Crossbar"
          f"{' on interloop.install()' if options.install else ''}; the callee publishes its progress, which "
          f"{subscriber.kind} hears.")
    print(table(rows))
    return 0


def interloop_for_crossbar(build: Path) -> Path:
    """A folder with the package `interloop` alone, as `make python` has installed it, for Crossbar's own Python."""
    python = build / "venv" / "bin" / "python"
    found = subprocess.run([python, "-c", "import interloop; print(*interloop.__path__)"], stdout=subprocess.PIPE, text=True)
    if found.returncode != 0:
        raise Problem("the package interloop is not installed (make python)")
    folder = build / "wamp-install"
    folder.mkdir(exist_ok=True)
    link = folder / "interloop"
    link.unlink(missing_ok=True)
    link.symlink_to(found.stdout.strip())
    return folder.resolve()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build_dir", type=Path)
    parser.add_argument("--calls", type=int, default=4000, help="for each pair of loops")
    parser.add_argument("--install", action="store_true", help="run Crossbar on interloop's txaio")
    options = parser.parse_args()
    if options.calls < 1:
        parser.error("at least one call")

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough: only the clean-up follows
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        return demonstrate(options)
    except (Problem, RuntimeError) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
