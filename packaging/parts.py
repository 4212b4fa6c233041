# SPDX-License-Identifier: MIT
"""The project's parts as packagers need them, read from the sources: the version, and each component with its package lists.

A part is a folder whose CMakeLists.txt calls interloop_add_component; a new loop or client is a new package by itself.
Usage: parts.py prints the version; parts.py --list a line a part; parts.py --loops the loops, those that have a library first.
"""

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Folders whose components are not installed.
NOT_PARTS = {"examples", "tests", "bench", "build", "packaging", "findings"}


def version(root: Path = ROOT) -> str:
    """MAJOR.MINOR.PATCH, from version.hpp, the only place where it is written."""
    text = (root / "core/base/include/interloop/version.hpp").read_text()
    return ".".join(re.findall(r"define INTERLOOP_VERSION_[A-Z]+ (\d+)", text))


def series(root: Path = ROOT) -> str:
    """MAJOR.MINOR, which is the sonames' ending."""
    return version(root).rpartition(".")[0]


@dataclass
class Part:
    """A component: `name` as in find_package, `what` it is (adapter, client, library, connection, internal).

    One that is `internal` is built with the first part that needs it, and has no option of CMake's.
    """

    name: str
    folder: Path
    what: str
    compiled: bool  # has a shared library; otherwise only headers
    needs: list[str] = field(default_factory=list)  # other parts
    shares: list[str] = field(default_factory=list)  # folders beside its own whose headers it has in common with other parts
    modules: list[str] = field(default_factory=list)  # pkg-config's or CMake's names of the native libraries, optional ones too
    debian: list[str] = field(default_factory=list)  # Debian's packages with their headers

    @property
    def dashed(self) -> str:
        return self.name.replace("_", "-")


def _words(call: str, keyword: str) -> list[str]:
    """The arguments after `keyword` in a call of interloop_add_component."""
    found = re.search(rf"\b{keyword}\s+(.*?)(?=\s+[A-Z_]{{4,}}\b|$)", call, re.S)
    return found.group(1).replace('"', " ").split() if found else []


def _debian(folder: Path) -> list[str]:
    """The -dev packages of packages.txt, except those that only tests and benchmarks need."""
    path = folder / "packages.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    found = (re.match(r"([a-z0-9.+-]+-dev)\s+\w+\s*(?:#\s*(.*))?$", line) for line in lines)
    return [match.group(1) for match in found if match and not re.search(r"\b(tests?|benchmarks?)\b", match.group(2) or "")]


def part(cmake: Path) -> Part | None:
    """The part that this CMakeLists.txt declares, if it does."""
    text = re.sub(r"#.*", "", cmake.read_text())
    call = re.search(r"^interloop_add_component\((.*?)\)", text, re.S | re.M)
    if not call:
        return None
    arguments = " ".join(call.group(1).split())
    what = "internal" if re.search(r"\bINTERNAL\b", arguments) else "adapter"
    folder = cmake.parent
    sources = [path for path in folder.glob("*.cpp") if path.name != "fixture.cpp"]
    return Part(
        name=arguments.split()[0],
        folder=folder,
        what=(_words(arguments, "WHAT") or [what])[0],
        compiled=bool(sources),
        needs=_words(arguments, "COMPONENTS") + _words(arguments, "USES"),
        shares=[Path(each).name for each in _words(arguments, "SHARES")],
        modules=(_words(arguments, "PKG_CONFIG") or _words(arguments, "FIND_PACKAGE")[:1]) + _words(arguments, "OPTIONAL"),
        debian=_debian(folder),
    )


def parts(root: Path = ROOT) -> list[Part]:
    """All of them, each after those that it needs."""
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_PARTS and not name.startswith("."))
        each = part(Path(folder) / "CMakeLists.txt") if "CMakeLists.txt" in files else None
        if each:
            found[each.name] = each
    ordered: dict[str, Part] = {}

    def add(each: Part) -> None:
        for name in each.needs:
            if name not in found:
                sys.exit(f"parts: {each.folder} needs the component '{name}', which no folder declares")
            add(found[name])
        ordered.setdefault(each.name, each)

    for each in found.values():
        add(each)
    return list(ordered.values())


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        for each in parts():
            print(each.name, each.what, "library" if each.compiled else "headers", *each.modules, "|", *each.debian)
    elif sys.argv[1:] == ["--loops"]:
        loops = [each for each in parts() if each.folder.parent.name == "loops"]
        print(*(each.name for each in sorted(loops, key=lambda each: not each.compiled)))
    else:
        print(version())
