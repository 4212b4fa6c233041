# SPDX-License-Identifier: MIT
"""Checks that code blocks in the documentation agree with the files that they come from; --fix copies the code.

Usage: check_docs.py [--fix] [PROJECT]

In a Markdown file, a comment before a fenced block names a file of the project, and a region of it:

    <!-- from: examples/x.cpp#anchor -->

In the file, the lines between `// [anchor]` and `// [/anchor]` (or `# [anchor]`, `# [/anchor]`) are the region. It is
shown without the indentation that all its lines share, and without the markers of other regions. Without `#anchor`, the
block is the whole file.
"""

import re
import sys
import textwrap
from pathlib import Path

BLOCK = re.compile(r"^(<!-- from: (?P<source>\S+) -->\n+```[^\n]*\n)(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
MARKER_LINE = re.compile(r"^\s*(?://|#) \[/?[\w-]+\]\s*$")
FROM_COMMENT = re.compile(r"^<!-- from: ", re.MULTILINE)


class DocsError(Exception):
    """A reference that leads nowhere."""

PAGES = ("*.md", "docs/**/*.md", "loops/*/README.md", "clients/*/README.md")

def region(root: Path, source: str) -> str:
    """The text that `path#anchor` or `path` stands for."""
    name, _, anchor = source.partition("#")
    path = root / name
    if not path.is_file():
        raise DocsError(f"{name} does not exist")
    lines = path.read_text().splitlines()
    if anchor:
        edges = [
            [i for i, line in enumerate(lines) if re.fullmatch(rf"\s*(?://|#) \[{slash}{re.escape(anchor)}\]\s*", line)]
            for slash in ("", "/")
        ]
        if [len(edge) for edge in edges] != [1, 1] or edges[0] > edges[1]:
            raise DocsError(f"{name} must have one '// [{anchor}]' and, after it, one '// [/{anchor}]'")
        lines = lines[edges[0][0] + 1 : edges[1][0]]
    shown = [line for line in lines if not MARKER_LINE.match(line)]
    return textwrap.dedent("\n".join(shown)).strip("\n") + "\n"


def check(root: Path, fix: bool = False) -> list[str]:
    """Returns the problems in the documentation of the project at `root`; with `fix`, repairs what it can."""
    problems = []
    for path in sorted(path for pages in PAGES for path in root.glob(pages)):
        text = path.read_text()
        if len(FROM_COMMENT.findall(text)) != len(BLOCK.findall(text)):
            problems.append(f"{path}: a '<!-- from: -->' comment must stand right before a fenced block")

        def compare(match: re.Match[str]) -> str:
            line = text.count("\n", 0, match.start()) + 1
            try:
                wanted = region(root, match["source"])
            except DocsError as error:
                problems.append(f"{path}:{line}: {error}")
                return match[0]
            if wanted == match["code"]:
                return match[0]
            if not fix:
                problems.append(f"{path}:{line}: differs from {match['source']}. tools/check_docs.py --fix copies it.")
            return match[1] + wanted + "```"

        fixed = BLOCK.sub(compare, text)
        if fix and fixed != text:
            path.write_text(fixed)
    return problems


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--fix"]
    found = check(Path(arguments[0] if arguments else "."), fix="--fix" in sys.argv)
    print("\n".join(found) if found else "check_docs: code blocks agree with their files")
    sys.exit(bool(found))
