# SPDX-License-Identifier: MIT
"""Builds the site: build/docs/site, from the pages, the public headers and Python modules.

Usage: build/docs/venv/bin/python docs/site/build.py
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import contracts
import cpp_reference
import pages
import python_reference
from public import OUT, PAGES, ROOT

HERE = Path(__file__).parent


def doxygen() -> None:
    """Reads the headers. A warning is an error: the page would say something other than the header."""
    contracts.lay_out()
    shutil.rmtree(OUT / "xml", ignore_errors=True)
    done = subprocess.run(["doxygen", str(HERE / "Doxyfile")], cwd=ROOT, capture_output=True, text=True)
    if done.returncode or done.stderr.strip():
        sys.exit(f"docs: Doxygen misreads the headers:\n{done.stderr}")


def navigation(groups: list, modules: list[str]) -> list:
    """The site's table of contents. Loops, clients and decisions come from their folders."""
    have = pages.pages()

    def found(pattern: str) -> list:
        return [{pages.title(page): page} for page in have if re.fullmatch(pattern, page)]

    def listed(*names: str) -> list:
        return [{pages.title(name): name} for name in names if name in have]

    guide = listed(
        "docs/guide.md", "docs/install.md", "docs/promises.md", "docs/blocking.md", "docs/idioms.md", "docs/logging.md",
        "docs/tracebacks.md", "docs/looking-inside.md", "docs/gluing.md", "docs/writing-an-adapter.md",
    )  # fmt: skip
    python = listed("docs/python.md", "docs/python-guide.md")
    project = listed(
        "docs/architecture.md", "docs/costs.md", "docs/platforms.md", "docs/alternatives.md",
        "CHANGELOG.md", "CONTRIBUTING.md",
    )  # fmt: skip
    clients = listed("docs/clients.md") + found(r"clients/[\w-]+/README\.md")
    decisions = found(r"docs/decisions/.*\.md")
    named = {next(iter(entry.values())) for entry in guide + clients + python + project + decisions}
    guide += [entry for entry in found(r"docs/[^/]*\.md") if next(iter(entry.values())) not in named]
    cpp: list = [{"Every name": "reference/cpp/index.md"}]
    sections: dict[str, list] = {}
    for group, members in groups:
        part, _, folder = group.partition(": ")
        entries = [{header.title: header.page} for header in members]
        sections.setdefault(part.capitalize(), []).extend([{folder: entries}] if folder else entries)
    cpp += [{part: entries} for part, entries in sections.items()]
    return [
        {"Home": "README.md"},
        {"Guide": guide},
        {"Loops": found(r"loops/[\w-]+/README\.md")},
        {"Clients": clients},
        {"Python": python},
        {
            "Reference": [
                {"C++": cpp},
                {"Python": [{"Every module": "reference/python/index.md"}, *({name: f"reference/python/{name}.md"} for name in modules)]},
            ]
        },
        {"Project": [*project, {"Decisions": decisions}]},
    ]


def main() -> None:
    shutil.rmtree(PAGES, ignore_errors=True)
    doxygen()
    groups = cpp_reference.write()
    modules = python_reference.write()
    pages.lay_out()
    for asset in ("style.css", "iframe-worker.js"):
        shutil.copyfile(HERE / asset, PAGES / asset)
    configuration = {
        "INHERIT": str(HERE / "mkdocs.yml"),
        "docs_dir": str(PAGES),
        "site_dir": str(OUT / "site"),
        "plugins": {"mkdocstrings": {"handlers": {"python": {"paths": [str(python_reference.STUBS)]}}}},
        "nav": navigation(groups, modules),
    }
    file = OUT / "mkdocs.yml"
    file.write_text(json.dumps(configuration, indent=1, ensure_ascii=False))  # which is YAML
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--config-file", str(file)]
    # Material says of each build until when it is maintained; requirements.txt pins it.
    sys.exit(subprocess.run(command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}).returncode)


if __name__ == "__main__":
    main()
