# SPDX-License-Identifier: MIT
"""Writes the folder debian/ of a source tree, for debhelper: a library and a -dev package for each part (../parts.py).

Usage: debian.py SOURCE [--without-python]. SOURCE is a copy of the project, which gets SOURCE/debian.
DEBFULLNAME and DEBEMAIL name the maintainer, as for Debian's other tools; SOURCE_DATE_EPOCH dates the changelog.
"""

import os
import sys
import time
import tomllib
from email.utils import formatdate
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import parts  # noqa: E402

ABOUT = """\
 interloop lets asynchronous C++ code be written once, with futures and
 coroutines, and run on the event loop that its user already has.
 .
"""
# The shared library of each client and so on: what the package's second paragraph says.
WHAT = {
    "adapter": "This package makes {name} loops usable.",
    "client": "This package has the client for {name}.",
    "library": "This package has the library for {name}.",
    "connection": "This package has the connection {name}, to another logging system.",
    "core": "This package has the core.",
    "suite": "This package has the test cases for adapters of one's own, and what tests\n a library on every loop.",
    "traces": "This package records where exceptions are thrown.",
    "shared": "This package has headers that several packages share.",
    "internal": "This package has {name}, which several clients share.",
}
TITLE = {
    "adapter": "adapter for {name}",
    "client": "client for {name}",
    "library": "library for {name}",
    "connection": "connection {name}",
    "core": "asynchronous code for any event loop",
    "suite": "conformance suite",
    "traces": "throw traces",
    "shared": "{name}",
    "internal": "{name}",
}


def maintainer() -> str:
    name = os.environ.get("DEBFULLNAME", "The interloop authors")
    return f"{name} <{os.environ.get('DEBEMAIL', 'interloop@localhost')}>"


def special(root: Path) -> list[parts.Part]:
    """What has packages like a part, but is no folder that calls interloop_add_component."""
    shared = sorted({name for part in parts.parts(root) for name in part.shares})
    return [
        *(parts.Part(name, root, "shared", False) for name in shared),
        parts.Part("core", root / "core", "core", True),
        parts.Part("conformance", root / "conformance", "suite", True),
        parts.Part("throw_traces", root / "core/failure/throw_traces", "traces", True, debian=["libdw-dev"]),
    ]


def stem(part: parts.Part) -> str:
    """The packages' names without their endings."""
    return "libinterloop" if part.name == "core" else f"libinterloop-{part.dashed}"


def stanza(package: str, section: str, depends: list[str], title: str, text: str, extra: tuple[str, ...] = ()) -> str:
    """A binary package's paragraph of debian/control."""
    lines = [f"Package: {package}", f"Section: {section}", "Architecture: any", *extra]
    lines.append("Depends: " + ",\n         ".join(depends))
    return "\n".join(lines) + f"\nDescription: {title}\n{ABOUT} {text}\n"


def of_part(part: parts.Part, all_parts: dict[str, parts.Part], series: str) -> list[tuple[str, str, str]]:
    """(package, CMake's installation component, paragraph) of each of a part's packages."""
    name, text = part.name, WHAT[part.what].format(name=part.name)
    title = TITLE[part.what].format(name=part.name)
    made = []
    depends = ["${misc:Depends}"]
    if part.compiled:
        library = stem(part) + series
        made.append((library, name, stanza(library, "libs", ["${shlibs:Depends}", "${misc:Depends}"],
                                           f"interloop: {title}, library", text, ("Multi-Arch: same",
                                                                        "Pre-Depends: ${misc:Pre-Depends}"))))
        depends.append(f"{library} (= ${{binary:Version}})")
    if name != "core":
        depends.append("libinterloop-dev (= ${binary:Version})")
    depends += [f"{stem(all_parts[other])}-dev (= ${{binary:Version}})" for other in [*part.shares, *part.needs]]
    depends += part.debian
    made.append((f"{stem(part)}-dev", f"{name}_dev", stanza(
        f"{stem(part)}-dev", "libdevel", depends, f"interloop: {title}, headers",
        f"{text}\n It has what building with it needs.", ("Multi-Arch: same",))))
    return made


def others(series: str, python: bool) -> list[tuple[str, str, str]]:
    """The packages that are not a part's."""
    made = [("interloop-tools", "tools", stanza(
        "interloop-tools", "devel", ["${shlibs:Depends}", "${misc:Depends}"], "looks into processes that use interloop",
        "This package has interloop-ps, which shows what another process waits for,\n scripts for gdb, and a small library to start one's own from."))]
    if python:
        bridge = parts.Part("python", Path(), "adapter", True, needs=["logging"], debian=["python3-dev"])
        logging = parts.Part("logging", Path(), "library", True)
        for package, component, text in of_part(bridge, {"logging": logging}, series):
            text = text.replace("Multi-Arch: same\n", "")  # needs the Python package, which has none
            if component == "python":
                text = text.replace("${shlibs:Depends}", "python3-interloop (= ${binary:Version}),\n         ${shlibs:Depends}")
            made.append((package, component, text))
        made.append(("python3-interloop", "python_package", stanza(
            "python3-interloop", "python",
            ["interloop-tools (= ${binary:Version})", "${python3:Depends}", "${shlibs:Depends}", "${misc:Depends}"],
            "txaio and Crochet, compiled",
            "This package has compiled replacements of txaio and Crochet, and brings C++\n"
            " libraries to asyncio, uvloop and Twisted.",
            ("Suggests: libinterloop-python-dev, python3-twisted",))))
    return made


