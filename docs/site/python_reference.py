# SPDX-License-Identifier: MIT
"""Writes the pages of the Python reference: one a public module. mkdocstrings fills them in.

It is shown the stubs under build/docs/stubs, as modules: without the sources beside them, whose names have no types. A
module that has no stub is shown itself.
"""

import ast
import shutil
from pathlib import Path

from cpp_reference import FOUND_FIRST
from public import OUT, PAGES, modules

STUBS = OUT / "stubs"
INTRODUCTION = """# Python reference

Every public name, by module, with the types that type checkers see. What they do is in the [guide](../../docs/python-guide.md)
and in [Python](../../docs/python.md).

| module | |
| --- | --- |
"""


def docstring(path: Path) -> str:
    """What a module says about itself: its stub, or else its source."""
    for candidate in (path, path.with_suffix(".py")):
        if candidate.is_file() and (text := ast.get_docstring(ast.parse(candidate.read_text()))):
            return text.replace("``", "`")
    return ""


def implemented(body: list[ast.stmt]) -> None:
    """Makes the last overload of each name the implementation, which stubs do not have and readers of modules expect."""
    last: dict[str, ast.FunctionDef] = {}
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            implemented(statement.body)
        elif isinstance(statement, ast.FunctionDef):
            last[statement.name] = statement
    for function in last.values():
        function.decorator_list = [
            one for one in function.decorator_list if not (isinstance(one, ast.Name) and one.id == "overload")
        ]


def documented(stub: list[ast.stmt], source: list[ast.stmt]) -> None:
    """Gives what has no docstring in a stub the one that it has in the source."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    sources = {one.name: one for one in source if isinstance(one, kinds)}
    for one in stub:
        if isinstance(one, kinds) and (original := sources.get(one.name)):
            if not ast.get_docstring(one) and (text := ast.get_docstring(original)):
                one.body.insert(0, ast.Expr(ast.Constant(text.replace("``", "`"))))
            documented(one.body, original.body)


def lay_out_stub(module: str, path: Path) -> None:
    tree = ast.parse(path.read_text())
    implemented(tree.body)
    source = path.with_suffix(".py")
    if source.is_file():
        documented(tree.body, ast.parse(source.read_text()).body)
    if not ast.get_docstring(tree) and (text := docstring(path)):
        tree.body.insert(0, ast.Expr(ast.Constant(text)))
    target = STUBS / module.replace(".", "/")
    target = target / "__init__.py" if path.name == "__init__.pyi" else target.with_suffix(".py")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(ast.unparse(ast.fix_missing_locations(tree)))


def write() -> list[str]:
    """Writes the pages; returns the modules."""
    shutil.rmtree(STUBS, ignore_errors=True)
    folder = PAGES / "reference/python"
    folder.mkdir(parents=True, exist_ok=True)
    index = INTRODUCTION
    for module, path in sorted(modules().items()):
        lay_out_stub(module, path)
        (folder / f"{module}.md").write_text("\n".join([*FOUND_FIRST, f"# {module}", "", f"::: {module}"]) + "\n")
        about = docstring(path).split("\n\n")[0].replace("\n", " ")
        index += f"| [`{module}`]({module}.md) | {about} |\n"
    (folder / "index.md").write_text(index)
    return sorted(modules())
