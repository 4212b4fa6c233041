# SPDX-License-Identifier: MIT
"""Checks the direction of includes: a row may include its own and lower rows, but not higher ones, and not in a circle.

Usage: check_layers.py [PROJECT]

To place a new header, add its name to a row of ROWS. `src/<name>.cpp` is in the same row as `<name>.hpp`.
"""

import re
import sys
from pathlib import Path

# Names of headers in include/interloop, without .hpp. Headers in detail/ and their sources need no row: each counts as
# the highest row that it includes.
ROWS = {
    0: "error failure fork_count function interest renew_epoll result signals_blocked stack/* throw_traces throw_traces/* time version",
    1: "inbox loop loop_owner loop_port timer watch",
    2: "future coroutine logger logging/*",
    3: "blocking eventual_result loop_thread run_in_reactor setup batched_timer gather logger_sinks",
    4: "api config interloop select",
    # Nothing below includes these, and they may include all of the above.
    5: "adapters/* testing/*",
}

# Which native headers belong to which adapter. Only src/adapters/<loop>.cpp and src/logging/<loop>.cpp include them ...
NATIVE_HEADERS = {
    "asio": r"asio\.hpp|asio/.*",
    "boost_asio": r"boost/.*",
    "libuv": r"uv\.h|uv/.*",
    "glib": r"(glib|gio|gobject|gmodule)/.*|glib(-unix|-object)?\.h|gio\.h",
    "libevent": r"event2/.*|event\.h",
    "libev": r"ev\.h|ev\+\+\.h",
    "qt": r"Qt?[A-Z]\w*(/.*)?|q[a-z]+\.h",
    "sd_event": r"systemd/.*",
    "spdlog": r"spdlog/.*",
}
# ... except for adapters that are templates over native types: their include/interloop/adapters/<loop>*.hpp do too.
HEADER_ADAPTERS = {"asio", "boost_asio"}

# Folders whose files use the library as its users do: any public header, but nothing from detail/.
OUTSIDE = ("tests", "bench", "examples", "python")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")', re.MULTILINE)
CODE = {".hpp", ".h", ".cpp", ".cc", ".c", ".ipp"}


def row_of(name: str) -> int | None:
    """The row that ROWS gives a name such as `future` or `adapters/libuv`."""
    for row, names in ROWS.items():
        for entry in names.split():
            if name == entry or (entry.endswith("/*") and name.startswith(entry[:-1])):
                return row
    return None


class Project:
    """The files of a project, what they include, and the problems found."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.public = root / "include" / "interloop"
        self.problems: list[str] = []
        self.files = [
            path
            for folder in ("include", "src", *OUTSIDE)
            for path in sorted((root / folder).rglob("*"))
            if path.suffix in CODE
        ]
        self.includes = {path: [a or b for a, b in INCLUDE.findall(path.read_text())] for path in self.files}

    def report(self, path: Path, text: str) -> None:
        self.problems.append(f"{path.relative_to(self.root)}: {text}")

    def resolve(self, path: Path, include: str) -> Path | None:
        """The project's file that an include names, or None if the file is not the project's."""
        if any(re.fullmatch(pattern, include) for pattern in NATIVE_HEADERS.values()):
            return None  # <asio.hpp> does not mean adapters/asio.hpp in the same folder
        for candidate in (self.root / "include" / include, path.parent / include, self.root / "src" / include):
            if candidate.is_file():
                return candidate.resolve()
        return None

    def name(self, path: Path) -> str:
        base = self.public if self.public in path.parents else self.root / "src"
        return path.relative_to(base).with_suffix("").as_posix()

    def is_inner(self, path: Path) -> bool:
        """Whether a file is part of the library itself."""
        return self.public in path.parents or self.root / "src" in path.parents

    def is_private(self, path: Path) -> bool:
        """Whether a file needs no row: it is in detail/, or the source of a header there, or a header in src/."""
        in_src = self.public not in path.parents
        return (
            self.name(path).startswith("detail/")
            or (in_src and path.suffix != ".cpp")
            or (in_src and (self.public / "detail" / f"{self.name(path)}.hpp").is_file())
        )

    def row(self, path: Path, seen: tuple[Path, ...] = ()) -> int:
        """A file's row; for a file without one, the highest row that it includes."""
        row = row_of(self.name(path))
        if row is not None or path in seen:
            return row or 0
        included = (self.resolve(path, include) for include in self.includes[path])
        return max((self.row(other, (*seen, path)) for other in included if other and self.is_inner(other)), default=0)

    def check_rows(self) -> None:
        for path in filter(self.is_inner, self.files):
            name = self.name(path)
            if row_of(name) is None and not self.is_private(path):
                self.report(path, "stands in no row. Add it to ROWS in tools/check_layers.py.")
                continue
            for include in self.includes[path]:
                other = self.resolve(path, include)
                if include.startswith("interloop/") and not other:
                    self.report(path, f"includes <{include}>, which does not exist")
                elif other and self.is_inner(other) and self.row(other) > self.row(path):
                    self.report(path, f"is in row {self.row(path)} and includes <{include}> of row {self.row(other)}")

    def check_own_header_first(self) -> None:
        for path in (self.root / "src").rglob("*.cpp"):
            for own in (f"interloop/{self.name(path)}.hpp", f"interloop/detail/{self.name(path)}.hpp"):
                if (self.root / "include" / own).is_file() and self.includes[path][:1] != [own]:
                    self.report(path, f"has to include <{own}> before anything else")

    def check_native(self) -> None:
        for path in filter(self.is_inner, self.files):
            name = self.name(path)
            for include in self.includes[path]:
                for loop, pattern in NATIVE_HEADERS.items():
                    if not re.fullmatch(pattern, include):
                        continue
                    in_header = self.public in path.parents
                    allowed = (
                        loop in HEADER_ADAPTERS and re.fullmatch(rf"adapters/{loop}(_\w+|/.+)?", name)
                        if in_header
                        else name in (f"adapters/{loop}", f"logging/{loop}")
                    )
                    if not allowed:
                        self.report(path, f"includes <{include}>, which only the adapter {loop} may")

    def check_detail(self) -> None:
        for path in self.files:
            if self.is_inner(path):
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
                self.report(path, "includes itself: " + " -> ".join(self.name(step) for step in circle))
            elif path not in done:
                for include in self.includes[path]:
                    other = self.resolve(path, include)
                    if other and self.is_inner(other):
                        visit(other, [*trail, path])
                done.add(path)

        for path in filter(self.is_inner, self.files):
            visit(path, [])


def check(root: Path) -> list[str]:
    """Returns the problems of the project at `root`."""
    project = Project(root.resolve())
    project.check_rows()
    project.check_own_header_first()
    project.check_native()
    project.check_detail()
    project.check_circles()
    return project.problems


if __name__ == "__main__":
    found = check(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(found) if found else "check_layers: includes point downward")
    sys.exit(bool(found))
