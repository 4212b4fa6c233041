# SPDX-License-Identifier: MIT
"""What can be checked of the packages in a second: the version is in one place, and each kind of package knows each part.

The packages themselves are built and used by `make deb`, `make wheel`, `make conan`, `make vcpkg` and `make abi`.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "debian"), str(HERE.parent / "vcpkg")]
import debian  # noqa: E402
import parts  # noqa: E402
import release  # noqa: E402
import vcpkg  # noqa: E402

TEXT = {".cmake", ".cpp", ".hpp", ".in", ".json", ".md", ".py", ".sh", ".toml", ".txt"}


def mentions(root: Path) -> list[str]:
    """Where the project's own version is written as a number, or its series in a find_package, except in version.hpp."""
    version = re.escape(parts.version(root))
    pattern = re.compile(rf"interloop[/ -](?:VERSION )?{version}\b|find_package\(interloop \d|\bversion *= *\"{version}\"", re.I)
    found = []
    for name in release.files(root):
        # Documents tell users what to write, and CHANGELOG is history.
        if name.suffix in TEXT and name.suffix != ".md" and name.parts[0] != "findings":
            lines = (root / name).read_text(errors="replace").splitlines()
            found += [f"{name}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if pattern.search(line)]
    return found


def copy_of_project(target: Path) -> None:
    """What parts.py and the generators read."""
    names = ["LICENSE", "pyproject.toml", "core/base/include/interloop/version.hpp"]
    for part in parts.parts():
        folder = part.folder.relative_to(ROOT)
        names += [str(folder / name) for name in ("CMakeLists.txt", "packages.txt") if (part.folder / name).exists()]
        (target / folder).mkdir(parents=True, exist_ok=True)
        if part.compiled:
            (target / folder / "a.cpp").touch()
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text((ROOT / name).read_text())


class Version(unittest.TestCase):
    def test_is_three_numbers(self):
        self.assertRegex(parts.version(), r"^\d+\.\d+\.\d+$")

    def test_is_written_nowhere_else(self):
        self.assertEqual(mentions(ROOT), [])

    def test_a_second_place_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            subprocess.run(["git", "init", "-q", folder], check=True)
            header = root / "core/base/include/interloop/version.hpp"
            header.parent.mkdir(parents=True)
            header.write_text((ROOT / "core/base/include/interloop/version.hpp").read_text())
            (root / "a.toml").write_text(f'version = "{parts.version(root)}"\n')
            (root / "b.cmake").write_text("find_package(" + "interloop 0.1 REQUIRED)\n")
            self.assertEqual([each.split(":")[0] for each in mentions(root)], ["a.toml", "b.cmake"])

    def test_documents_tell_the_current_one(self):
        told = dict(release.told(ROOT))
        self.assertIn("README.md", {where.split(":")[0] for where in told})
        self.assertEqual({where: series for where, series in told.items() if series != parts.series()}, {})

    def test_pyproject_reads_the_same(self):
        text = (ROOT / "pyproject.toml").read_text()
        regex = re.search(r"regex = '''(.*?)'''", text, re.S).group(1)
        result = re.search(r'result = "(.*?)"', text).group(1)
        found = re.search(regex, (ROOT / "core/base/include/interloop/version.hpp").read_text(), re.M)
        self.assertEqual(result.format(**found.groupdict()), parts.version())

    def test_cmake_reads_the_same(self):
        text = (ROOT / "CMakeLists.txt").read_text()
        lines = re.search(r"^file\(STRINGS core/base.*?^project", text, re.S | re.M).group(0).removesuffix("project")
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "version.cmake"
            script.write_text(lines + 'message("version ${interloop_version}")\n')
            told = subprocess.run(["cmake", "-P", str(script)], cwd=ROOT, capture_output=True, text=True, check=True)
        self.assertEqual(told.stderr.strip(), f"version {parts.version()}")


class Release(unittest.TestCase):
    """Of a copy of the documents: its version is the project's, and the next minor version is prepared."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)
        major, minor = map(int, parts.series().split("."))
        self.next = f"{major}.{minor + 1}"
        for name in (release.HEADER, "README.md", *(str(name) for name in release.documents(ROOT) if name.parts[0] == "docs")):
            self.write(name, (ROOT / name).read_text())
        self.write(release.CHANGES, "# Changes\n\n## Unreleased\n\n- A change.\n\n## 0.0.1, 2000-01-01\n\n- Another.\n")
        self.write(release.UPGRADING, f"# Upgrading\n\n## From {parts.series()} to {self.next}\n\nNothing.\n")

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def problems(self, version: str) -> list[str]:
        return release.unprepared(self.root, version)

    def test_is_made_by_one_command(self):
        self.assertEqual(self.problems(f"{self.next}.0"), [])
        release.release(self.root, f"{self.next}.0", "2001-02-03")
        self.assertEqual(parts.version(self.root), f"{self.next}.0")
        self.assertEqual({series for _, series in release.told(self.root)}, {self.next})
        self.assertEqual(mentions(self.root), [])
        self.assertIn(f"\n\n## {self.next}.0, 2001-02-03\n\n- A change.\n", (self.root / release.CHANGES).read_text())
        self.assertRegex("\n".join(self.problems(f"{self.next}.0")), "not later than.*\n.*no changes below")

    def test_of_a_patch_needs_no_notes_on_upgrading(self):
        self.write(release.UPGRADING, "# Upgrading\n")
        patch = ".".join([*parts.version().split(".")[:2], str(int(parts.version().split(".")[2]) + 1)])
        self.assertEqual(self.problems(patch), [])
        release.release(self.root, patch, "2001-02-03")
        self.assertEqual(parts.version(self.root), patch)
        self.assertEqual({series for _, series in release.told(self.root)}, {parts.series()})

    def test_that_is_not_prepared_says_why(self):
        self.write(release.UPGRADING, "# Upgrading\n")
        self.write("core/old.hpp", f'[[deprecated("write b instead of a, which goes away in interloop {self.next}")]] void a();\n')
        self.write(release.CHANGES, "# Changes\n\n## Unreleased\n\n## 0.0.1, 2000-01-01\n\n- Another.\n")
        self.assertRegex("\n".join(self.problems(f"{self.next}.0")), "no changes below.*\n.*no heading.*\n.*old.hpp:1 was to go away")
        self.write(release.CHANGES, "# Changes\n\n## Unreleased: 0.99\n\n- A change.\n")
        self.assertIn("these are the changes of 0.99", self.problems(f"{self.next}.0")[0])

    def test_that_is_next_is_prepared(self):
        """The project's own next version, whose number is in the heading of its changes, or is a patch."""
        coming = release.UNRELEASED.search((ROOT / release.CHANGES).read_text())
        if not coming:
            self.skipTest("nothing has changed since the last release")
        if coming[1]:
            self.assertEqual(release.unprepared(ROOT, f"{coming[1]}.0"), [])


class Preset(unittest.TestCase):
    def test_install_has_all_that_the_documents_tell_users_of(self):
        """README's users have the preset only; docs/testing-your-library.md tells them of every_loop."""
        presets = {each["name"]: each for each in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}

        def variables(name: str) -> dict[str, str]:
            preset = presets[name]
            return (variables(preset["inherits"]) if "inherits" in preset else {}) | preset.get("cacheVariables", {})

        left_out = [name for name, value in variables("install").items() if value == "OFF" and "_WITH_" in name]
        self.assertEqual(left_out, [])


class Parts(unittest.TestCase):
    def test_each_loop_and_client_is_one(self):
        names = {part.name for part in parts.parts()}
        for folder in [*ROOT.glob("loops/*/fixture.hpp"), *ROOT.glob("clients/*/tests/installed.cpp")]:
            name = folder.relative_to(ROOT).parts[1]
            if not name.endswith("_common"):
                self.assertIn(name, names)

    def test_come_after_what_they_need(self):
        seen: set[str] = set()
        for part in parts.parts():
            self.assertLessEqual(set(part.needs), seen, part.name)
            seen.add(part.name)


class Needs(unittest.TestCase):
    """Of parts that this project may have: one that is internal, and one that uses another only if it is there."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        calls = {"wire": "wire INTERNAL PKG_CONFIG openssl USES names", "names": "names PKG_CONFIG libcares WHAT client",
                 "calls": 'calls FIND_PACKAGE zlib TARGETS z::z PC_LIBS "-lz -lm" WHAT client COMPONENTS wire'}
        for name, call in calls.items():
            (self.root / "clients" / name).mkdir(parents=True)
            (self.root / "clients" / name / "CMakeLists.txt").write_text(f"# interloop_add_component(no)\ninterloop_add_component({call})\n")

    def tearDown(self):
        self.folder.cleanup()

    def test_are_read_and_ordered(self):
        found = parts.parts(self.root)
        self.assertEqual([part.name for part in found], ["names", "wire", "calls"])
        self.assertEqual([part.what for part in found], ["client", "internal", "client"])
        self.assertEqual([part.needs for part in found], [[], ["names"], ["wire"]])
        self.assertEqual([part.modules for part in found], [["libcares"], ["openssl"], ["zlib"]])

    def test_of_an_internal_part_are_those_of_its_user(self):
        found = {part.name: part for part in parts.parts(self.root)}
        self.assertEqual([part.name for part in vcpkg.features(self.root)], ["names", "calls"])
        self.assertEqual(vcpkg.needs(found["calls"], found, vcpkg.ports()),
                         [{"name": "interloop", "features": ["names"]}, {"name": "openssl"}, {"name": "zlib"}])


class Debian(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        copy_of_project(self.root)
        self.packages = debian.write(self.root)
        self.control = (self.root / "debian/control").read_text()

    def tearDown(self):
        self.folder.cleanup()

    def test_what_only_benchmarks_need_is_not_needed(self):
        wamp = self.control.split("Package: libinterloop-wamp-dev\n")[1].split("\nPackage:")[0]
        self.assertIn("libwslay-dev", wamp)
        self.assertIn("libargon2-dev", wamp)  # what a part uses if it is there: packages have it
        self.assertIn("libinterloop-stream-dev", wamp)  # an internal part is a package, too
        self.assertNotIn("msgpack", self.control)

    def test_the_tests_on_every_loop_and_the_starter_are_in_packages(self):
        filled = (self.root / "debian/components").read_text().splitlines()
        # InterloopInstall.cmake gives these two those files; tests/package checks it.
        self.assertIn("libinterloop-conformance-dev conformance_dev", filled)
        self.assertIn("interloop-tools tools", filled)
        conformance = self.control.split("Package: libinterloop-conformance-dev\n")[1].split("\nPackage:")[0]
        self.assertIn("tests\n a library on every loop", conformance)
        links = (self.root / "debian/python3-interloop.links").read_text().split()
        self.assertIn("usr/share/interloop", links)  # `python3 -m interloop new`

    def test_each_part_has_its_packages(self):
        for part in parts.parts(self.root):
            stem = f"libinterloop-{part.dashed}"
            self.assertIn(f"{stem}-dev", self.packages)
            self.assertEqual(part.compiled, stem + parts.series() in self.packages)
            # A user of the headers has the native library's.
            stanza = self.control.split(f"Package: {stem}-dev\n")[1].split("\nPackage:")[0]
            for package in [*part.debian, *(f"libinterloop-{need.replace('_', '-')}-dev" for need in part.needs)]:
                self.assertIn(package, stanza)

    def test_every_package_is_described_once_and_filled(self):
        described = re.findall(r"^Package: (.*)$", self.control, re.M)
        self.assertEqual(described, self.packages)
        self.assertEqual(len(set(described)), len(described))
        filled = {line.split()[0] for line in (self.root / "debian/components").read_text().splitlines()}
        self.assertEqual(filled, set(described))
        for line in self.control.splitlines():
            self.assertLessEqual(len(line), 80)

    def test_pythons_metadata_is_that_of_pyproject(self):
        metadata = (self.root / f"debian/interloop-{parts.version()}.dist-info/METADATA").read_text()
        self.assertIn(f"Name: interloop\nVersion: {parts.version()}\n", metadata)
        self.assertRegex(metadata, r'(?m)^Requires-Dist: twisted.*; extra == "twisted"$')

    def test_without_python_nothing_is_of_it(self):
        packages = debian.write(self.root, python=False)
        self.assertFalse([name for name in packages if "python" in name])
        self.assertNotIn("python", (self.root / "debian/control").read_text())


class Conan(unittest.TestCase):
    def test_has_what_cmake_adds(self):
        """A folder that a CMakeLists.txt only looks for is missing without an error."""
        recipe = (HERE.parent / "conan/conanfile.py").read_text()
        folders = set(re.findall(r'PROJECT_SOURCE_DIR}/([a-z_/]+)/(?:CMakeLists\.txt|new\.sh)"', "".join(
            (ROOT / name).read_text() for name in ("CMakeLists.txt", "cmake/InterloopInstall.cmake"))))
        self.assertLessEqual({"every_loop", "examples/starter", "inspect"}, folders)
        for folder in folders - {"python", "loops/python", "bench", "tests", "examples"}:
            self.assertIn(f'"{folder}/*"', recipe)

    def test_recipes_compile_and_copy_what_exists(self):
        for path in (HERE.parent / "conan").rglob("conanfile.py"):
            tree = ast.parse(path.read_text(), str(path))
            for node in ast.walk(tree):
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SOURCES":
                    for pattern in ast.literal_eval(node.value):
                        self.assertTrue((ROOT / pattern.removesuffix("/*")).exists(), pattern)


class Vcpkg(unittest.TestCase):
    IDENTIFIER = r"^[a-z0-9]+(-[a-z0-9]+)*$"

    def test_manifest_has_the_form_that_the_schema_requires(self):
        manifest = json.loads(json.dumps(vcpkg.manifest(ROOT)))
        self.assertEqual(manifest["version"], parts.version())
        self.assertEqual(set(manifest["features"]), {part.dashed for part in vcpkg.features(ROOT)})
        self.assertIn("wamp", manifest["features"])
        self.assertNotIn("stream", manifest["features"])  # internal: what it needs, wamp needs
        self.assertIn({"name": "openssl"}, manifest["features"]["wamp"]["dependencies"])
        self.assertIn({"name": "argon2"}, manifest["features"]["wamp"]["dependencies"])
        wanted = list(manifest["dependencies"])
        for name, feature in manifest["features"].items():
            self.assertRegex(name, self.IDENTIFIER)
            self.assertEqual(set(feature), {"description", "dependencies"})
            wanted += feature["dependencies"]
        for each in wanted:
            self.assertLessEqual(set(each), {"name", "host", "features"})
            for name in [each["name"], *each.get("features", [])]:
                self.assertRegex(name, self.IDENTIFIER)
            if each["name"] == "interloop":
                self.assertLessEqual(set(each["features"]), set(manifest["features"]))

    def test_portfile_sets_each_parts_option(self):
        text = vcpkg.portfile(ROOT, "https://example.org/interloop.tar.gz", "0" * 128)
        for part in vcpkg.features(ROOT):
            self.assertIn(f"    {part.dashed} INTERLOOP_WITH_{part.name.upper()}\n", text)
        self.assertIn("-DINTERLOOP_WITH_EVERY_LOOP=ON\n", text)
        self.assertNotIn("@", text)


if __name__ == "__main__":
    unittest.main()
