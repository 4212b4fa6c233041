# SPDX-License-Identifier: MIT
"""Tests of the demonstration: it succeeds, reports loops that were not built, and leaves nothing behind when stopped.

Usage: demo_test.py <build-dir>. Exits with 77, which means skipped, where redis-server is not installed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

BUILD = Path(sys.argv.pop(1)) if len(sys.argv) > 1 else Path("build/dev")
DEMO = Path(__file__).resolve().parents[2] / "demo.sh"
LOOPS = sorted(path.parent.parent.name for path in DEMO.parents[1].glob("loops/*/examples/running.cpp"))
SKIPPED = 77


class Demo(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="interloop-demo-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        # The real redis-server, which also writes its process id to a file.
        self.server_id = self.folder / "server"
        wrapper = self.folder / "redis-server"
        wrapper.write_text(f'#!/bin/sh\necho $$ >"{self.server_id}"\nexec "{shutil.which("redis-server")}" "$@"\n')
        wrapper.chmod(0o755)
        self.environment = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}", "TMPDIR": str(self.temporary)}

    def start(self, *arguments: str, build: Path = BUILD) -> subprocess.Popen:
        return subprocess.Popen([str(DEMO), "redis", str(build), *arguments], env=self.environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def assert_nothing_left(self) -> None:
        self.assertEqual(list(self.temporary.iterdir()), [])
        with self.assertRaises(ProcessLookupError):
            os.kill(int(self.server_id.read_text()), 0)

    def test_it_runs_every_loop_that_was_built_and_prints_a_table(self) -> None:
        process = self.start("--rounds", "1", "--commands", "2000")
        output, progress = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, progress)
        for loop in LOOPS:
            built = (BUILD / "examples" / "redis" / f"redis_{loop}").exists()
            self.assertRegex(output, rf"{loop} +coroutines +2,000 +0 +0" if built else f"not built: redis_{loop}")
        self.assertIn("round 1 of 1", progress)
        self.assertNotIn("\r", progress)
        self.assert_nothing_left()

    def test_it_fails_if_nothing_was_built(self) -> None:
        process = self.start(build=self.folder)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn(f"not built: redis_{LOOPS[-1]}", output)
        self.assertIn("nothing to run", errors)

    def test_it_leaves_nothing_behind_when_it_is_stopped_midway(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number.name):
                process = self.start("--rounds", "1000000", "--commands", "2000")
                while "round" not in process.stderr.readline():  # after that, the server exists
                    self.assertIsNone(process.poll())
                process.send_signal(number)
                process.communicate(timeout=60)
                self.assertEqual(process.returncode, 128 + number)
                self.assert_nothing_left()

    @unittest.skipUnless(sys.platform == "linux", "only Linux tells a child that its parent was killed")
    def test_its_server_ends_even_when_it_is_killed(self) -> None:
        process = self.start("--rounds", "1000000", "--commands", "2000")
        while "round" not in process.stderr.readline():
            self.assertIsNone(process.poll())
        process.kill()
        process.communicate(timeout=60)
        server = Path("/proc") / self.server_id.read_text().strip() / "exe"
        deadline = time.monotonic() + 30
        while os.access(server, os.R_OK) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertFalse(os.access(server, os.R_OK), "the server is still running")


if __name__ == "__main__":
    if not shutil.which("redis-server"):
        print("skipped: redis-server is not installed")
        sys.exit(SKIPPED)
    unittest.main()
