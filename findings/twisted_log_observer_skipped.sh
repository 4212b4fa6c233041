#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Twisted 26.10.0 (PyPI), twisted.logger.LogPublisher.
#
# One would expect: an event goes to every observer that exists when it is published, and is not removed itself.
# What happens: the publisher walks its list while observers change it. If an observer removes itself when it is called,
# like a one-shot observer, the next observer does not get that event; if another thread removes it, this happens by
# chance.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q twisted==26.10.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import twisted
from twisted.logger import LogPublisher

seen = []


def once(event):
    seen.append(("once", event["number"]))
    publisher.removeObserver(once)


def always(event):
    seen.append(("always", event["number"]))


publisher = LogPublisher(once, always)
for number in (1, 2):
    publisher({"number": number})
print(f"Twisted {twisted.__version__}:", seen)
if seen != [("once", 1), ("always", 2)]:
    sys.exit("This has changed.")
print("The observer `always` never got event 1.")
PYTHON
