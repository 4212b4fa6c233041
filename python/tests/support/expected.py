# SPDX-License-Identifier: MIT
"""Texts that are kept in the tree. `tools/python.sh update` rewrites them."""

import difflib
import os


def require(path, text):
    """AssertionError, with the difference, if the file has another text."""
    if os.environ.get("INTERLOOP_UPDATE") == "1":
        path.write_text(text)
    wanted = path.read_text() if path.exists() else ""
    difference = difflib.unified_diff(wanted.splitlines(True), text.splitlines(True), str(path), "this run's")
    assert text == wanted, "".join(difference) + "\nIf this run's is right: tools/python.sh update"
