# SPDX-License-Identifier: MIT
"""Checks what the folders promise: includes point downward, and what is one loop's stays in that loop's folder.

Usage: check_layers.py [--fix] [PROJECT]

core/rooms.txt lists the rooms of the core; a file may include its own room and lower ones, but not higher ones, and not
in a circle. The other folders of the library are above the core. The picture of the rooms in docs/architecture.md is
drawn from the folders; --fix draws it anew.
"""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

# The library beside the core, and the highest room that each may include (None: all).
ABOVE = {"logging": "failure", "conformance": None, "every_loop": None, "loops": None, "python": None, "clients": None, "inspect": "look"}
# Folders whose files use the library as its users do: any public header, but nothing from detail/.
OUTSIDE = ("tests", "bench", "examples")
# Parts of the library that do so too: what they can do, a stranger's library can.
OUTSIDERS_INSIDE = ("clients",)

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")', re.MULTILINE)
CODE = {".hpp", ".h", ".cpp", ".cc", ".c", ".ipp"}
# Files in which a loop may be named: prose, licences, and what compares loops or runs beside the project.
PROSE = re.compile(
    r".*\.md|findings/.*|docs/.*|tools/test_checks\.py|.*/expected(/.*)?\.txt|packaging/vcpkg/names\.txt"
)
# Elsewhere some names of loops mean something else: some libraries also have a log, peers are benchmarks' matter, and
# the starter is a stranger's.
OTHER_MEANINGS = re.compile(
    r"logging/.*|examples/logging/.*|examples/starter/.*|bench/(run|headers)\.py|bench/(futures_peers|logging\w*)\.cpp|bench/CMakeLists\.txt"
)
COMMENT = {
    **dict.fromkeys(CODE, re.compile(r"//[^\n]*")),
    ".py": re.compile(r'#[^\n]*|"""(?:.|\n)*?"""'),
    **dict.fromkeys((".txt", ".cmake", ".sh", ".toml", ".in", ""), re.compile(r"#[^\n]*")),
}


