# SPDX-License-Identifier: MIT
"""Checks the built site: every public name has its place, and every link within the site leads somewhere.

The public names are taken from Doxygen's XML and from the Python modules, not from the pages. Each must be there as an id on a page
of the reference, and be found by the site's search.

Usage: check_site.py [SITE]
"""

import ast
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cpp_reference import anchor, is_public
from public import OUT, headers, modules


class Page(HTMLParser):
    """The ids and the links of one page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id" and value:
                self.ids.append(value)
            elif value and (name, tag) in (("href", "a"), ("href", "link"), ("src", "img"), ("src", "script")):
                self.links.append(value)


def read(site: Path) -> dict[Path, Page]:
    return {path.resolve(): Page(path.read_text()) for path in sorted(site.rglob("*.html"))}


def dead_links(site: Path, pages: dict[Path, Page]) -> list[str]:
    problems = []
    for path, page in pages.items():
        if path.name == "404.html":  # its links are those of a site at the root of a server
            continue
        for link in dict.fromkeys(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            where = f"{path.relative_to(site)}: {link}"
            if not target.is_file():
                problems.append(f"{where}: there is no such file")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                if unquote(parts.fragment) != "__comments":
                    problems.append(f"{where}: the page has no such anchor")
    return problems


def repeated_ids(site: Path, pages: dict[Path, Page]) -> list[str]:
    return [
        f"{path.relative_to(site)}: the id {one} is there {count} times"
        for path, page in pages.items()
        for one in dict.fromkeys(page.ids)
        if (count := page.ids.count(one)) > 1 and "::" in one
    ]


@cache
def compounds() -> list[ElementTree.Element]:
    """What Doxygen has found: namespaces, classes, files."""
    roots = (ElementTree.parse(path).getroot() for path in sorted((OUT / "xml").glob("*.xml")))
    return [compound for root in roots if (compound := root.find("compounddef")) is not None]


def name_of(compound: ElementTree.Element) -> str:
    return re.sub(r"\s+", " ", compound.findtext("compoundname") or "")


@cache
def private_classes() -> set[str]:
    inner = (one for compound in compounds() for one in compound.findall("innerclass") if one.get("prot") == "private")
    return {re.sub(r"\s+", " ", one.text or "") for one in inner}


def is_visible(scope: str) -> bool:
    """Whether neither the class nor one that encloses it is private."""
    parts = scope.split("::")
    return not any("::".join(parts[:count]) in private_classes() for count in range(1, len(parts) + 1))


def cpp_names() -> dict[str, str]:
    """Every public name that Doxygen knows, and the header that declares it."""
    names = {}
    for compound in compounds():
        scope, kind = name_of(compound), compound.get("kind")
        if kind not in ("namespace", "class", "struct", "union", "concept", "file"):
            continue
        if kind != "file" and not (scope.startswith("interloop") and is_visible(scope)):
            continue
        location = compound.find("location")
        if kind not in ("namespace", "file") and location is not None:
            names[scope] = location.get("file", "")
        for member in compound.iter("memberdef"):
            place = member.find("location")
            if is_public(member) and place is not None and (kind != "file" or member.get("kind") == "define"):
                name = (member.findtext("name") or "").strip()
                qualified = name if kind == "file" else f"{scope}::{name}"
                names[qualified] = place.get("declfile") or place.get("file", "")
                for value in member.findall("enumvalue"):
                    names[f"{qualified}::{value.findtext('name')}"] = names[qualified]
    return names


def python_names() -> list[tuple[str, str]]:
    """Each public name of the modules: its module and its name there."""
    found = []

    def note(module: str, scope: str, body: list[ast.stmt]) -> None:
        for statement in body:
            name = None
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = statement.name
            elif isinstance(statement, (ast.AnnAssign, ast.Assign)):
                target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
                name = target.id if isinstance(target, ast.Name) else None
            if name and not name.startswith("_"):
                found.append((module, scope + name))
                if isinstance(statement, ast.ClassDef):
                    note(module, f"{scope}{name}.", statement.body)

    for module, path in modules().items():
        note(module, "", ast.parse(path.read_text()).body)
    return list(dict.fromkeys(found))


def missing_names(site: Path, pages: dict[Path, Page]) -> list[str]:
    problems = []
    searched = {entry["location"] for entry in json.loads((site / "search/search_index.json").read_text())["docs"]}
    places = {header.included: header.page.removesuffix(".md") + ".html" for header in headers()}
    for header, place in places.items():
        if place not in searched:
            problems.append(f"{header}: the search does not know its page {place}")
    for name, header in sorted(cpp_names().items()):
        place = places.get(header)
        page = pages.get((site / place).resolve()) if place else None
        if page is None:
            problems.append(f"{name}: its header <{header}> has no page")
        elif anchor(name) not in page.ids:
            problems.append(f"{name}: {place} has no id {anchor(name)}")
    for module, name in python_names():
        place = f"reference/python/{module}.html"
        page = pages.get((site / place).resolve())
        if page is None:
            problems.append(f"{module}: has no page {place}")
        elif f"{module}.{name}" not in page.ids:
            problems.append(f"{module}.{name}: {place} has no id of that name")
        elif f"{place}#{module}.{name}" not in searched:
            problems.append(f"{module}.{name}: the search does not know it")
    return problems


def check(site: Path) -> list[str]:
    site = site.resolve()
    pages = read(site)
    return dead_links(site, pages) + repeated_ids(site, pages) + missing_names(site, pages)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT / "site"
    found = check(folder)
    if found:
        print("\n".join(found))
    else:
        print(f"check_site: {len(cpp_names())} C++ and {len(python_names())} Python names have their place; no link is dead")
    sys.exit(bool(found))