def control(root: Path, packages: list[tuple[str, str, str]], python: bool) -> str:
    build = {"debhelper-compat (= 13)", "cmake", "ninja-build", "pkgconf | pkg-config", "libdw-dev"}
    build |= {each for part in parts.parts(root) for each in part.debian}
    if python:
        build |= {"dh-python", "python3-dev", "python3-nanobind"}
    depends = ",\n               ".join(sorted(build))
    head = (f"Source: interloop\nSection: libs\nPriority: optional\nMaintainer: {maintainer()}\n"
            f"Build-Depends: {depends}\nStandards-Version: 4.7.2\nRules-Requires-Root: no\n")
    return "\n".join([head, *(text for _, _, text in packages)])


def changelog(version: str) -> str:
    when = formatdate(float(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    return (f"interloop ({version}-1) unstable; urgency=medium\n\n  * The changes are in CHANGELOG.md.\n\n"
            f" -- {maintainer()}  {when}\n")


def copyright_file(root: Path) -> str:
    """In Debian's form, from LICENSE: its copyright line, then the licence's text."""
    first, _, text = (root / "LICENSE").read_text().partition("Copyright (c) ")[2].partition("\n")
    body = "\n".join(f" {line}" if line.strip() else " ." for line in text.strip().splitlines())
    return ("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
            f"Upstream-Name: interloop\n\nFiles: *\nCopyright: {first}\nLicense: Expat\n\nLicense: Expat\n{body}\n")


def dist_info(root: Path) -> dict[str, str]:
    """What tells pip, importlib.metadata and pytest about the Python package, from pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = [f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {parts.version(root)}",
             f"Summary: {project['description']}\nLicense: MIT\nRequires-Python: {project['requires-python']}"]
    for extra, needs in project.get("optional-dependencies", {}).items():
        lines += [f"Provides-Extra: {extra}", *(f'Requires-Dist: {need}; extra == "{extra}"' for need in needs)]
    files = {"METADATA": "\n".join(lines) + "\n", "INSTALLER": "debian\n"}
    groups = project.get("entry-points", {}) | ({"console_scripts": project["scripts"]} if "scripts" in project else {})
    if groups:
        files["entry_points.txt"] = "\n".join(
            "\n".join([f"[{group}]", *(f"{name} = {target}" for name, target in points.items()), ""])
            for group, points in groups.items())
    return files


def binary_packages(root: Path, python: bool) -> list[tuple[str, str, str]]:
    """(package, CMake's installation component, paragraph) of each."""
    series = parts.series(root)
    all_parts = {each.name: each for each in special(root) + parts.parts(root)}
    packages = [made for part in all_parts.values() for made in of_part(part, all_parts, series)]
    return packages + others(series, python)


def components(root: Path, python: bool) -> list[tuple[str, str]]:
    """(package, CMake's installation component): what each package has."""
    return [*((package, component) for package, component, _ in binary_packages(root, python)), ("libinterloop-dev", "Unspecified")]


def write(root: Path, python: bool = True) -> list[str]:
    """Writes root/debian, and returns the names of the binary packages."""
    packages = binary_packages(root, python)
    target = root / "debian"
    files = {
        "control": control(root, packages, python),
        "changelog": changelog(parts.version(root)),
        "copyright": copyright_file(root),
        # rules installs these.
        "components": "".join(f"{package} {component}\n" for package, component in components(root, python)),
        "source/format": "3.0 (quilt)\n",
        "libinterloop-dev.docs": "README.md\ndocs\n",
        "interloop-tools.manpages": "packaging/debian/interloop-ps.1\n",
        "rules": (HERE / "rules").read_text().replace("@PYTHON@", "ON" if python else "OFF"),
    }
    if python:
        # `python -m interloop` finds the system's files as it finds a wheel's: in the package's own folder.
        package = "usr/lib/python3/dist-packages/interloop"
        info = f"interloop-{parts.version(root)}.dist-info"
        files |= {f"{info}/{name}": text for name, text in dist_info(root).items()}
        files["python3-interloop.install"] = f"debian/{info} usr/lib/python3/dist-packages\n"
        files["python3-interloop.links"] = (f"usr/bin/interloop-ps {package}/bin/interloop-ps\nusr/include {package}/include\n"
                                            f"usr/lib/${{DEB_HOST_MULTIARCH}} {package}/lib\n"
                                            f"usr/share/interloop {package}/share/interloop\n")
    for name, text in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (target / "rules").chmod(0o755)
    return [package for package, _, _ in packages]


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--without-python"]):
        sys.exit(__doc__)
    print(*write(Path(sys.argv[1]).resolve(), len(sys.argv) == 2), sep="\n")
