# SPDX-License-Identifier: MIT
"""Tests of the checks: each finds what it is meant to find, and accepts what is right."""

import sys
import tempfile
import unittest
from pathlib import Path

import check_docs
import check_files
import check_layers
import check_picture

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs/site"))
import check_site
import contracts
import declarations


class ChecksTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, name: str, *lines: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(line + "\n" for line in lines))

    def header(self, room: str, name: str, *includes: str) -> None:
        self.write(f"core/{room}/include/interloop/{name}.hpp", *(f"#include <{include}>" for include in includes))

    def assert_one_problem(self, problems: list[str], words: str) -> None:
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(words, problems[0])

    def layers(self) -> list[str]:
        return check_layers.check(self.root)

    def docs(self, fix: bool = False) -> list[str]:
        return check_docs.check(self.root, fix)

    # check_layers

    def rooms(self) -> None:
        self.write("core/rooms.txt", "# lowest first", "base  errors", "loop  the turn", "future  futures")

    def test_includes_that_point_downward_pass(self) -> None:
        self.rooms()
        self.header("base", "error")
        self.header("loop", "detail/state", "interloop/error.hpp")
        self.header("loop", "loop", "interloop/error.hpp")
        self.header("future", "future", "interloop/loop.hpp", "interloop/detail/state.hpp", "vector")
        self.write("core/loop/loop.cpp", "#include <interloop/loop.hpp>")
        self.write("loops/uv/include/interloop/adapters/uv.hpp", "#include <interloop/future.hpp>")
        self.write("loops/uv/uv.cpp", "#include <interloop/adapters/uv.hpp>", "#include <uv.h>")
        self.assertEqual(self.layers(), [])

    def test_an_upward_include_is_found(self) -> None:
        self.rooms()
        self.header("future", "future")
        self.header("loop", "loop", "interloop/future.hpp")
        self.assert_one_problem(self.layers(), "loop.hpp: may not include <interloop/future.hpp>, which is in the higher room")

    def test_an_upward_include_in_a_source_is_found(self) -> None:
        self.rooms()
        self.header("future", "future")
        self.header("base", "error")
        self.write("core/base/error.cpp", "#include <interloop/error.hpp>", "#include <interloop/future.hpp>")
        self.assert_one_problem(self.layers(), "error.cpp: may not include")

    def test_a_core_that_includes_an_adapter_is_found(self) -> None:
        self.rooms()
        self.write("loops/uv/include/interloop/adapters/uv.hpp")
        self.write("core/loop/loop.cpp", '#include "interloop/adapters/uv.hpp"')
        self.assert_one_problem(self.layers(), "loop.cpp: is in the core and includes")

    def test_a_room_without_a_line_is_found(self) -> None:
        self.rooms()
        self.header("attic", "novelty")
        self.assert_one_problem(self.layers(), "core/attic: is not in core/rooms.txt")

    def test_an_include_cycle_is_found(self) -> None:
        self.rooms()
        self.header("future", "future", "interloop/coroutine.hpp")
        self.header("future", "coroutine", "interloop/future.hpp")
        self.assert_one_problem(self.layers(), "coroutine -> future -> coroutine")

    def loop(self) -> None:
        self.rooms()
        self.write("loops/libuv/CMakeLists.txt")
        self.write("loops/libuv/native_headers.txt", r"uv\.h")

    def test_a_loop_named_outside_its_folder_is_found(self) -> None:
        self.loop()
        self.write("core/loop/loop.cpp", "// Not as libuv does it.")
        self.write("loops/libuv/libuv.cpp", "int libuv_thing;")
        self.assertEqual(self.layers(), [])
        self.write("core/loop/loop.cpp", "// Not as libuv does it.", "int use_libuv();")
        self.assert_one_problem(self.layers(), "loop.cpp: names libuv (line 2")

    def test_native_headers_outside_their_folder_are_found(self) -> None:
        self.loop()
        self.write("loops/libuv/libuv.cpp", "#include <uv.h>")
        self.write("core/loop/loop.cpp", "#include <uv.h>")
        self.assert_one_problem(self.layers(), "includes <uv.h>, which only loops/libuv may")

    def test_a_loop_without_its_row_in_the_readme_is_found(self) -> None:
        self.loop()
        self.write("README.md", "| libuv | [page](loops/libuv/README.md) |")
        self.assertEqual(self.layers(), [])
        self.write("README.md", "no table")
        self.assert_one_problem(self.layers(), "has no row for libuv")

    def test_a_picture_of_other_rooms_is_found_and_drawn(self) -> None:
        self.rooms()
        self.header("base", "error")
        self.write("docs/architecture.md", "<!-- drawn: rooms -->", "```text", "```", "More.")
        self.assert_one_problem(self.layers(), "shows other rooms")
        check_layers.check(self.root, fix=True)
        self.assertIn("0  base         error\n```\nMore.", (self.root / "docs/architecture.md").read_text())
        self.assertEqual(self.layers(), [])

    def test_detail_included_from_outside_is_found(self) -> None:
        self.rooms()
        self.header("base", "detail/state")
        self.write("examples/x.cpp", "#include <interloop/detail/state.hpp>")
        self.write("core/base/tests/state_test.cpp", "#include <interloop/detail/state.hpp>")
        self.assert_one_problem(self.layers(), "detail/ is for the library itself")

    def test_a_source_that_does_not_start_with_its_own_header_is_found(self) -> None:
        self.rooms()
        self.header("base", "error")
        self.write("core/base/error.cpp", "#include <string>", "#include <interloop/error.hpp>")
        self.assert_one_problem(self.layers(), "before anything else")

    def test_an_include_of_a_missing_file_is_found(self) -> None:
        self.rooms()
        self.header("base", "error", "interloop/eror.hpp")
        self.assert_one_problem(self.layers(), "does not exist")

    # check_files

    def test_a_file_without_its_licence_line_is_found(self) -> None:
        line = "// " + check_files.LICENCE
        self.assertEqual(check_files.check_file(Path("a.cpp"), f"// expect: x\n{line}\n"), [])
        self.assertEqual(check_files.check_file(Path("a.txt"), "anything"), [])
        self.assert_one_problem(check_files.check_file(Path("a.cpp"), "int x;\n"), "first three lines")
        self.assert_one_problem(check_files.check_file(Path("a.cpp"), f"{line}\n{line}\n"), "once")

    def test_unfinished_text_is_found(self) -> None:
        self.assert_one_problem(check_files.check_file(Path("a.txt"), "x\n" + "TO" + "DO later\n"), "a.txt:2")

    def test_a_long_readme_is_found(self) -> None:
        self.assertEqual(check_files.check_file(Path("README.md"), "x\n" * 199), [])
        self.assert_one_problem(check_files.check_file(Path("README.md"), "x\n" * 200), "200 lines")

    # check_docs

    def test_a_block_that_differs_is_found_and_fixed(self) -> None:
        self.write("x.cpp", "int a;", "    // [part]", "    int b;", "    // [/part]")
        self.write("README.md", "Text.", "", "<!-- from: x.cpp#part -->", "```cpp", "int old;", "```", "More.")
        self.assert_one_problem(self.docs(), "README.md:3: differs from x.cpp#part")
        self.assertEqual(self.docs(fix=True), [])
        self.assertIn("```cpp\nint b;\n```\nMore.", (self.root / "README.md").read_text())
        self.assertEqual(self.docs(), [])

    def test_a_block_without_an_anchor_is_the_whole_file(self) -> None:
        self.write("x.py", "# [part]", "a = 1", "# [/part]")
        self.write("docs/guide.md", "<!-- from: x.py -->", "```python", "a = 1", "```")
        self.assertEqual(self.docs(), [])

    def test_a_reference_that_leads_nowhere_is_found(self) -> None:
        self.write("README.md", "<!-- from: gone.cpp -->", "```cpp", "```")
        self.assert_one_problem(self.docs(), "gone.cpp does not exist")
        self.write("gone.cpp", "// [part]")
        self.write("README.md", "<!-- from: gone.cpp#part -->", "```cpp", "```")
        self.assert_one_problem(self.docs(), "after it, one '// [/part]'")

    def test_a_comment_without_its_block_is_found(self) -> None:
        self.write("README.md", "<!-- from: x.cpp -->", "Text.")
        self.assert_one_problem(self.docs(), "right before a fenced block")

    def test_a_picture_that_lacks_a_room_or_a_loop_is_drawn_anew(self) -> None:
        self.write("core/rooms.txt", "# rooms", "base  errors")
        self.write("docs/guide.md", "# Guide")
        self.write("loops/one/README.md", "# One & Only")
        self.assert_one_problem(check_picture.check(self.root), "architecture.svg")
        self.assertEqual(check_picture.check(self.root, fix=True), [])
        self.assertEqual(check_picture.check(self.root), [])
        self.assertIn(">One &amp; Only<", (self.root / "docs/architecture.svg").read_text())
        self.write("loops/two/README.md", "# Two")
        self.assert_one_problem(check_picture.check(self.root), "architecture.svg")
        check_picture.check(self.root, fix=True)
        self.write("core/rooms.txt", "base  errors", "attic  everything else")
        self.assert_one_problem(check_picture.check(self.root), "architecture.svg")

    def links(self) -> list[str]:
        site = self.root.resolve()
        return check_site.dead_links(site, check_site.read(site))

    def test_a_link_on_the_site_must_lead_to_a_page_and_an_anchor(self) -> None:
        self.write("b/two.html", '<h2 id="here">Two</h2><a href="../one.html">back</a>')
        self.write("one.html", '<a href="b/two.html#here">two</a><a href="https://example.org/x">x</a><a href="#">top</a>')
        self.assertEqual(self.links(), [])
        self.write("one.html", '<a href="b/three.html">three</a>')
        self.assert_one_problem(self.links(), "no such file")
        self.write("one.html", '<a href="b/two.html#there">two</a>')
        self.assert_one_problem(self.links(), "no such anchor")
        self.write("one.html", '<img src="picture.svg">')
        self.assert_one_problem(self.links(), "no such file")

    def test_an_id_on_the_site_is_there_once(self) -> None:
        self.write("one.html", '<h2 id="a::b">b</h2><h2 id="a::c">c</h2>')
        site = self.root.resolve()
        self.assertEqual(check_site.repeated_ids(site, check_site.read(site)), [])
        self.write("one.html", '<h2 id="a::b">b</h2><h2 id="a::b">b</h2>')
        self.assert_one_problem(check_site.repeated_ids(site, check_site.read(site)), "a::b")

    def test_the_reference_ends_a_parameter_where_its_indentation_ends(self) -> None:
        header = ["/// Waits.", "/// \\param f  a future,", "///           pending", "/// In the loop's thread.", "void wait();"]
        self.assertEqual(contracts.paragraphs(header), [*header[:3], "///", *header[3:]])
        listing = ["/// - one", "///   more", "/// - two", "/// After it."]
        self.assertEqual(contracts.paragraphs(listing), [*listing[:3], "///", listing[3]])

    def declared(self, text: str, line: int, whole: bool = False) -> str:
        return declarations.declaration(text.splitlines(), line, whole).text

    def test_the_reference_shows_declarations_without_bodies(self) -> None:
        self.assertEqual(self.declared("/// x\ntemplate <class T>\nT f(T a = {}) const {\n  g();\n}", 3), "template <class T>\nT f(T a = {}) const;")
        self.assertEqual(self.declared("  int a();\n  explicit c(int x) noexcept : x_(x) {}\n  int b();", 2), "explicit c(int x) noexcept;")
        self.assertEqual(self.declared("inline constexpr tag_t tag{};", 1, True), "inline constexpr tag_t tag{};")
        self.assertEqual(self.declared("enum class e {\n  a,  // one\n  b\n};", 1, True), "enum class e {\n  a,  // one\n  b\n};")
        self.assertEqual(self.declared('f x(std::string s = "a;{") noexcept { return {}; }', 1), 'f x(std::string s = "a;{") noexcept;')
        constrained = "template <class T>\n  requires requires(T t) { t.x(); }\nvoid f(T t)"
        self.assertEqual(self.declared(constrained + " {}", 3), constrained + ";")
        self.assertEqual(self.declared("int a;  // one\nint b;  ///< two", 1, True), "int a;  // one")
        self.assertEqual(self.declared("int a;  // one\nint b;  ///< two", 2, True), "int b;")
        constrained = "template <class T>\n  requires(f<T>())\nvoid g(T t)"
        self.assertEqual(self.declared(constrained + " {\n  h();\n}\nvoid h();", 3), constrained + ";")


if __name__ == "__main__":
    unittest.main()
