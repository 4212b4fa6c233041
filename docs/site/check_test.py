# SPDX-License-Identifier: MIT
"""Tests that check_site.py notices what is missing from the site that was built, and of what the pages take for a link.

Usage: build/docs/venv/bin/python docs/site/check_test.py
"""

import unittest

import check_site
import pages
from public import OUT

SITE = (OUT / "site").resolve()


class CheckTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.read = check_site.read(SITE)

    def setUp(self) -> None:
        self.pages = dict(self.read)

    def problems_without(self, page: str, name: str) -> list[str]:
        ids = self.pages[SITE / page].ids
        self.assertIn(name, ids)
        self.pages[SITE / page] = check_site.Page("")
        self.pages[SITE / page].ids = [one for one in ids if one != name]
        return check_site.missing_names(SITE, self.pages)

    def test_nothing_is_missing(self) -> None:
        self.assertEqual(check_site.check(SITE), [])

    def test_a_cpp_function_that_is_missing_is_noticed(self) -> None:
        problems = self.problems_without("reference/cpp/timeout.html", "interloop::with_timeout")
        self.assertEqual(len(problems), 1, problems)

    def test_a_member_that_is_missing_is_noticed(self) -> None:
        problems = self.problems_without("reference/cpp/loop.html", "interloop::loop::closed")
        self.assertEqual(len(problems), 1, problems)

    def test_a_python_name_that_is_missing_is_noticed(self) -> None:
        problems = self.problems_without("reference/python/interloop.crochet.html", "interloop.crochet.EventualResult.wait")
        self.assertEqual(len(problems), 1, problems)

    def test_a_page_that_is_missing_is_noticed(self) -> None:
        del self.pages[SITE / "reference/cpp/mutex.html"]
        self.assertIn("interloop::mutex: its header <interloop/mutex.hpp> has no page", check_site.missing_names(SITE, self.pages))

    def test_code_that_looks_like_a_link_is_none(self) -> None:
        line = "call `f([x](int) {})`, see [`g`](g.md) and ![a picture](g.svg), not `[y](z)`"
        self.assertEqual([link[3] for link in pages.links(line)], ["g.md", "g.svg"])

    def test_names_of_every_kind_are_looked_for(self) -> None:
        names = check_site.cpp_names()
        for name in (
            "interloop::future", "interloop::loop::call_soon", "interloop::interest::read", "interloop::time_point",
            "interloop::redis::client", "interloop::logger", "INTERLOOP_VERSION", "interloop::use_libuv",
        ):  # fmt: skip
            self.assertIn(name, names)
        for name in ("interloop::detail::keep", "interloop::loop::ready_"):
            self.assertNotIn(name, names)
        python = check_site.python_names()
        self.assertIn(("interloop.txaio", "create_future"), python)
        self.assertIn(("interloop.pytest_plugin", "Loop.run"), python)
        self.assertNotIn(("interloop.txaio", "_Api"), python)


if __name__ == "__main__":
    unittest.main()
