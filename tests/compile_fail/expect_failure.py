# SPDX-License-Identifier: MIT
"""Compiles a source twice: with -DSHOULD_COMPILE that must succeed, without it must fail for the expected reason.

Usage: expect_failure.py SOURCE COMPILE_COMMANDS_JSON

The source's first line is `// expect: <regex>`, which must match the failing compiler's output. Building the same
source both ways is what tells a forbidden line from a misspelt one.
"""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path


def main(source: str, commands: str) -> str | None:
    """Returns the error, or None."""
    first_line = Path(source).read_text().partition("\n")[0]
    marker = re.fullmatch(r"// expect: (.+)", first_line)
    if not marker:
        return f"{source}:1: the first line must be '// expect: <regex>', not: {first_line}"

    entry = next(entry for entry in json.loads(Path(commands).read_text()) if entry["file"] == source)
    # If only a result must not be dropped, that counts as forbidden too.
    command = [*shlex.split(entry["command"]), "-fsyntax-only", "-Werror=unused-result"]
    environment = {"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"}

    def compile_with(*flags: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *flags], cwd=entry["directory"], capture_output=True, text=True, env=environment
        )

    good = compile_with("-DSHOULD_COMPILE")
    if good.returncode != 0:
        return f"{source}: should compile with -DSHOULD_COMPILE, but:\n{good.stderr}"
    bad = compile_with()
    if bad.returncode == 0:
        return f"{source}: compiles without -DSHOULD_COMPILE, and should not"
    if not re.search(marker[1], bad.stderr):
        return f"{source}: fails as it should, but no output matches /{marker[1]}/:\n{bad.stderr}"
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
