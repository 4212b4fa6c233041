#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Twisted 26.10.0 (PyPI), twisted.python.threadable, on Linux with glibc.
#
# One would expect: isInIOThread() is true in the thread that runs the reactor, and in no thread once that has ended.
# What happens: Twisted keeps the thread's number, which glibc gives to the next thread that starts. That one is taken for
# the reactor's thread from its first to its last moment.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q twisted==26.10.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import threading

import twisted
from twisted.internet import reactor
from twisted.python.threadable import isInIOThread

running = threading.Thread(target=reactor.run, args=(False,))
running.start()
reactor.callFromThread(reactor.stop)
running.join()

seen = []
for _ in range(20):
    later = threading.Thread(target=lambda: seen.append(isInIOThread()))
    later.start()
    later.join()
print(f"Twisted {twisted.__version__}: the reactor's thread has ended; 20 threads after it say {sum(seen)} times that they are it")
if not any(seen):
    sys.exit("This has changed.")
PYTHON
