#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the window on a Redis server of its own, without a screen, and takes a picture of it for the documentation.

Usage: picture.py PROGRAM writes window.png, beside this file. picture.py --check PROGRAM is the test: it writes the
picture into a temporary folder and compares what the window shows. Exits with 77, which means skipped, where
redis-server is not installed.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMMANDS = ["SET answer 42", "INCRBY answer -1", "RPUSH list a b", "LRANGE list 0 -1", "GET absent", "LPUSH answer x"]
EXPECTED = ["SET answer 42  →  OK", "INCRBY answer -1  →  41", "RPUSH list a b  →  2", "LRANGE list 0 -1  →  [a, b]",
            "GET absent  →  (nil)", "LPUSH answer x  →  WRONGTYPE"]


def start_server(folder: str) -> tuple[subprocess.Popen, int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return server, port
        except ConnectionRefusedError:
            if time.monotonic() > deadline or server.poll() is not None:
                server.kill()
                sys.exit("redis-server does not answer")
            time.sleep(0.005)


def main() -> int:
    check = sys.argv[1] == "--check"
    program = sys.argv[-1]
    if not shutil.which("redis-server"):
        print("skipped: redis-server is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "window.png" if check else HERE / "window.png"
        server, port = start_server(folder)
        try:
            ran = subprocess.run([program, "--port", str(port), "--picture", str(picture), *COMMANDS], text=True,
                                 env=os.environ | {"QT_QPA_PLATFORM": "offscreen"}, stdout=subprocess.PIPE, timeout=30)
        finally:
            server.kill()
            server.wait()
        shown = ran.stdout.splitlines()
        right = len(shown) == len(EXPECTED) and all(map(str.startswith, shown, EXPECTED))
        if ran.returncode or not right or not picture.read_bytes().startswith(b"\x89PNG"):
            print(f"exit status {ran.returncode}, shown: {shown}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
