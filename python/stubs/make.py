# SPDX-License-Identifier: MIT
"""Prints the stub of the compiled module.

It is that of the installed package, with the types of _core.patterns; so it changes where either does.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from interloop import _core

HERE = Path(__file__).parent
HEAD = """# SPDX-License-Identifier: MIT
# Made by `tools/python.sh update` of the compiled module and of python/stubs/_core.patterns.
"""
MAY_BE_SUBCLASSED = 1 << 10  # Py_TPFLAGS_BASETYPE


def stub():
    """Its text. CalledProcessError: nanobind's stubgen has failed, and said why."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "_core.pyi")
        command = [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "interloop._core"]
        subprocess.run([*command, "-p", HERE / "_core.patterns", "-o", path], cwd=folder, check=True)
        text = path.read_text()
    text = re.sub(r"^class (\w+)", decorated, text, flags=re.MULTILINE)
    return HEAD + re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def decorated(match):
    final = not getattr(_core, match[1]).__flags__ & MAY_BE_SUBCLASSED
    return "@final\n" * final + match[0]


if __name__ == "__main__":
    print(stub(), end="")
