# SPDX-License-Identifier: MIT
"""``python -m interloop new NAME``: a library of one's own, copied from ``examples/starter`` and renamed."""

import re
import sys
from pathlib import Path

_NAME = "starter"  # in the files, and in their names; new.sh beside them does the same as this


class NewError(Exception):
    """What is wrong with the name, or with where the library would be."""


def make(name: str, template: Path, parent: Path) -> Path:
    """Makes the folder ``parent / name``, and returns it. NewError: nothing was made."""
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise NewError(f"{name!r} cannot be a library's name: use a-z, 0-9 and _, with a letter first")
    if name in ("interloop", "std"):
        raise NewError(f"{name!r} is the name of another library")
    if not (template / "CMakeLists.txt").is_file():
        raise NewError(f"this package was built without the files to start from, {template}")
    made = parent / name
    if made.exists():
        raise NewError(f"{str(made)!r} exists already; it is left as it is")
    for file in sorted(template.rglob("*")):
        inside = file.relative_to(template)
        if not file.is_file() or inside == Path("new.sh") or "__pycache__" in inside.parts:
            continue
        to = made / str(inside).replace(_NAME, name).removesuffix(".in")  # .in: not a module of this package
        to.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8")
        to.write_text(text.replace(_NAME, name).replace(_NAME.upper(), name.upper()), encoding="utf-8")
    return made


def main(arguments: list[str], template: Path) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m interloop new NAME", file=sys.stderr)
        return 2
    try:
        made = make(arguments[0], template, Path.cwd())
    except (NewError, OSError) as error:
        print(f"python -m interloop new: {error}", file=sys.stderr)
        return 2
    print(f"Made {made.name}. Next: cd {made.name} && cmake -B build && cmake --build build && ctest --test-dir build")
    return 0