class Project:
    """The files of a project, what they include, and the problems found."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[str] = []
        rooms = root / "core" / "rooms.txt"
        lines = rooms.read_text().splitlines() if rooms.is_file() else []
        self.rooms = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines if line and not line.startswith("#")}
        self.order = {room: row for row, room in enumerate(self.rooms)}
        self.loops = sorted(path.parent.name for path in root.glob("loops/*/CMakeLists.txt"))
        self.files = [
            path
            for folder in ("core", *ABOVE, *OUTSIDE)
            for path in sorted((root / folder).rglob("*"))
            if path.suffix in CODE
        ]
        self.includes = {path: [a or b for a, b in INCLUDE.findall(path.read_text())] for path in self.files}
        # Each public header, as it is included.
        self.public: dict[str, Path] = {}
        for path in self.files:
            name = self.name(path)
            if "/include/" in name:
                self.public[name.split("/include/", 1)[1]] = path

    def report(self, path: Path, text: str) -> None:
        self.problems.append(f"{path.relative_to(self.root)}: {text}")

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def resolve(self, path: Path, include: str) -> Path | None:
        """The project's file that an include names, or None if the file is not the project's."""
        if include in self.public:
            return self.public[include]
        for candidate in (path.parent / include, self.root / include, self.root / "tests" / include):
            if candidate.is_file():
                return candidate.resolve()
        return None

    def is_inner(self, path: Path) -> bool:
        """Whether a file is part of the library itself."""
        parts = path.relative_to(self.root).parts
        return parts[0] not in OUTSIDE and not {"tests", "examples"} & set(parts) and path.stem != "fixture"

    def room(self, path: Path) -> str | None:
        """The room of the core that has a file."""
        parts = path.relative_to(self.root).parts
        return parts[1] if parts[0] == "core" else None

    def allowed(self, path: Path) -> int:
        """The highest row that a file may include."""
        room = self.room(path)
        if room is not None:
            return self.order.get(room, -1)
        limit = ABOVE[path.relative_to(self.root).parts[0]]
        return len(self.order) if limit is None else self.order[limit]

    def check_rows(self) -> None:
        for folder in sorted((self.root / "core").glob("*/")):
            if folder.is_dir() and folder.name not in self.rooms:
                self.report(folder, "is not in core/rooms.txt")
        for path in filter(self.is_inner, self.files):
            for include in self.includes[path]:
                other = self.resolve(path, include)
                if include.startswith("interloop/") and not other:
                    self.report(path, f"includes <{include}>, which does not exist")
                if not other or not self.is_inner(other):
                    continue
                room = self.room(other)
                if room is not None and self.order.get(room, 0) > self.allowed(path):
                    self.report(path, f"may not include <{include}>, which is in the higher room {room}")
                elif room is None and self.room(path) is not None:
                    self.report(path, f"is in the core and includes <{include}>, which is not")

    def check_own_header_first(self) -> None:
        for path in filter(self.is_inner, self.files):
            folder = path.relative_to(self.root).parts[:2] if self.room(path) else path.relative_to(self.root).parts[:-1]
            prefix = "/".join(folder) + "/include/"
            own = [
                include
                for include, header in self.public.items()
                if self.name(header).startswith(prefix) and Path(include).stem == path.stem
            ]
            if path.suffix == ".cpp" and own and self.includes[path][:1] not in ([each] for each in own):
                self.report(path, f"must include <{own[0]}> before anything else")

    def check_detail(self) -> None:
        for path in self.files:
            if self.is_inner(path) and path.relative_to(self.root).parts[0] not in OUTSIDERS_INSIDE:
                continue
            for include in self.includes[path]:
                # A unit test of an internal part includes that part.
                own = f"interloop/detail/{path.stem.removesuffix('_test').removesuffix('_model')}.hpp"
                if "interloop/detail/" in include and not (path.stem.endswith("_test") and include == own):
                    self.report(path, f"includes <{include}>: detail/ is for the library itself")

    def check_circles(self) -> None:
        done: set[Path] = set()

        def visit(path: Path, trail: list[Path]) -> None:
            if path in trail:
                circle = [*trail[trail.index(path) :], path]
                self.report(path, "includes itself: " + " -> ".join(step.stem for step in circle))
            elif path not in done:
                for include in self.includes[path]:
                    other = self.resolve(path, include)
                    if other and self.is_inner(other):
                        visit(other, [*trail, path])
                done.add(path)

        for path in filter(self.is_inner, self.files):
            visit(path, [])

    def check_loops(self) -> None:
        """A loop is named, and its native headers are included, in its folder only."""
        if not self.loops:
            return
        readme = self.root / "README.md"
        for loop in self.loops:
            if loop != "python" and readme.is_file() and f"(loops/{loop}/README.md)" not in readme.read_text():
                self.report(readme, f"has no row for {loop} that links to loops/{loop}/README.md")
        names = "|".join(sorted(self.loops, key=len, reverse=True))
        # The environment variables of one library may switch another off.
        named = re.compile(rf"(?<![a-z])(?<!_NO_)({names})(?![a-z])", re.IGNORECASE)
        native = {loop: self.native_headers(loop) for loop in self.loops}
        for path in tracked(self.root):
            name = self.name(path)
            if PROSE.fullmatch(name) or OTHER_MEANINGS.fullmatch(name) or not path.is_file():
                continue
            folder = name.split("/")[1] if name.startswith("loops/") else None
            try:
                text = COMMENT.get(path.suffix, re.compile("$^")).sub("", path.read_text())
            except UnicodeDecodeError:
                continue
            for match in named.finditer(text):
                loop = match[1].lower()
                # Python's own folder, and Python's code, are about Python.
                if loop != "python" and loop not in (folder or ""):
                    line = text.count("\n", 0, match.start()) + 1
                    self.report(path, f"names {loop} (line {line} without comments), which only loops/{loop} may")
                    break
            for include in self.includes.get(path, []):
                for loop, pattern in native.items():
                    if loop != folder and pattern and re.fullmatch(pattern, include):
                        self.report(path, f"includes <{include}>, which only loops/{loop} may")

    def native_headers(self, loop: str) -> str:
        """The pattern in loops/<loop>/native_headers.txt."""
        path = self.root / "loops" / loop / "native_headers.txt"
        lines = path.read_text().splitlines() if path.is_file() else []
        return "|".join(line for line in lines if line and not line.startswith("#"))

    def picture(self) -> str:
        """The rooms, drawn."""
        lines = ["above:  clients/<client>   loops/<loop>   logging   conformance   every_loop   python", ""]
        for room in reversed(self.rooms):
            headers = sorted(
                include.removeprefix("interloop/").removesuffix(".hpp")
                for include, path in self.public.items()
                if self.room(path) == room
            )
            shown = [h for h in headers if not h.startswith("detail/")]
            inner = [h.removeprefix("detail/") for h in headers if h.startswith("detail/")]
            lines += textwrap.wrap("   ".join(shown), 100, initial_indent=f"{self.order[room]}  {room:<13}", subsequent_indent=" " * 16)
            if inner:
                lines += textwrap.wrap("detail: " + "   ".join(inner), 100, initial_indent=" " * 16, subsequent_indent=" " * 24)
        return "```text\n" + "\n".join(lines) + "\n```\n"

    def check_picture(self, fix: bool) -> None:
        path = self.root / "docs" / "architecture.md"
        if not path.is_file():
            return
        text = path.read_text()
        block = re.search(r"<!-- drawn: rooms -->\n(```text\n.*?^```\n)", text, re.MULTILINE | re.DOTALL)
        if not block:
            self.report(path, "has no '<!-- drawn: rooms -->' before a block ```text")
        elif block[1] != self.picture():
            if fix:
                path.write_text(text.replace(block[1], self.picture()))
            else:
                self.report(path, "shows other rooms than core/ has. tools/check_layers.py --fix draws them.")


def tracked(root: Path) -> list[Path]:
    """The files of the project as git sees them; all files if it is not a repository, or git is not installed."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True) if shutil.which("git") else None
    if not listed or listed.returncode:
        return sorted(path for path in root.rglob("*") if path.is_file())
    return [root / name for name in listed.stdout.split("\0") if name]


def check(root: Path, fix: bool = False) -> list[str]:
    """Returns the problems of the project at `root`."""
    project = Project(root.resolve())
    project.check_rows()
    project.check_own_header_first()
    project.check_detail()
    project.check_circles()
    project.check_loops()
    project.check_picture(fix)
    return project.problems


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--fix"]
    found = check(Path(arguments[0] if arguments else "."), fix="--fix" in sys.argv)
    print("\n".join(found) if found else "check_layers: includes point downward, and loops stay in their folders")
    sys.exit(bool(found))
