#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes these sources those of a release: writes its version wherever a version is told, and dates its list of changes.

The version is in version.hpp; documents tell users what to write, and CHANGELOG's first heading is Unreleased. It changes
nothing if the release is not prepared: no changes are listed, a new minor version has no notes on upgrading, or a name
is still there that was to go away. It commits nothing, and says what comes next.

Usage: packaging/release.py MAJOR.MINOR.PATCH
"""

import datetime
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import parts

HEADER = "core/base/include/interloop/version.hpp"
CHANGES = "CHANGELOG.md"
UPGRADING = "docs/upgrading.md"
# How documents tell the current minor version; CHANGELOG and the notes on upgrading tell past and coming ones.
TOLD = re.compile(r"(find_package\(interloop |\bVersion |\blibinterloop(?:-[a-z]+)*)(\d+\.\d+)(?=[ :`)])")
GOES_AWAY = re.compile(r"goes away in interloop (\d+)\.(\d+)")
UNRELEASED = re.compile(r"^## Unreleased(?:: (\d+\.\d+))?\n(.*?)(?=^## |\Z)", re.S | re.M)


def files(root: Path) -> list[Path]:
    """What git tracks or would add; without git, everything except build/."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, text=True)
    if listed.returncode == 0:
        return [Path(name) for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    return [path.relative_to(root) for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0] != "build"]


def documents(root: Path) -> list[Path]:
    return [name for name in files(root) if name.suffix == ".md" and str(name) not in (CHANGES, UPGRADING)]


def told(root: Path) -> Iterator[tuple[str, str]]:
    """Where a document tells a version, and which."""
    for name in documents(root):
        for number, line in enumerate((root / name).read_text().splitlines(), 1):
            for match in TOLD.finditer(line):
                yield f"{name}:{number}", match[2]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def unprepared(root: Path, version: str) -> list[str]:
    """What is missing for releasing `version`, as sentences."""
    problems = []
    before, series = parts.series(root), version.rpartition(".")[0]
    if numbers(version) <= numbers(parts.version(root)):
        problems.append(f"{version} is not later than {parts.version(root)}, which these sources are.")
    changes = UNRELEASED.search((root / CHANGES).read_text())
    if not changes or not re.search(r"^- ", changes[2], re.M):
        problems.append(f"{CHANGES} has no changes below a heading '## Unreleased'.")
    elif changes[1] not in (None, series):
        problems.append(f"{CHANGES} says that these are the changes of {changes[1]}.")
    if series != before and f"\n## From {before} to {series}\n" not in (root / UPGRADING).read_text():
        problems.append(f"{UPGRADING} has no heading '## From {before} to {series}'.")
    for name in files(root):
        if name.suffix in (".hpp", ".pyi"):
            for number, line in enumerate((root / name).read_text().splitlines(), 1):
                match = GOES_AWAY.search(line)
                if match and numbers(series) >= (int(match[1]), int(match[2])):
                    problems.append(f"{name}:{number} was to go away in {match[1]}.{match[2]}.")
    return problems


def release(root: Path, version: str, date: str) -> None:
    header = (root / HEADER).read_text()
    for name, number in zip(("MAJOR", "MINOR", "PATCH"), numbers(version), strict=True):
        header = re.sub(rf"(define INTERLOOP_VERSION_{name}) \d+", rf"\1 {number}", header)
    (root / HEADER).write_text(header)
    series = version.rpartition(".")[0]
    for name in documents(root):
        text = (root / name).read_text()
        changed = TOLD.sub(rf"\g<1>{series}", text)
        if changed != text:
            (root / name).write_text(changed)
    changes = (root / CHANGES).read_text()
    (root / CHANGES).write_text(re.sub(r"^## Unreleased.*$", f"## {version}, {date}", changes, count=1, flags=re.M))


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or not re.fullmatch(r"\d+\.\d+\.\d+", arguments[0]):
        sys.exit("usage: packaging/release.py MAJOR.MINOR.PATCH")
    version = arguments[0]
    problems = unprepared(parts.ROOT, version)
    if problems:
        sys.exit("\n".join(f"release: {problem}" for problem in problems))
    release(parts.ROOT, version, datetime.datetime.now(datetime.UTC).date().isoformat())
    print(f"These are the sources of {version}. Next, after a look at git diff:\n"
          f"  .ci/run && git commit -am 'Version {version}' && git tag -a v{version} -m 'interloop {version}'")


if __name__ == "__main__":
    main(sys.argv[1:])
