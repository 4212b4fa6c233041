# SPDX-License-Identifier: MIT
"""Lays the project's Markdown pages out under build/docs/pages, in the folders that they have in the project.

The pages are written for readers of the project's files, so their links lead to files. Here, links to other pages stay as
they are; a link to a source file, or to a folder without a page, leads to a page that shows it. The first mention of a
public name on a page becomes a link to the reference.
"""

import os
import posixpath
import re
import shutil
from functools import cache

import cpp_reference
from public import PAGES, ROOT, files

FENCE = re.compile(r"^(\s*)(```+|~~~+)")
LINK = re.compile(r"(!?)\[((?:[^\[\]`]|`[^`]*`|\[[^\]]*\])*)\]\(([^()\s]+)\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LANGUAGES = {
    ".cpp": "cpp", ".hpp": "cpp", ".h": "cpp", ".c": "c", ".py": "python", ".pyi": "python", ".sh": "bash", ".cmake": "cmake",
    ".json": "json", ".toml": "toml", ".txt": "text", ".ui": "xml", ".yml": "yaml",
}  # fmt: skip


def links(line: str) -> list[re.Match[str]]:
    """The links of a line. Code may look like one: a lambda, `[x](…) {…}`."""
    code = [match.span() for match in CODE.finditer(line)]
    return [link for link in LINK.finditer(line) if not any(start < link.start() < end for start, end in code)]


@cache
def pages() -> list[str]:
    """The project's pages."""
    readmes = r"(?:loops|clients|logging|examples|findings)(?:/[\w-]+)?/README\.md"
    return [name for name in files() if re.fullmatch(rf"[A-Z]+\.md|docs/.*\.md|{readmes}", name)]


@cache
def title(page: str) -> str:
    """The first heading of a page."""
    match = re.search(r"^# (.*)$", (ROOT / page).read_text(), re.MULTILINE)
    return match[1] if match else page


class Pages:
    def __init__(self) -> None:
        self.shown: dict[str, str] = {}  # what has a page to show it: the page
        self.waiting: list[str] = []

    # Links.

    def address(self, page: str, target: str) -> str:
        """Where a link on `page` to `target` leads on the site."""
        path, hash_, fragment = target.partition("#")
        if not path or re.match(r"[a-z]+:", target):
            return target
        full = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        readme = posixpath.join(full, "README.md")
        if full in pages():
            to = full
        elif readme in pages():
            to = readme
        elif posixpath.splitext(full)[1] in (".svg", ".png"):
            self.copy(full)
            to = full
        else:
            to = self.show(full, page)
        return posixpath.relpath(to, posixpath.dirname(page)) + hash_ + fragment

    def copy(self, name: str) -> None:
        target = PAGES / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)

    def show(self, name: str, page: str) -> str:
        """The page that shows a file or a folder."""
        if name not in self.shown:
            if not (ROOT / name).exists():
                raise SystemExit(f"{page}: links to {name}, which does not exist")
            self.shown[name] = f"sources/{name}" + ("/index.md" if (ROOT / name).is_dir() else ".md")
            self.waiting.append(name)
        return self.shown[name]

    # Pages.

    def markdown(self, page: str, text: str) -> str:
        lines = []
        fence = None
        linked: set[str] = set()
        blank = True
        for line in text.splitlines():
            mark = FENCE.match(line)
            if fence is not None:
                if mark and line.strip() == fence:
                    fence = None
                lines.append(line)
                continue
            if mark:
                fence = mark[2]
                lines.append(line)
                blank = False
                continue
            # Other Markdown readers let a list begin in the middle of a paragraph.
            if re.match(r"(?:[-*]|\d+\.) ", line) and not blank and not re.match(r"(?:[-*]|\d+\.) |  ", lines[-1]):
                lines.append("")
            for link in reversed(links(line)):
                start, end = link.span(3)
                line = line[:start] + self.address(page, link[3]) + line[end:]
            if not line.startswith("#"):
                line = self.link_names(page, line, linked)
            lines.append(line)
            blank = not line.strip()
        return "\n".join(lines) + "\n"

    def link_names(self, page: str, line: str, linked: set[str]) -> str:
        """The line, with links to the reference for names that the page has not mentioned before."""
        taken = [match.span() for match in links(line)]

        def link(match: re.Match[str]) -> str:
            if any(start <= match.start() < end for start, end in taken):
                return match[0]
            address = reference(page, match[1])
            if address is None or address in linked:
                return match[0]
            linked.add(address)
            target, _, fragment = address.partition("#")
            return f"[{match[0]}]({posixpath.relpath(target, posixpath.dirname(page))}#{fragment})"

        return CODE.sub(link, line)

    def write(self, page: str, text: str) -> None:
        target = PAGES / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def source_page(self, name: str) -> str:
        path = ROOT / name
        page = self.shown[name]
        head = ["---", "search:", "  exclude: true", "---", "", f"# {name}", ""]
        if not path.is_dir():
            text = path.read_text()
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
            language = LANGUAGES.get(path.suffix, "cmake" if path.name == "CMakeLists.txt" else "text")
            return "\n".join([*head, fence + language, text.rstrip("\n"), fence]) + "\n"
        inside = [one for one in files() if one.startswith(name + "/")]
        own = [one for one in inside if one in pages()]
        if own:
            entries = [f"- [{title(one)}]({posixpath.relpath(one, posixpath.dirname(page))})" for one in own]
        else:
            entries = []
            for one in inside:
                if posixpath.splitext(one)[1] in (".png", ".svg"):
                    continue
                shown = self.show(one, name)
                entries.append(f"- [{one.removeprefix(name + '/')}]({posixpath.relpath(shown, posixpath.dirname(page))})")
        return "\n".join([*head, *entries]) + "\n"

    def lay_out(self) -> None:
        for page in pages():
            self.write(page, self.markdown(page, (ROOT / page).read_text()))
        while self.waiting:
            name = self.waiting.pop()
            self.write(self.shown[name], self.source_page(name))


PYTHON_PAGES = re.compile(r"docs/python.*\.md")


@cache
def names() -> dict[str, str]:
    """The C++ names outside of classes, which a page may mention without their namespace, if they mean one thing only."""
    found: dict[str, set[str]] = {}
    for qualified, address in cpp_reference.links().items():
        found.setdefault(qualified, set()).add(address)
        if qualified.count("::") == 1:
            found.setdefault(qualified.removeprefix("interloop::"), set()).add(address)
    return {name: addresses.pop() for name, addresses in found.items() if len(addresses) == 1}


def reference(page: str, code: str) -> str | None:
    """Where the reference has what `code` names, if it names something: `page#anchor`."""
    if PYTHON_PAGES.fullmatch(page) or page == "CHANGELOG.md" or page.startswith("docs/decisions/"):
        return None
    match = re.fullmatch(r"((?:interloop::)?[a-z]\w*(?:::\w+)*)(?:\(…?\)|<[\w…]*>)?", code)
    return names().get(match[1]) if match else None


def lay_out() -> None:
    Pages().lay_out()
