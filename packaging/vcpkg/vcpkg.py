# SPDX-License-Identifier: MIT
"""Writes interloop's port for vcpkg, each loop and client a feature of it: vcpkg.json and portfile.cmake.

Usage: vcpkg.py FOLDER [URL SHA512]. Without URL and SHA512, of an archive of the sources, the port builds from this checkout,
as an overlay: vcpkg install "interloop[libuv,redis]" --overlay-ports=FOLDER.
"""

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import parts  # noqa: E402


def ports() -> dict[str, dict]:
    """vcpkg's dependency objects, by the names that parts use."""
    found = {}
    for line in (HERE / "names.txt").read_text().splitlines():
        match = re.fullmatch(r"(\S+)\s+([a-z0-9-]+)(?:\[([a-z0-9,-]+)\])?", line)
        if match:
            name, port, features = match.groups()
            found[name] = {"name": port} | ({"features": features.split(",")} if features else {})
    return found


def needs(part: parts.Part, all_parts: dict[str, parts.Part], known: dict[str, dict]) -> list[dict]:
    """The features and ports that a part needs; an internal part is no feature, so what it needs is needed."""
    found = []
    for other in (all_parts[name] for name in part.needs):
        if other.what == "internal":
            found += needs(other, all_parts, known)
        else:
            found.append({"name": "interloop", "features": [other.dashed]})
    for module in part.modules:
        if module not in known:
            sys.exit(f"vcpkg: {part.folder} uses {module}; say in packaging/vcpkg/names.txt what vcpkg calls that")
        found.append(known[module])
    return [each for number, each in enumerate(found) if each not in found[:number]]


def features(root: Path) -> list[parts.Part]:
    return [part for part in parts.parts(root) if part.what != "internal"]


def manifest(root: Path) -> dict:
    known = ports()
    all_parts = {part.name: part for part in parts.parts(root)}
    described = {part.dashed: {"description": f"interloop's {part.what} for {part.name}", "dependencies": needs(part, all_parts, known)}
                 for part in sorted(features(root), key=lambda part: part.dashed)}
    return {
        "name": "interloop",
        "version": parts.version(root),
        "description": "Asynchronous code written once, run on the event loop its user already has",
        "license": "MIT",
        "supports": "linux",
        "dependencies": [{"name": name, "host": True} for name in ("vcpkg-cmake", "vcpkg-cmake-config")],
        "features": described,
    }


def portfile(root: Path, url: str | None, sha512: str | None) -> str:
    if url:
        source = (f'vcpkg_download_distfile(ARCHIVE URLS "{url}" FILENAME "interloop-${{VERSION}}.tar.gz" SHA512 {sha512})\n'
                  'vcpkg_extract_source_archive(SOURCE_PATH ARCHIVE "${ARCHIVE}")')
    else:
        source = f'set(SOURCE_PATH "{root}")'
    options = "\n".join(f"    {part.dashed} INTERLOOP_WITH_{part.name.upper()}" for part in features(root))
    text = (HERE / "portfile.cmake.in").read_text()
    return text.replace("@SOURCE@", source).replace("@FEATURES@", options)


def write(folder: Path, root: Path = parts.ROOT, url: str | None = None, sha512: str | None = None) -> None:
    port = folder / "interloop"
    port.mkdir(parents=True, exist_ok=True)
    (port / "vcpkg.json").write_text(json.dumps(manifest(root), indent=2) + "\n")
    (port / "portfile.cmake").write_text(portfile(root, url, sha512))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    write(Path(sys.argv[1]), parts.ROOT, *sys.argv[2:])
