# SPDX-License-Identifier: MIT
"""What is public: the project's headers and Python modules, found in its folders."""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "docs"
HEADERS = OUT / "headers"
PAGES = OUT / "pages"

# The parts of the project that have public headers, in the order of the reference. `core` has a group for each room.
PARTS = {
    "core": "Core",
    "logging": "Logging",
    "clients": "Clients",
    "loops": "Loops",
    "conformance": "Conformance",
    "every_loop": "Tests on every loop",
}


@cache
def files() -> list[str]:
    """The project's files as git sees them, tracked, or new and not ignored; in a source package, all but build/."""
    if (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    else:
        names = [
            str(Path(folder, name).relative_to(ROOT))
            for top in ROOT.iterdir()
            if top.name != "build"
            for folder, _, within in (os.walk(top) if top.is_dir() else [(ROOT, [], [top.name])])
            for name in within
        ]
    return sorted({name for name in names if name and (ROOT / name).is_file()})


@dataclass(frozen=True)
class Header:
    source: str  # in the project
    included: str  # as users write it between < and >
    group: str  # in the reference

    @property
    def page(self) -> str:
        """The page of the site, as a Markdown file."""
        return "reference/cpp/" + self.included.removeprefix("interloop/").removesuffix(".hpp") + ".md"

    @property
    def title(self) -> str:
        return self.included.removeprefix("interloop/")


@cache
def rooms() -> dict[str, str]:
    """The rooms of the core from the lowest, with what each is for."""
    lines = (ROOT / "core" / "rooms.txt").read_text().splitlines()
    words = [line.split(None, 1) for line in lines if line.strip() and not line.startswith("#")]
    return {word[0]: (word[1] if len(word) > 1 else "") for word in words}


@cache
def headers() -> list[Header]:
    """The public headers, grouped, in the order of the reference."""
    found = []
    for name in files():
        match = re.fullmatch(r"([\w-]+)/(.*?)/?include/(interloop/.*\.hpp)", name)
        if match is None or "/detail/" in name or match[1] in ("examples", "tests"):
            continue
        part, folder = match[1], match[2].split("/")[0]
        if part == "core":
            group = f"core: {folder}"
        elif part == "logging":
            group = PARTS[part]
        else:
            group = PARTS.get(part, part) + (f": {folder}" if folder else "")
        found.append(Header(name, match[3], group))

    def place(header: Header) -> tuple:
        part, folder = header.source.split("/")[:2]
        order = list(rooms()).index(folder) if part == "core" and folder in rooms() else 0
        parts = list(PARTS)
        return (parts.index(part) if part in parts else len(parts), order, header.group, header.included)

    return sorted(found, key=place)


@cache
def modules() -> dict[str, Path]:
    """The public Python modules by their names: the stub of each or, without one, its source."""
    found = {}
    for name in sorted(files(), key=lambda name: name.endswith(".pyi")):
        match = re.fullmatch(r"python/(interloop(?:/\w+)*?)(?:/__init__)?\.(pyi?)", name)
        if match and (match[2] == "pyi" or "/_" not in match[1]):
            found[match[1].replace("/", ".")] = ROOT / name
    return found
